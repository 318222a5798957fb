package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/auth/authtest"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/lab"
)

// engine is the engine's API over TLS, on an address that outlives it.
type engine struct {
	url      string
	caBundle []byte
	client   *http.Client
	token    string // of an operator; empty: everyone is one

	desk   *desk // nil: it decides by itself
	tls    *tls.Config
	server *httptest.Server
}

func startEngine(t *testing.T) *engine {
	t.Helper()
	authority := authtest.NewAuthority(t, t.TempDir(), "authority")
	certFile, keyFile := authority.Issue(t, t.TempDir(), "engine")
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{desk: &desk{}, tls: &tls.Config{Certificates: []tls.Certificate{certificate}}}
	if e.caBundle, err = os.ReadFile(authority.File); err != nil {
		t.Fatal(err)
	}
	e.start(t, "127.0.0.1:0")
	e.url, e.client = "https://"+e.server.Listener.Addr().String(), e.server.Client()
	t.Cleanup(func() { e.stop() })
	return e
}

func (e *engine) start(t *testing.T, addr string) {
	t.Helper()
	e.server = httptest.NewUnstartedServer(api.New(api.Options{Gates: e.desk}))
	e.server.Listener.Close()
	lab.Eventually(t, patience, func() (err error) {
		e.server.Listener, err = net.Listen("tcp", addr)
		return err
	})
	e.server.TLS = e.tls.Clone()
	e.server.StartTLS()
}

func (e *engine) stop() { e.server.Close() }

// breakGlass does as an operator does.
func (e *engine) breakGlass(t *testing.T, service string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"service": service, "reason": "the fix of the outage itself", "for": "5m"})
	if err != nil {
		t.Fatal(err)
	}
	question, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.url+"/api/v1/gate/glass", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	question.Header.Set("Content-Type", "application/json")
	if e.token != "" {
		question.Header.Set("Authorization", "Bearer "+e.token)
	}
	answer, err := e.client.Do(question)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		t.Fatalf("break glass: %s", answer.Status)
	}
}

// desk decides in earnest, with budgets that the test makes up: the name of a
// service says what its gate says.
type desk struct {
	api.Gates // the rest is not asked for

	mu      sync.Mutex
	glasses map[string]gate.Glass // by service
	asked   []gate.Request
	unknown slo.GateDecision // what unknown means; empty: allow
}

// remaining is what is left of the budgets.
var remaining = map[string]float64{"allowed": 0.8, "held": 0.2, "denied": -0.4}

// Ask implements api.Gates.
func (d *desk) Ask(_ context.Context, r gate.Request) gate.Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, r)
	r.Now = time.Now()
	p := slo.DefaultGatePolicy()
	p.Name, p.Budget.Hold = "shop", &slo.GateLevel{Below: 0.25, ResumeAbove: 0.3}
	if d.unknown != "" {
		p.IfUnknown = d.unknown
	}
	e := gate.Evidence{At: r.Now}
	if left, ok := remaining[r.Service]; ok {
		spent := 0.0
		e.Budgets = []gate.Budget{{
			ID: r.Service + ":availability", Service: r.Service, SLO: "availability", State: "ok",
			Remaining: &left, ConsumedIn1h: &spent, Coverage: 1, LastSample: r.Now,
		}}
	}
	if g, ok := d.glasses[r.Service]; ok {
		e.Glass = &g
	}
	v := gate.Decide(p, r, e, func(string, slo.GateDecision) bool { return false })
	v.ID = "of-" + r.Service
	return v
}

// BreakGlass implements api.Gates.
func (d *desk) BreakGlass(_ context.Context, g gate.Glass) (gate.Glass, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g.ID, g.At = "glass", time.Now()
	d.glasses = map[string]gate.Glass{g.Service: g}
	return g, nil
}

// Policies implements api.Gates.
func (d *desk) Policies() []*slo.GatePolicy { return nil }

// last is what was asked last.
func (d *desk) last() gate.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.asked) == 0 {
		return gate.Request{}
	}
	return d.asked[len(d.asked)-1]
}

// means says what unknown means from now on.
func (d *desk) means(unknown slo.GateDecision) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unknown = unknown
}
