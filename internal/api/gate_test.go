package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var _ Gates = (*apitest.Gates)(nil)

// gated is an engine with gates.
func gated() Options { return Options{Gates: apitest.NewGates()} }

// gateExchanges are kept as exchanges are.
var gateExchanges = []struct{ name, method, target, body string }{
	{"gate_allow", "GET", "/api/v1/gate?service=search&environment=prod", ""},
	{"gate_hold", "GET", "/api/v1/gate?service=cart", ""},
	{"gate_deny", "GET", "/api/v1/gate?service=checkout&version=v2&environment=prod&kind=deploy", ""},
	{"gate_unknown", "GET", "/api/v1/gate?service=nobody", ""},
	{"gate_rollback", "GET", "/api/v1/gate?service=checkout&kind=rollback&version=v1", ""},
	{"gate_no_service", "GET", "/api/v1/gate?environment=prod", ""},
	{"gate_bad_kind", "GET", "/api/v1/gate?service=checkout&kind=rolback", ""},
	{"gate_rollouts_allow", "GET", "/api/v1/gate/rollouts?service=search", ""},
	{"gate_rollouts_hold", "POST", "/api/v1/gate/rollouts", `{"service":"cart","version":""}`},
	{"gate_rollouts_deny", "POST", "/api/v1/gate/rollouts?service=search", `{"service":"checkout","version":"v2"}`},
	{"gate_rollouts_unknown", "GET", "/api/v1/gate/rollouts?service=nobody", ""},
	{"gate_rollouts_unreadable", "POST", "/api/v1/gate/rollouts", `{"servce":"checkout"}`},
	{"gate_gatekeeper", "POST", "/api/v1/gate/gatekeeper", providerBody("search", "cart/prod", "checkout/prod?version=v2", "nobody", "checkout?kind=rollback", "", "a?b=c")},
	{"gate_verdicts", "GET", "/api/v1/gate/verdicts?decision=hold&limit=5", ""},
	{"gate_explanation", "GET", "/api/v1/gate/verdicts/checkout-1", ""},
	{"gate_explanation_unknown", "GET", "/api/v1/gate/verdicts/recommendations-1", ""},
	{"gate_explanation_missing", "GET", "/api/v1/gate/verdicts/%22x%22", ""},
	{"gate_policies", "GET", "/api/v1/gate/policies", ""},
}

func TestGateGolden(t *testing.T) {
	for _, x := range gateExchanges {
		t.Run(x.name, func(t *testing.T) {
			golden(t, x.name, transcript(t, x.method, x.target, ask(t, gated(), x.method, x.target, x.body)))
		})
	}
}

func TestGateAsks(t *testing.T) {
	for _, c := range []struct {
		method, target, body string
		want                 gate.Request
	}{
		{"GET", "/api/v1/gate?service=a", "", gate.Request{Service: "a"}},
		{"GET", "/api/v1/gate?service=a&slo=b&kind=scale_up&version=v&baseline=w&environment=e", "",
			gate.Request{Service: "a", SLO: "b", Kind: slo.ChangeScaleUp, Version: "v", Baseline: "w", Environment: "e"}},
		{"GET", "/api/v1/gate?service=a%2Fb%20c&version=&environment=", "", gate.Request{Service: "a/b c"}},
		{"HEAD", "/api/v1/gate?service=a", "", gate.Request{Service: "a"}},
		{"POST", "/api/v1/gate/rollouts?service=a&version=v", `{"version":"w","environment":null}`, gate.Request{Service: "a", Version: "w"}},
		{"POST", "/api/v1/gate/rollouts?service=a", "", gate.Request{Service: "a"}},
	} {
		o := gated()
		r := ask(t, o, c.method, c.target, c.body)
		asked := o.Gates.(*apitest.Gates).Asked()
		if diff := cmp.Diff([]gate.Request{c.want}, asked); r.StatusCode != 200 || diff != "" {
			t.Errorf("%s %s answers %d, and asks %s", c.method, c.target, r.StatusCode, diff)
		}
	}
}

