package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC)

const day = 24 * time.Hour

func ptr[T any](v T) *T { return &v }

func objective(text string) slo.Objective {
	o, err := slo.ParseObjective(text)
	if err != nil {
		panic(err)
	}
	return o
}

// spec is a ratio SLO of a file named after its service.
func spec(service, name string, labels map[string]string) *slo.Spec {
	return &slo.Spec{
		Service: service, Name: name, Labels: labels,
		Objective: objective("99.9%"), Window: slo.Window{Rolling: 30 * day},
		SLI:       slo.SLI{Ratio: &slo.Ratio{Total: "requests_total", Bad: `requests_total{code=~"5.."}`}},
		MaxGroups: slo.DefaultMaxGroups,
		Origin:    slo.Origin{File: "slos/" + service + ".yaml", Document: 1, Line: 1},
	}
}

func reading(window time.Duration, bad, total float64) engine.Reading {
	r := engine.Reading{
		Window: window, Start: noon.Add(-window), End: noon,
		Counts: budget.Counts{Bad: bad, Total: total}, Coverage: 1,
	}
	if burn, ok := r.Counts.BurnRate(0.001); ok {
		r.Burn = &burn
	}
	return r
}

// healthy is an instance that counts and does not burn.
func healthy(s *slo.Spec) *engine.Instance {
	return &engine.Instance{
		ID: s.ID(), Spec: s, State: engine.StateOK,
		Since:     budget.Counts{Bad: 10, Total: 200_000},
		Period:    reading(30*day, 8, 100_000),
		Windows:   []engine.Reading{reading(time.Hour, 0, 500), reading(5*time.Minute, 0, 0), reading(6*time.Hour, 1, 2000)},
		Remaining: ptr(0.92), Consumed1h: ptr(0.0),
		LastSample: noon.Add(-time.Second), LastEvent: noon.Add(-2 * time.Second), Interval: 15 * time.Second,
	}
}

// burning is a latency SLO, one group of it in trouble.
func burning() *engine.Instance {
	s := spec("checkout", "checkout-latency", map[string]string{"team": "payments"})
	s.Description = "Shoppers need not wait"
	s.SLI = slo.SLI{Latency: &slo.Latency{Histogram: "duration_seconds", Below: 300 * time.Millisecond, Unit: time.Second}}
	s.GroupBy = []string{"route"}
	s.Origin.Document, s.Origin.Line = 2, 20
	in := healthy(s)
	in.ID, in.Group, in.State = "checkout:checkout-latency:9f86d081884c7d65", map[string]string{"route": "/pay"}, engine.StateBurning
	in.Windows = append(in.Windows, reading(day, 300, 5000))
	in.Since, in.Period.Counts = budget.Counts{Bad: 120, Total: 1200}, budget.Counts{Bad: 100, Total: 1000}
	in.UncertainInPeriod, in.Uncertain = 40, 50
	in.Remaining, in.Exhaustion, in.Consumed1h = ptr(0.25), ptr(90*time.Minute), ptr(0.02)
	in.Alerts = []engine.AlertStatus{{Name: alerts.NameBurn, Severity: "critical", Tier: "page_fast", Since: noon.Add(-time.Minute), Frozen: true}}
	in.Pending, in.Notices = []string{"ticket_slow"}, []string{"threshold_inside_bucket"}
	return in
}

// cold is an SLO that no sample has reached.
func cold() *engine.Instance {
	s := spec("search", "search-queue", nil)
	s.SLI = slo.SLI{Threshold: &slo.Threshold{Metric: "queue_length", Below: ptr(100.0), Slice: time.Minute}}
	s.Window = slo.Window{Period: slo.Month, Location: time.FixedZone("Europe/Berlin", 3600)}
	return &engine.Instance{ID: s.ID(), Spec: s, State: engine.StateUnknown, Period: engine.Reading{Window: 30 * day}}
}

func problem(file string, document, line int, severity slo.Severity, id, field, message, fix string) slo.Problem {
	return slo.Problem{
		Origin:   slo.Origin{File: file, Document: document, Line: line},
		Severity: severity, SLO: id, Field: field, Message: message, Fix: fix,
	}
}

// shop is the snapshot of most tests: one SLO in order, one burning, one not
// seen yet, two documents that cannot be used and one with a warning.
func shop() *engine.Snapshot {
	return &engine.Snapshot{
		At: noon,
		Instances: []*engine.Instance{
			healthy(spec("checkout", "checkout-availability", map[string]string{"team": "payments"})), burning(), cold(),
		},
		Problems: []slo.Problem{
			problem("slos/pay.yaml", 3, 40, slo.Error, "pay:pay-availability", "spec.objective", `"100%" leaves no error budget to burn`, "write less than 100%"),
			problem("slos/checkout.yaml", 2, 20, slo.Warning, "checkout:checkout-latency", "spec.sli.latency", "the threshold lies inside a bucket", ""),
			problem("slos/pay.yaml", 3, 40, slo.Error, "pay:pay-availability", "spec.window", "is missing", "write window: 30d"),
			problem("slos/torn.yaml", 1, 0, slo.Error, "", "", "not YAML: unexpected end", ""),
		},
	}
}

func at(s *engine.Snapshot) func() *engine.Snapshot { return func() *engine.Snapshot { return s } }

// ask sends one request to a new handler. Headers are "Name: value".
func ask(t testing.TB, o Options, method, target, body string, headers ...string) *http.Response {
	t.Helper()
	if o.Snapshot == nil {
		o.Snapshot = at(shop())
	}
	return exchange(New(o), method, target, body, headers...)
}

func exchange(h http.Handler, method, target, body string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "localhost:9490"
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
		} else {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t testing.TB, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
