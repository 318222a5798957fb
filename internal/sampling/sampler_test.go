package sampling_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/sampling"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func alert(service, severity, tier string, more ...string) remediation.Alert {
	labels := map[string]string{"service": service, "severity": severity, "tier": tier}
	for i := 0; i+1 < len(more); i += 2 {
		labels[more[i]] = more[i+1]
	}
	return remediation.Alert{Labels: labels, Ours: true}
}

func ended(a remediation.Alert) remediation.Alert {
	a.Ended = noon
	return a
}

func foreign(a remediation.Alert) remediation.Alert {
	a.Ours = false
	return a
}

// Whose traces are wanted.
func TestBurning(t *testing.T) {
	view := remediation.View{
		Alerts: []remediation.Alert{
			alert("heals", "", "heal"), alert("pages", "critical", "page_fast"), alert("pages", "critical", "page_slow"),
			alert("own-tier", "phone", "rush"), alert("tickets", "warning", "ticket_fast"), alert("knows", "info", "fyi"),
			alert("spent", "critical", "budget"), alert("silent", "critical", "no_data"),
			ended(alert("over", "critical", "page_fast")), foreign(alert("foreign", "critical", "page_fast")),
			alert("grouped", "critical", "page_fast", "route", "/pay"), alert("", "critical", "page_fast"),
		},
		Instances: map[string]remediation.Instance{"acts:slo:1": {Labels: map[string]string{"route": "/act"}}},
	}
	open := []remediation.Record{
		{Service: "acts", SLO: "acts:slo:1", State: remediation.Applying}, {Service: "verifies", State: remediation.Verifying},
		{Service: "undoes", State: remediation.Undoing}, {Service: "holds", State: remediation.Holding},
		{Service: "waits", State: remediation.Awaiting}, {Service: "undone", State: remediation.Undone}, {State: remediation.Applying},
	}
	for label, operations := range map[string][2]string{"": {}, "route": {"/act", "/pay"}} {
		want := []sampling.Key{
			{Service: "acts", Operation: operations[0]}, {Service: "grouped", Operation: operations[1]}, {Service: "heals"},
			{Service: "own-tier"}, {Service: "pages"}, {Service: "undoes"}, {Service: "verifies"},
		}
		got := sampling.Burning(view, open, label)
		slices.SortFunc(got, func(a, b sampling.Key) int { return strings.Compare(a.Service, b.Service) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %q (-want +got):\n%s", label, diff)
		}
	}
}

// What is raised stays so for a while, from when it burned last.
func TestStep(t *testing.T) {
	a, b := sampling.Key{Service: "a"}, sampling.Key{Service: "b"}
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	r := sampling.Raised{}
	for _, tt := range []struct {
		at      int
		burning []sampling.Key
		want    sampling.Raised
	}{
		{0, nil, nil},
		{1, []sampling.Key{a}, sampling.Raised{a: at(11)}},
		{5, []sampling.Key{a, b}, sampling.Raised{a: at(15), b: at(15)}},
		{14, []sampling.Key{b}, sampling.Raised{a: at(15), b: at(24)}},
		{15, nil, sampling.Raised{b: at(24)}},
		{3, nil, sampling.Raised{b: at(24)}}, // the clock is set back
		{24, nil, nil},
	} {
		before := fmt.Sprint(r)
		next := r.Step(tt.burning, at(tt.at), 10*time.Second)
		if diff := cmp.Diff(tt.want, next, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("at %d (-want +got):\n%s", tt.at, diff)
		}
		if fmt.Sprint(r) != before {
			t.Errorf("at %d the step before was changed: %s, then %s", tt.at, before, r)
		}
		r = next
	}
	if raised := r.Step([]sampling.Key{a}, noon, 0); len(raised) != 1 || len(raised.Step(nil, noon, 0)) != 0 {
		t.Errorf("without hold: %v", raised)
	}
}

// ask is the answer to a request: its status and body.
func ask(h http.Handler, query string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/sampling"+query, nil))
	return fmt.Sprintf("%d %s", w.Code, strings.TrimSpace(w.Body.String()))
}

func newSampler(t testing.TB, o sampling.Options) *sampling.Sampler {
	t.Helper()
	o.Rates, o.Hold = sampling.Rates{Default: 0.001, Burning: 0.1}, 2*time.Minute
	o.Now = func() time.Time { return noon }
	s, err := sampling.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const usual = `200 {"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001}}`

// The answers, to the byte.
func TestAnswers(t *testing.T) {
	leases, registry := new(sampling.Leases), prometheus.NewRegistry()
	s := newSampler(t, sampling.Options{Leases: leases, Registerer: registry})
	s.Observe([]sampling.Key{{Service: "checkout"}, {Service: "shop", Operation: "POST /pay"}, {Service: "shop", Operation: "GET /"}}, noon)
	leases.Put(sampling.Key{Service: "shop", Operation: "GET /"}, 0, sampling.Lease{Probability: 1, Action: "act-1"}, noon)
	leases.Put(sampling.Key{Service: "leased"}, 0, sampling.Lease{Probability: 0.5, Action: "act-2", Until: noon.Add(time.Second)}, noon)
	leases.Put(sampling.Key{Service: "over"}, 0, sampling.Lease{Probability: 0.5, Action: "act-3", Until: noon}, noon.Add(-time.Second))
	leases.Put(sampling.Key{Service: "low"}, 0, sampling.Lease{Probability: 0.0001, Action: "act-4"}, noon)
	for query, want := range map[string]string{
		"?service=checkout": `200 {"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.1}}`,
		"?service=shop": `200 {"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001},"operationSampling":{` +
			`"defaultSamplingProbability":0.001,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":[` +
			`{"operation":"GET /","probabilisticSampling":{"samplingRate":1}},{"operation":"POST /pay","probabilisticSampling":{"samplingRate":0.1}}]}}`,
		"?service=leased":      `200 {"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}`,
		"?service=over":        usual,
		"?service=low":         usual,
		"?service=nobody":      usual,
		"":                     "400 the parameter service must be there, once",
		"?service=":            "400 the parameter service must be there, once",
		"?service=a&service=b": "400 the parameter service must be there, once",
		"?service=%22%3C%00":   usual,
	} {
		if got := ask(s, query); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", query, got, want)
		}
	}
	want := `200 {"service_strategies":[` +
		`{"service":"checkout","type":"probabilistic","param":0.1},{"service":"leased","type":"probabilistic","param":0.5},` +
		`{"service":"low","type":"probabilistic","param":0.001},` +
		`{"service":"shop","type":"probabilistic","param":0.001,"operation_strategies":[` +
		`{"operation":"GET /","type":"probabilistic","param":1},{"operation":"POST /pay","type":"probabilistic","param":0.1}]}],` +
		`"default_strategy":{"type":"probabilistic","param":0.001}}`
	if got := ask(s.All(), ""); got != want {
		t.Errorf("all:\n%s\nwant\n%s", got, want)
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP slo_engine_sampling_requests_total Answers to who asks how much to sample, by result: default, raised, bad_request.
# TYPE slo_engine_sampling_requests_total counter
slo_engine_sampling_requests_total{result="bad_request"} 3
slo_engine_sampling_requests_total{result="default"} 4
slo_engine_sampling_requests_total{result="raised"} 3
`), "slo_engine_sampling_requests_total"); err != nil {
		t.Error(err)
	}
	if got := ask(newSampler(t, sampling.Options{}).All(), ""); got != `200 {"service_strategies":[],"default_strategy":{"type":"probabilistic","param":0.001}}` {
		t.Errorf("none: %s", got)
	}
}

// Where very many operations burn, the service does.
func TestManyOperations(t *testing.T) {
	s := newSampler(t, sampling.Options{})
	var burning []sampling.Key
	for i := range 201 {
		burning = append(burning, sampling.Key{Service: "shop", Operation: fmt.Sprint("op", i)})
	}
	s.Observe(burning[:200], noon)
	if one := s.Strategy("shop"); one.Probability != 0.001 || len(one.Operations) != 200 {
		t.Errorf("200: %v of %d", one.Probability, len(one.Operations))
	}
	s.Observe(burning, noon)
	if one := s.Strategy("shop"); one.Probability != 0.1 || len(one.Operations) != 0 {
		t.Errorf("201: %v of %d", one.Probability, len(one.Operations))
	}
}

// What burns and then does not.
func TestHold(t *testing.T) {
	s := newSampler(t, sampling.Options{})
	for _, tt := range []struct {
		after   time.Duration
		burning []sampling.Key
		want    float64
	}{
		{0, nil, 0.001}, {time.Second, []sampling.Key{{Service: "a"}}, 0.1}, {time.Minute, nil, 0.1},
		{2*time.Minute + time.Second - 1, nil, 0.1}, {2*time.Minute + time.Second, nil, 0.001},
	} {
		s.Observe(tt.burning, noon.Add(tt.after))
		if got := s.Strategy("a").Probability; got != tt.want {
			t.Errorf("after %s: %v, want %v", tt.after, got, tt.want)
		}
	}
}