// What cannot be a question is told apart from every decision, and never asked.
func TestGateRefuses(t *testing.T) {
	for query, want := range map[string]string{
		"":                             "service is missing",
		"service=":                     "service is missing",
		"service=a&service=b":          "2 times",
		"servce=a":                     `unknown parameter \"servce\"; did you mean \"service\"?`,
		"service=a&kind=rolback":       `did you mean \"rollback\"?`,
		"service=a&kind=x":             "known here: deploy, rollback, scale_up, fix_forward",
		"service=%zz":                  "cannot be read",
		"service=a%00":                 "control character",
		"service=a%0Ab":                "control character",
		"service=%ff":                  "not UTF-8",
		"service=a&version=%1b":        "control character",
		"service=a&timeout=3s":         "unknown parameter",
		"service=" + long(257):         "has 257 bytes",
		"service=a&slo=" + long(100e3): "has 100000 bytes",
	} {
		o := gated()
		r := ask(t, o, "GET", "/api/v1/gate?"+query, "")
		if got := text(t, r); r.StatusCode != 400 || !strings.Contains(got, want) {
			t.Errorf("?%.60s answers %d %s, want %q", query, r.StatusCode, got, want)
		}
		if asked := o.Gates.(*apitest.Gates).Asked(); len(asked) > 0 {
			t.Errorf("?%.60s asks %+v", query, asked)
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

// To Argo Rollouts any status but 2xx is an error that ends in an abort.
func TestRolloutsNeverFails(t *testing.T) {
	for _, c := range []struct{ method, query, body, want string }{
		{"GET", "", "", "service is missing"},
		{"GET", "?service=a&x=y", "", "unknown parameter"},
		{"GET", "?service=a&kind=x", "", "no kind of change"},
		{"GET", "?service=%zz", "", "cannot be read"},
		{"POST", "", "", "service is missing"},
		{"POST", "", "[]", "no JSON object"},
		{"POST", "", "{", "no JSON object"},
		{"POST", "", `{"service":1}`, `"service" in the body is no string`},
		{"POST", "?service=a", `{"version":2.5}`, "write it in quotes"},
		{"POST", "", `{"service":"a\u0000"}`, "control character"},
		{"POST", "", `{"service":"` + long(70e3) + `"}`, "more than 65536 bytes"},
	} {
		r := ask(t, gated(), c.method, "/api/v1/gate/rollouts"+c.query, c.body)
		var got struct{ Decision, Code, Reason string }
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if r.StatusCode != 200 || got.Decision != "unknown" || got.Code != "bad_question" || !strings.Contains(got.Reason, c.want) {
			t.Errorf("%s %s %.40s answers %d %+v, want %q", c.method, c.query, c.body, r.StatusCode, got, c.want)
		}
	}
}

// An engine without gates says so, everywhere.
func TestNoGates(t *testing.T) {
	for _, target := range []string{"GET /api/v1/gate?service=a", "GET /api/v1/gate/rollouts?service=a", "GET /api/v1/gate/verdicts", "GET /api/v1/deploys", "GET /api/v1/gate/glass"} {
		method, path, _ := strings.Cut(target, " ")
		if r := ask(t, Options{}, method, path, ""); r.StatusCode != 404 || !strings.Contains(text(t, r), noGates) {
			t.Errorf("%s answers %d", target, r.StatusCode)
		}
	}
	if got := text(t, ask(t, Options{}, "GET", "/metrics/slo", "")); strings.Contains(got, "slo_gate_decision") {
		t.Error("there are decisions without gates")
	}
	if got := text(t, ask(t, Options{}, "GET", "/api/v1/services/checkout/slo", "")); strings.Contains(got, `"gate"`) {
		t.Error("a service has a decision without gates")
	}
}

// Links lead to where people reach the engine.
func TestGateLinks(t *testing.T) {
	for want, o := range map[string]Options{
		"/api/v1/gate/verdicts/checkout-1":                            {},
		"/slo%20engine/api/v1/gate/verdicts/checkout-1":               {RoutePrefix: "/slo engine"},
		"https://slo.example.com/x/api/v1/gate/verdicts/checkout-1":   {ExternalURL: "https://slo.example.com/x/"},
		"https://slo.example.com/y/z/api/v1/gate/verdicts/checkout-1": {ExternalURL: "https://slo.example.com/y/z", RoutePrefix: "/"},
	} {
		o.Gates = apitest.NewGates()
		target := escapePattern(o.prefix()) + "/api/v1/gate?service=checkout"
		var v apitypes.GateVerdict
		if err := json.NewDecoder(ask(t, o, "GET", target, "").Body).Decode(&v); err != nil || v.Explanation != want {
			t.Errorf("%s: explanation is %q, want %q (%v)", target, v.Explanation, want, err)
		}
	}
}

// A verdict is answered as it is, however often another one has its id's place.
func TestEncodedVerdicts(t *testing.T) {
	e := &encodedVerdicts{}
	made := 0
	of := func(id, body string) string {
		got, err := e.of(id, func() ([]byte, error) { made++; return []byte(body), nil })
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	if of("a", "1") != "1\n" || of("a", "2") != "1\n" || made != 1 {
		t.Errorf("made %d times", made)
	}
	if of("", "1") != "1\n" || of("", "2") != "2\n" {
		t.Error("a verdict without an id is remembered")
	}
	for _, id := range []string{"b", "c", "d"} {
		of(id, long(encodedBytes/2+1))
	}
	if kept := len(e.newer) + len(e.older); kept > 2 || e.bytes > encodedBytes {
		t.Errorf("%d verdicts of %d bytes are kept", kept, e.bytes)
	}
	if of("a", "3") != "3\n" {
		t.Error("what was forgotten is answered")
	}
	if _, err := e.of("z", func() ([]byte, error) { return nil, errors.New("no") }); err == nil || e.find("z") != nil {
		t.Error("a failure is remembered")
	}
}

func TestGateState(t *testing.T) {
	away := apitest.NewGates()
	away.Away = gates.ErrStateAway
	broken := apitest.NewGates()
	broken.Away = errors.New("dial tcp 10.0.0.1:5432: refused")
	for _, c := range []struct {
		gates                *apitest.Gates
		method, target, body string
		status               int
		want                 string
	}{
		{away, "GET", "/api/v1/gate/verdicts", "", 503, "cannot be reached"},
		{away, "GET", "/api/v1/gate/verdicts/checkout-1", "", 503, "cannot be reached"},
		{away, "GET", "/api/v1/gate/glass", "", 503, "cannot be reached"},
		{away, "POST", "/api/v1/gate/glass", `{"service":"a","reason":"it cannot wait","for":"5m"}`, 503, "Look whether it was done"},
		{away, "DELETE", "/api/v1/gate/glass/x", "", 503, "Look whether it was done"},
		{away, "POST", "/api/v1/events/deploy", `{"service":"a"}`, 503, "Look whether it was done"},
		{broken, "GET", "/api/v1/deploys", "", 503, "cannot be reached"},
		{away, "GET", "/api/v1/gate?service=search", "", 200, `"decision":"allow"`},
		{away, "GET", "/api/v1/gate/rollouts?service=search", "", 200, `"decision":"allow"`},
		{away, "GET", "/api/v1/gate/policies", "", 200, "production"},
	} {
		r := ask(t, Options{Gates: c.gates}, c.method, c.target, c.body, asJSON()...)
		if got := text(t, r); r.StatusCode != c.status || !strings.Contains(got, c.want) || strings.Contains(got, "10.0.0.1") {
			t.Errorf("%s %s answers %d %s", c.method, c.target, r.StatusCode, got)
		}
	}
}

func TestVerdictsSelected(t *testing.T) {
	for query, want := range map[string]string{
		"": "deny hold allow unknown", "decision=deny": "deny", "service=search": "allow", "limit=2": "deny hold",
		"since=2026-03-01T12:00:01.25Z": "deny hold allow unknown", "since=2026-03-01T12:00:02Z": "", "service=search&decision=deny": "",
	} {
		var list apitypes.GateToldList
		if err := json.NewDecoder(ask(t, gated(), "GET", "/api/v1/gate/verdicts?"+query, "").Body).Decode(&list); err != nil {
			t.Fatal(err)
		}
		decisions := []string{}
		for _, v := range list.Verdicts {
			decisions = append(decisions, v.Decision)
		}
		if got := strings.Join(decisions, " "); got != want || list.Verdicts == nil {
			t.Errorf("?%s selects %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"decision=no": "known are allow, hold, unknown and deny", "limit=0": "from 1 to 1000", "since=1h": "write since=", "x=y": "unknown parameter",
		"service=%zz": "cannot be read", "service=a&service=b": "2 times", "service=%00": "control",
	} {
		if r := ask(t, gated(), "GET", "/api/v1/gate/verdicts?"+query, ""); r.StatusCode != 400 || !strings.Contains(text(t, r), want) {
			t.Errorf("?%s answers %d, want %q", query, r.StatusCode, want)
		}
	}
}

// A policy that is no longer there explains nothing wrongly.
func TestExplanationOfRemovedPolicy(t *testing.T) {
	g := apitest.NewGates()
	g.Rules = nil
	var page apitypes.GateExplanation
	if err := json.NewDecoder(ask(t, Options{Gates: g}, "GET", "/api/v1/gate/verdicts/checkout-1", "").Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	if want := []apitypes.GateExplainedPolicy{{Name: "production"}}; !cmp.Equal(want, page.Policies) || len(page.Numbers) == 0 {
		t.Errorf("%+v", page.Policies)
	}
	for _, n := range page.Numbers {
		if len(n.Thresholds) > 0 {
			t.Errorf("%+v", n)
		}
	}
}

func TestGateMetrics(t *testing.T) {
	got := text(t, ask(t, gated(), "GET", "/metrics/slo", ""))
	for _, line := range []string{
		`slo_gate_decision{service="checkout",state="deny"} 1`, `slo_gate_decision{service="checkout",state="allow"} 0`,
		`slo_gate_decision{service="recommendations",state="unknown"} 1`, `slo_gate_decision{service="cart",state="hold"} 1`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no %s in\n%s", line, got)
		}
	}
	o := gated()
	o.MaxExportedInstances = 2
	if got := text(t, ask(t, o, "GET", "/metrics/slo", "")); strings.Count(got, "slo_gate_decision{") != 8 {
		t.Errorf("more than two services:\n%s", got)
	}
	var service apitypes.Service
	if err := json.NewDecoder(ask(t, gated(), "GET", "/api/v1/services/checkout/slo", "").Body).Decode(&service); err != nil || service.Gate != "deny" {
		t.Errorf("gate is %q, %v", service.Gate, err)
	}
}

// Numbers that JSON has no word for are not known.
func TestGateOddNumbers(t *testing.T) {
	zero := 0.0
	nan := zero / zero
	v := gate.Verdict{Remaining: &nan, Burns: []gate.Burn{{Window: time.Hour, Rate: &nan}}, Reasons: []gate.Reason{{Value: &nan, Threshold: &zero}},
		Evidence: gate.Evidence{Canaries: []gate.Canary{{Evidence: 1 / zero, Candidate: gate.Side{Bad: nan}}}}}
	a := &api{}
	for _, document := range []any{a.verdictOf(&v), a.flat(&v), a.admitted(&v)} {
		if text, err := json.Marshal(document); err != nil {
			t.Errorf("%v", err)
		} else if strings.Contains(string(text), "NaN") {
			t.Errorf("%s", text)
		}
	}
}

func TestWhoMayAskGates(t *testing.T) {
	if http.StatusOK != ask(t, gated(), "POST", "/api/v1/gate/flagger?hook=event", `{}`, "Host: anything.example").StatusCode {
		t.Error("a question wants an allowed host")
	}
	if http.StatusForbidden != ask(t, gated(), "POST", "/api/v1/gate/glass", `{}`, asJSON("Host: anything.example")...).StatusCode {
		t.Error("a glass can be broken under any name")
	}
}

// Of several policies each is shown with the SLOs that it looks at.
func TestExplanationOfSeveralPolicies(t *testing.T) {
	g := apitest.NewGates()
	other := slo.DefaultGatePolicy()
	other.Name = "other"
	other.Select, _ = slo.ParseMatchers(`slo="checkout-latency"`)
	g.Rules = append(g.Rules, other)
	a := &api{Options: Options{Snapshot: at(shop()), Gates: g}}
	told := gates.Told{Verdict: gate.Verdict{Policy: "other, production", Request: gate.Request{Service: "checkout"}}}
	for _, id := range []string{"checkout:checkout-availability", "checkout:checkout-latency:9f86d081884c7d65", "checkout:gone"} {
		told.Evidence.Budgets = append(told.Evidence.Budgets, gate.Budget{ID: id, Service: "checkout"})
	}
	looked := map[string]string{}
	for _, n := range a.explanationOf(&told).Numbers {
		if n.What == numberConsumed {
			for _, threshold := range n.Thresholds {
				looked[n.SLO] += threshold.Policy + " " + threshold.Decision + " "
			}
		}
	}
	both := "other deny other hold production deny production hold "
	want := map[string]string{
		"checkout:checkout-availability": "production deny production hold ", "checkout:checkout-latency:9f86d081884c7d65": both, "checkout:gone": both,
	}
	if diff := cmp.Diff(want, looked); diff != "" {
		t.Error(diff)
	}
}
