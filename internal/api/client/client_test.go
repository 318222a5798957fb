package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// engineServer is the real API over one SLO with two groups.
func engineServer(t *testing.T, prefix string) *httptest.Server {
	t.Helper()
	objective, err := slo.ParseObjective("99%")
	if err != nil {
		t.Fatal(err)
	}
	spec := &slo.Spec{
		Service: "shop", Name: "pay", Objective: objective, Labels: map[string]string{"team": "a&b=c"},
		Window: slo.Window{Rolling: 24 * time.Hour}, SLI: slo.SLI{Ratio: &slo.Ratio{Total: "t", Bad: "b"}},
	}
	remaining := 0.5
	instance := func(id, route string, state engine.State) *engine.Instance {
		return &engine.Instance{
			ID: id, Spec: spec, Group: map[string]string{"http.route": route}, State: state, Remaining: &remaining,
			Period: engine.Reading{Window: 24 * time.Hour, Counts: budget.Counts{Bad: 1, Total: 200}}, LastEvent: noon,
		}
	}
	snapshot := &engine.Snapshot{At: noon, Instances: []*engine.Instance{
		instance("shop:pay:0000000000000001", "/a b", engine.StateOK), instance("shop:pay:0000000000000002", "/c", engine.StateBurning),
	}}
	server := httptest.NewServer(api.New(api.Options{
		Snapshot: func() *engine.Snapshot { return snapshot }, RoutePrefix: prefix,
		Alerts: func() []alerts.Alert {
			return []alerts.Alert{{Labels: map[string]string{"slo": "pay"}, StartsAt: noon}}
		},
	}))
	t.Cleanup(server.Close)
	return server
}

func clientOf(t *testing.T, base string) *Client {
	t.Helper()
	c, err := New(base, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClientAsksEngine(t *testing.T) {
	for _, prefix := range []string{"/", "/slo engine/x"} {
		base := engineServer(t, prefix).URL + strings.ReplaceAll(prefix, " ", "%20")
		c, ctx := clientOf(t, base), t.Context()
		for name, f := range map[string]Filter{
			"2": {}, "2 by service": {Service: "shop", SLO: "pay"}, "1 by state": {States: []string{"burning", "error"}},
			"1 by group": {Labels: map[string]string{"http.route": "/a b"}}, "2 by label": {Labels: map[string]string{"team": "a&b=c"}},
			"0 of another": {Service: "else"},
		} {
			slos, err := c.SLOs(ctx, f)
			if err != nil || len(slos) != int(name[0]-'0') {
				t.Errorf("%s: want %s, got %d, %v", base, name, len(slos), err)
			}
		}
		detail, err := c.SLO(ctx, "shop:pay:0000000000000002")
		if err != nil || detail.State != "burning" || *detail.SLI != 0.995 || !detail.LastEvent.Equal(noon) || len(detail.Windows) != 1 {
			t.Errorf("%s: detail %+v, %v", base, detail, err)
		}
		service, err := c.Service(ctx, "shop")
		if err != nil || *service.ErrorBudgetRemaining != 0.5 || service.State != "burning" {
			t.Errorf("%s: service %+v, %v", base, service, err)
		}
		fired, err := c.Alerts(ctx)
		if err != nil || len(fired) != 1 || !fired[0].ResolvedAt.IsZero() {
			t.Errorf("%s: alerts %+v, %v", base, fired, err)
		}
	}
}

func TestClientShowsProblem(t *testing.T) {
	c := clientOf(t, engineServer(t, "").URL)
	_, err := c.SLO(t.Context(), "../alerts?x=y")
	var refused *Error
	if !errors.As(err, &refused) || refused.Problem.Status != 404 || refused.Problem.Type != "urn:slo-engine:problem:not_found" {
		t.Fatalf("error is %v", err)
	}
	if want := `answers 404 Not Found: there is no SLO "../alerts?x=y"; /api/v1/slos lists those there are`; !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error is %q, want it to end with %q", err, want)
	}
	if _, err := c.SLOs(t.Context(), Filter{States: []string{"fine"}}); err == nil || !strings.Contains(err.Error(), `unknown state "fine"`) {
		t.Errorf("error is %v", err)
	}
	if _, err := c.SLO(t.Context(), ".."); err == nil || !strings.Contains(err.Error(), "not a name") {
		t.Errorf("error is %v", err)
	}
}

func TestClientAsksSomethingElse(t *testing.T) {
	status := http.StatusBadGateway
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<html>proxy</html>"))
	}))
	c := clientOf(t, server.URL)
	_, err := c.Alerts(t.Context())
	if diff := cmp.Diff(server.URL+"/api/v1/alerts answers 502 Bad Gateway", err.Error()); diff != "" {
		t.Error(diff)
	}
	status = http.StatusOK
	if _, err = c.Alerts(t.Context()); err == nil || !strings.Contains(err.Error(), "is this a slo-engine?") {
		t.Errorf("error is %v", err)
	}
	server.Close()
	if _, err = c.Alerts(t.Context()); err == nil || !strings.Contains(err.Error(), "ask engine at "+server.URL) {
		t.Errorf("error is %v", err)
	}
}

func TestClientKeepsErrorsOfContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := clientOf(t, engineServer(t, "").URL).Alerts(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestNewRefusesURL(t *testing.T) {
	for _, base := range []string{"", "localhost:9490", "/x", "ftp://x", "http://", "http://[::1"} {
		if _, err := New(base, Options{}); err == nil {
			t.Errorf("%q is taken for an engine URL", base)
		}
	}
}
