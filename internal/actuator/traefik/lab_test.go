package traefik_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/traefik"
	"github.com/slo-engine/slo-engine/test/lab"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const within = 30 * time.Second

// world is a real Traefik in front of servers that answer their names.
type world struct {
	*lab.Traefik
	t      testing.TB // that it lasts as long as
	client *http.Client
	v      map[string]string // URLs of the servers by name
}

func newWorld(t testing.TB, providers string) *world {
	t.Helper()
	w := &world{t: t, v: map[string]string{}, client: &http.Client{Timeout: within, Transport: &http.Transport{DisableKeepAlives: true}}}
	for _, name := range []string{"v1", "v2", "v3"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
		t.Cleanup(s.Close)
		w.v[name] = s.URL
	}
	w.Traefik = lab.StartTraefik(t, providers)
	return w
}

// actions are what the suite does: at least one of each kind, and another shift.
func actions(provider string) []actuator.Action {
	return []actuator.Action{
		{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5},
		{Kind: actuator.Shift, From: "v2", Share: 0.6},
		{Kind: actuator.Eject, Member: "v2"},
		{Kind: actuator.Drain, Member: "v2"},
		{Kind: actuator.CloseRoute, Route: "pay@" + provider},
		{Kind: actuator.RateLimit, Route: "list@" + provider, PerSecond: 5},
		{Kind: actuator.Breaker, Dependency: "inventory@" + provider},
	}
}

func missing(provider string) []actuator.Action {
	return []actuator.Action{
		{Kind: actuator.Eject, Member: "v9"}, {Kind: actuator.Eject}, {Kind: actuator.Shift, To: "v1", Share: 1},
		{Kind: actuator.CloseRoute}, {Kind: actuator.CloseRoute, Route: "pay"}, {Kind: actuator.CloseRoute, Route: "nobody@" + provider},
		{Kind: actuator.CloseRoute, Route: "a/../b@" + provider}, {Kind: actuator.Breaker, Dependency: "nobody@" + provider},
		{Kind: actuator.Breaker, Dependency: "unused@" + provider},
	}
}

// effect is what traffic shows of an action.
func (w *world) effect(ctx context.Context, a actuator.Action) (bool, error) {
	const n = 60
	path := "/"
	switch a.Kind {
	case actuator.CloseRoute:
		path = "/pay"
	case actuator.RateLimit:
		path = "/list"
	case actuator.Breaker:
		path = "/inventory/stock"
	}
	seen, err := w.answers(ctx, path, n)
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

// answers counts what a number of requests got: a server's name, or a status.
func (w *world) answers(ctx context.Context, path string, n int) (map[string]int, error) {
	seen := map[string]int{}
	for range n {
		status, body, err := w.get(ctx, "http://"+w.Addr+path)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			body = fmt.Append(nil, status)
		}
		seen[string(body)]++
	}
	return seen, nil
}

func (w *world) get(ctx context.Context, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// shows waits until Traefik itself says that v2 has a weight, and has as many
// routers of ours.
func (w *world) shows(t testing.TB, provider string, weight, ours int) {
	t.Helper()
	lab.Eventually(t, within, func() error {
		var service struct {
			Weighted struct {
				Services []struct {
					Name   string
					Weight int
				}
			}
		}
		if err := w.api(t.Context(), "services/checkout@"+provider, &service); err != nil {
			return err
		}
		for _, one := range service.Weighted.Services {
			if strings.HasPrefix(one.Name, "v2") && one.Weight != weight {
				return fmt.Errorf("v2 has the weight %d, want %d", one.Weight, weight)
			}
		}
		var routers []struct{ Name string }
		if err := w.api(t.Context(), "routers?search=slo-", &routers); err != nil {
			return err
		}
		if len(routers) != ours {
			return fmt.Errorf("%d routers of ours, want %d: %v", len(routers), ours, routers)
		}
		return nil
	})
}

func (w *world) api(ctx context.Context, path string, into any) error {
	status, body, err := w.get(ctx, w.API+"/api/http/"+path)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, status, body)
	}
	return errors.Join(err, json.Unmarshal(body, into))
}

// targetOf is the target of an action.
func targetOf(a actuator.Action, provider string) string {
	switch a.Kind {
	case actuator.CloseRoute, actuator.RateLimit:
		return "router " + a.Route
	case actuator.Breaker:
		return "dependency " + a.Dependency
	}
	return "service checkout@" + provider
}

// adapter makes one that New finds nothing wrong with.
func adapter(t testing.TB, c traefik.Config, o traefik.Options) actuator.Actuator {
	t.Helper()
	a, err := traefik.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
