package embedded

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/prometheus/common/route"
)

// maxBody bounds a request, in bytes: room for thousands of alerts.
const maxBody = 16 << 20

// Handler serves API v2 and the health pages beneath the route prefix, changes
// included; the caller decides who may reach it. Until Start and after Stop it
// answers 503.
func (a *Alertmanager) Handler() http.Handler { return a.handler }

func (a *Alertmanager) newHandler() http.Handler {
	ok := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "OK") }
	router := route.New()
	if a.opts.RoutePrefix != "/" {
		router = router.WithPrefix(a.opts.RoutePrefix)
	}
	for _, page := range []string{"/-/healthy", "/-/ready"} {
		router.Get(page, ok)
		router.Head(page, ok)
	}
	mux := a.api.Register(router, a.opts.RoutePrefix)
	return a.whileRunning(a.durably(mux))
}

// whileRunning keeps requests from parts that Start has still to make. Healthy
// is about the process and is answered always.
func (a *Alertmanager) whileRunning(next http.Handler) http.Handler {
	healthy := strings.TrimSuffix(a.opts.RoutePrefix, "/") + "/-/healthy"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.running.Load() && r.URL.Path != healthy {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "alertmanager is not running", http.StatusServiceUnavailable)
			return
		}
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		next.ServeHTTP(w, r)
	})
}

// durably answers a call that changed the silences only when the change is on
// disk: a silence that a crash forgets pages the person who set it.
func (a *Alertmanager) durably(next http.Handler) http.Handler {
	silences := strings.TrimSuffix(a.opts.RoutePrefix, "/") + "/api/v2/silence"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead || !strings.HasPrefix(r.URL.Path, silences) {
			next.ServeHTTP(w, r)
			return
		}
		answer := &heldAnswer{header: http.Header{}, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		if answer.status/100 == 2 {
			if err := a.silenceFile.save(); err != nil {
				a.opts.Logger.Error("cannot save silences", "err", err)
				http.Error(w, fmt.Sprintf("the change is in force but would not survive a restart: %v; mend the data folder and repeat the call", err),
					http.StatusInternalServerError)
				return
			}
		}
		answer.release(w)
	})
}

// heldAnswer keeps an answer until it may be given.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is that of the answer to come.
func (h *heldAnswer) Header() http.Header { return h.header }

// WriteHeader keeps the status.
func (h *heldAnswer) WriteHeader(status int) { h.status = status }

// Write keeps the body.
func (h *heldAnswer) Write(b []byte) (int, error) { return h.body.Write(b) }

func (h *heldAnswer) release(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	w.WriteHeader(h.status)
	// A client that is gone needs no answer.
	_, _ = w.Write(h.body.Bytes())
}
