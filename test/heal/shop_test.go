package heal

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// A shop is some lanes behind one HAProxy: each has a backend with two servers,
// v1, which gets little, and v2, which can break.
type shop struct {
	*testing.T
	*lab.HAProxy
	door  *door // between the engines and HAProxy's socket
	lanes []*lane

	mu     sync.Mutex
	broken map[string]bool // lane by name
}

// lane is a service of the shop.
type lane struct {
	name string
	at   string // the address of its pages

	mu     sync.Mutex
	counts map[[2]string]float64 // by version and code, since the start
	// since is when the lane was broken last; bad is its last bad answer.
	since, bad time.Time
}

func newShop(t *testing.T, lanes int) *shop {
	s := &shop{T: t, broken: map[string]bool{}}
	var servers [2]string
	for i, version := range []string{"v1", "v2"} {
		server := httptest.NewServer(s.version(version))
		t.Cleanup(server.Close)
		servers[i] = server.Listener.Addr().String()
	}
	for i := range lanes {
		s.lanes = append(s.lanes, &lane{name: fmt.Sprintf("c%d", i), counts: map[[2]string]float64{}})
	}
	s.HAProxy = lab.StartHAProxy(t, func(addr, _ string) string { return s.config(addr, servers) })
	for _, l := range s.lanes {
		l.at = "http://" + s.Addr + "/" + l.name
	}
	s.door = openDoor(t, s.Dir, s.Socket)
	return s
}

func (s *shop) config(addr string, servers [2]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "frontend www\n  bind %s\n", addr)
	for _, l := range s.lanes {
		fmt.Fprintf(&b, "  use_backend %s if { path /%[1]s }\n", l.name)
	}
	for _, l := range s.lanes {
		fmt.Fprintf(&b, "backend %s\n  balance roundrobin\n  server v1 %s weight 1\n  server v2 %s weight 255\n", l.name, servers[0], servers[1])
	}
	return b.String()
}

// version answers as one; v2 fails where a lane is broken.
func (s *shop) version(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", name)
		s.mu.Lock()
		fails := name == "v2" && s.broken[strings.Trim(r.URL.Path, "/")]
		s.mu.Unlock()
		if fails {
			http.Error(w, "broken", http.StatusServiceUnavailable)
		}
	})
}

// shatter breaks a lane's v2, and mend mends it.
func (s *shop) shatter(l *lane) {
	s.set(l, true)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since, l.bad = time.Now(), time.Time{}
}

func (s *shop) mend(l *lane) { s.set(l, false) }

func (s *shop) set(l *lane, broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[l.name] = broken
}

// visit asks a lane for a page, and counts the answer.
func (l *lane) visit(t *testing.T) {
	response, err := client.Get(l.at)
	if err != nil {
		t.Errorf("visit %s: %v", l.name, err)
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[[2]string{response.Header.Get("X-Version"), fmt.Sprint(response.StatusCode)}]++
	if response.StatusCode >= 500 {
		l.bad = time.Now()
	}
}

// healed is how long after the break the last bad answer came.
func (l *lane) healed() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bad.Sub(l.since)
}

// calm reports whether no answer was bad for a while.
func (l *lane) calm(since time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.bad) > since
}

// weights are those of a lane's servers, as HAProxy has them.
func (s *shop) weights(l *lane) string {
	var list []string
	for _, server := range []string{"v1", "v2"} {
		answer, err := say(s.Socket, fmt.Sprintf("get weight %s/%s", l.name, server))
		if err != nil {
			s.Fatal(err)
		}
		weight, _, _ := strings.Cut(answer, " ")
		list = append(list, server+"="+weight)
	}
	return strings.Join(list, " ")
}

// before is how the weights are while nobody has touched them.
const before = "v1=1 v2=255"
