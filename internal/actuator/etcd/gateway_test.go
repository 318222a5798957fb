package etcd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/test/lab"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// edge is a gateway as a user would write one: a reverse proxy that goes by the
// keys below a prefix, as the package's documentation has them.
type edge struct {
	t      testing.TB
	prefix string
	client *clientv3.Client
	server *httptest.Server
	pools  map[string]*httputil.ReverseProxy // by the names of members

	mu       sync.Mutex
	entries  map[string]entry // by keys without the prefix
	revision int64            // of the newest that is in force here
	requests int
	rates    map[string]*second
}

type entry struct {
	raw      []byte
	revision int64
}

// second counts the requests of one second.
type second struct {
	at int64
	n  float64
}

// dial is a client of etcd that ends with the test.
func dial(t testing.TB, url string) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{url}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// startEdge starts it in front of servers that answer their names.
func startEdge(t testing.TB, etcd, prefix string) *edge {
	t.Helper()
	g := &edge{t: t, prefix: prefix, client: dial(t, etcd), pools: map[string]*httputil.ReverseProxy{}, entries: map[string]entry{}, rates: map[string]*second{}}
	for _, name := range []string{"v1", "v2", "v3"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, name) }))
		t.Cleanup(s.Close)
		to, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		g.pools[name] = &httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
			Transport: &http.Transport{DisableKeepAlives: true},
		}
	}
	g.server = httptest.NewServer(g)
	t.Cleanup(g.server.Close)
	g.follow(t)
	return g
}

// put is a person's write, which is in force when it returns.
func (g *edge) put(t testing.TB, key, text string) {
	t.Helper()
	resp, err := g.client.Put(t.Context(), g.prefix+"/"+key, text)
	if err != nil {
		t.Fatal(err)
	}
	g.await(t, resp.Header.Revision)
}

func (g *edge) await(t testing.TB, revision int64) {
	t.Helper()
	lab.Eventually(t, within, func() error {
		if at := g.at(); at < revision {
			return fmt.Errorf("the gateway is at revision %d, and not at %d", at, revision)
		}
		return nil
	})
}

func (g *edge) at() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.revision
}

// follow reads what there is, and all that comes, until the test ends.
func (g *edge) follow(t testing.TB) {
	t.Helper()
	all, err := g.client.Get(t.Context(), g.prefix+"/", clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range all.Kvs {
		g.entries[strings.TrimPrefix(string(kv.Key), g.prefix+"/")] = entry{kv.Value, kv.ModRevision}
	}
	g.revision = all.Header.Revision
	ctx, cancel := context.WithCancel(context.Background())
	changes := g.client.Watch(ctx, g.prefix+"/", clientv3.WithPrefix(), clientv3.WithRev(g.revision+1))
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.report(ctx, g.revision)
		for change := range changes {
			if g.take(change) {
				g.report(ctx, change.Header.Revision)
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// take takes a change over, and says whether it was one of the configuration.
func (g *edge) take(change clientv3.WatchResponse) (ours bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, event := range change.Events {
		key := strings.TrimPrefix(string(event.Kv.Key), g.prefix+"/")
		if strings.HasPrefix(key, "node/") {
			continue
		}
		ours = true
		g.entries[key] = entry{event.Kv.Value, event.Kv.ModRevision}
		if event.Type == clientv3.EventTypeDelete {
			delete(g.entries, key)
		}
	}
	g.revision = max(g.revision, change.Header.Revision)
	return ours
}

// report says how far this node is, until etcd has it.
func (g *edge) report(ctx context.Context, revision int64) {
	for ctx.Err() == nil {
		soon, cancel := context.WithTimeout(ctx, time.Second)
		_, err := g.client.Put(soon, g.prefix+"/node/one", fmt.Sprintf(`{"revision": %d}`, revision))
		cancel()
		if err == nil {
			return
		}
	}
}

// inForce is what stands at an object: the overlay, by the three rules, or the
// document. Empty: neither.
func (g *edge) inForce(object string) string {
	document := g.entries[object]
	over, there := g.entries["overlay/"+object]
	var o struct {
		Over    int64
		Expires time.Time `json:"expires_at"`
		Value   json.RawMessage
	}
	if there && json.Unmarshal(over.raw, &o) == nil && o.Over == document.revision && (o.Expires.IsZero() || time.Now().Before(o.Expires)) {
		return string(o.Value)
	}
	return string(document.raw)
}

// look is all that is in force.
func (g *edge) look(context.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := map[string]bool{}
	for key := range g.entries {
		object := strings.TrimPrefix(key, "overlay/")
		kind, _, _ := strings.Cut(object, "/")
		if text := g.inForce(object); text != "" && slices.Contains([]string{"weights", "route", "rate", "dependency"}, kind) {
			seen[object+" "+text] = true
		}
	}
	lines := make([]string, 0, len(seen))
	for line := range seen {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}

// ServeHTTP answers by itself, or passes on to a member.
func (g *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, member := g.decide(strings.TrimPrefix(r.URL.Path, "/"))
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	g.pools[member].ServeHTTP(w, r)
}

func (g *edge) decide(route string) (status int, member string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, object := range []string{"route/" + route, "dependency/" + route} {
		var s struct {
			State, Breaker string
			Status         int
		}
		if json.Unmarshal([]byte(g.inForce(object)), &s) == nil && (s.State == "closed" || s.Breaker == "open") {
			return s.Status, ""
		}
	}
	if limit, err := strconv.ParseFloat(g.inForce("rate/"+route), 64); err == nil && g.count(route) > limit {
		return http.StatusTooManyRequests, ""
	}
	var weights map[string]int
	if err := json.Unmarshal([]byte(g.inForce("weights/checkout")), &weights); err != nil {
		return http.StatusInternalServerError, ""
	}
	return 0, g.pick(weights)
}

func (g *edge) count(route string) float64 {
	now := time.Now().Unix()
	if s := g.rates[route]; s == nil || s.at != now {
		g.rates[route] = &second{at: now}
	}
	g.rates[route].n++
	return g.rates[route].n
}

// pick spreads requests evenly, whatever the weights are multiples of.
func (g *edge) pick(weights map[string]int) string {
	names, sum := []string{}, 0
	for name, weight := range weights {
		names, sum = append(names, name), sum+weight
	}
	slices.Sort(names)
	g.requests++
	turn := int(float64(g.requests)*0.6180339887498949*float64(sum)) % max(sum, 1)
	for _, name := range names {
		if turn -= weights[name]; turn < 0 {
			return name
		}
	}
	return names[0]
}

// answers counts what a number of requests got: a member's name, or a status.
func (g *edge) answers(ctx context.Context, route string, n int) (map[string]int, error) {
	seen := map[string]int{}
	for range n {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.server.URL+"/"+route, nil)
		if err != nil {
			return nil, err
		}
		resp, err := g.server.Client().Do(req)
		if err != nil {
			return nil, err
		}
		body := make([]byte, 10)
		k, _ := resp.Body.Read(body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			body, k = strconv.AppendInt(nil, int64(resp.StatusCode), 10), 3
		}
		seen[string(body[:k])]++
	}
	return seen, nil
}

// effect is what traffic shows of an action.
func (g *edge) effect(ctx context.Context, a actuator.Action) (bool, error) {
	const n = 60
	route := a.Route + a.Dependency
	seen, err := g.answers(ctx, route, n)
	switch a.Kind {
	case actuator.Shift:
		return seen[a.From] < n/4, err // a third before
	case actuator.Eject, actuator.Drain:
		return seen[a.Member] == 0, err
	case actuator.RateLimit:
		return seen["429"] > 0, err
	}
	return seen["503"] == n, err
}

// disturb is a person who writes what an action is about.
func (g *edge) disturb(t testing.TB, a actuator.Action) {
	switch a.Kind {
	case actuator.RateLimit:
		g.put(t, "rate/list", "77")
	case actuator.CloseRoute:
		g.put(t, "route/pay", `{"state": "closed", "status": 404}`)
	case actuator.Breaker:
		g.put(t, "dependency/inventory", `{"breaker": "open", "status": 404}`)
	default:
		g.put(t, "weights/checkout", `{"v1": 7, "v2": 5, "v3": 1}`)
	}
}
