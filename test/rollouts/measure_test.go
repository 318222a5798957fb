package rollouts

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"

	"github.com/slo-engine/slo-engine/test/gated"
)

// phases are what Argo Rollouts makes of what the gate says of services.
var phases = map[string]v1alpha1.AnalysisPhase{
	gated.Allowed:  v1alpha1.AnalysisPhaseSuccessful,
	gated.Held:     v1alpha1.AnalysisPhaseInconclusive,
	gated.Denied:   v1alpha1.AnalysisPhaseFailed,
	gated.Silent:   v1alpha1.AnalysisPhaseInconclusive,
	"nobody-knows": v1alpha1.AnalysisPhaseInconclusive,
}

// said is what the gate says of them.
var said = map[string]string{
	gated.Allowed: "allow", gated.Held: "hold", gated.Denied: "deny", gated.Silent: "unknown", "nobody-knows": "unknown",
}

func TestEachDecisionIsAPhase(t *testing.T) {
	e := gated.Start(t)
	for _, file := range templates {
		template := read[v1alpha1.AnalysisTemplate](t, file)
		for service, want := range phases {
			t.Run(file+"/"+service, func(t *testing.T) {
				got := measure(t, resolved(t, run(t, template, e.URL, arg("service", service))))
				if got.Phase != want || got.Value != `"`+said[service]+`"` {
					t.Errorf("%s of %s (%s), want %s of %q", got.Phase, got.Value, got.Message, want, said[service])
				}
			})
		}
	}
}

// An engine that is away is an error, which the controller asks again, and neither a
// failure nor a success.
func TestEngineAwayIsAnError(t *testing.T) {
	e := gated.Start(t)
	m := resolved(t, run(t, read[v1alpha1.AnalysisTemplate](t, templates[0]), e.URL, arg("service", gated.Allowed)))
	e.Leave()
	if got := measure(t, m); got.Phase != v1alpha1.AnalysisPhaseError || !strings.Contains(got.Message, "connection refused") {
		t.Errorf("%s: %s", got.Phase, got.Message)
	}
}

// A question that cannot be read is a mistake in a template: it must not abort a
// rollout, as an error would in the end.
func TestFaultyQuestionsAreInconclusive(t *testing.T) {
	e := gated.Start(t)
	template := read[v1alpha1.AnalysisTemplate](t, templates[0])
	for name, body := range map[string]string{
		"no service":      `{"environment": "prod"}`,
		"unknown word":    `{"service": "allowed", "sevrice": "allowed"}`,
		"unknown kind":    `{"service": "allowed", "kind": "relaese"}`,
		"no string":       `{"service": 7}`,
		"no object":       `["allowed"]`,
		"control letters": `{"service": "allowed\u0000"}`,
	} {
		t.Run(name, func(t *testing.T) {
			m := resolved(t, run(t, template, e.URL, arg("service", gated.Allowed)))
			m.Provider.Web.JSONBody = json.RawMessage(body)
			if got := measure(t, m); got.Phase != v1alpha1.AnalysisPhaseInconclusive || got.Value != `"unknown"` {
				t.Errorf("%s of %s: %s", got.Phase, got.Value, got.Message)
			}
		})
	}
}

// Arguments reach the engine as they are, whatever letters are in them.
func TestArgumentsArriveUnchanged(t *testing.T) {
	e := gated.Start(t)
	for _, service := range []string{`a "quoted" name`, `back\slash`, `a&b=c#d`, `größer`, `{{args}}`} {
		m := resolved(t, run(t, read[v1alpha1.AnalysisTemplate](t, templates[0]), e.URL, arg("service", service), arg("version", "2 & 3")))
		m.Provider.Web.JSONPath = "{$}"
		m.SuccessCondition, m.FailureCondition = "result.version == '2 & 3' && result.environment == 'prod'", ""
		got := measure(t, m)
		var answer struct{ Service string }
		if err := json.Unmarshal([]byte(got.Value), &answer); err != nil {
			t.Fatalf("%s: %v", got.Value, err)
		}
		if got.Phase != v1alpha1.AnalysisPhaseSuccessful || answer.Service != service {
			t.Errorf("%q arrived as %q: %s %s", service, answer.Service, got.Phase, got.Message)
		}
	}
}

// Conditions may look at the numbers of the whole answer; what is not known is nil.
func TestConditionsOverTheWholeAnswer(t *testing.T) {
	e := gated.Start(t)
	for _, c := range []struct {
		service, success, failure string
		want                      v1alpha1.AnalysisPhase
	}{
		{gated.Allowed, `result.budget_remaining > 0.5`, ``, v1alpha1.AnalysisPhaseSuccessful},
		{gated.Denied, `asFloat(result.budget_remaining) >= 0`, ``, v1alpha1.AnalysisPhaseFailed},
		{gated.Held, `result.budget_consumed_1h < 0.02`, `result.budget_consumed_1h > 0.05`, v1alpha1.AnalysisPhaseInconclusive},
		{gated.Denied, ``, `result.burn_rate_1h > 14.4`, v1alpha1.AnalysisPhaseFailed},
		{gated.Silent, `result.budget_remaining != nil`, `result.decision == "deny"`, v1alpha1.AnalysisPhaseInconclusive},
		{gated.Silent, `(result.budget_remaining ?? 1) >= 0`, ``, v1alpha1.AnalysisPhaseSuccessful},
		// A number that is not known cannot be compared: this is why a template asks
		// for the decision.
		{gated.Silent, `result.budget_remaining > 0.5`, ``, v1alpha1.AnalysisPhaseError},
		{gated.Silent, `result.decision in ["allow", "unknown"] && result.code == "no_data"`, ``, v1alpha1.AnalysisPhaseSuccessful},
		{"nobody-knows", `result.if_unknown == "allow" && result.code == "unknown_service"`, ``, v1alpha1.AnalysisPhaseSuccessful},
	} {
		m := question(t, e.URL, "service="+c.service)
		m.SuccessCondition, m.FailureCondition = c.success, c.failure
		if got := measure(t, m); got.Phase != c.want {
			t.Errorf("%s: success %q, failure %q: %s %s, want %s of %s", c.service, c.success, c.failure, got.Phase, got.Message, c.want, got.Value)
		}
	}
}

// A path may choose one number. isNil and default look at what was chosen.
func TestOneNumber(t *testing.T) {
	e := gated.Start(t)
	for service, want := range map[string]v1alpha1.AnalysisPhase{
		gated.Allowed: v1alpha1.AnalysisPhaseSuccessful,
		gated.Denied:  v1alpha1.AnalysisPhaseFailed,
		gated.Silent:  v1alpha1.AnalysisPhaseInconclusive,
	} {
		m := question(t, e.URL, "service="+service)
		m.Provider.Web.JSONPath = "{$.budget_remaining}"
		m.SuccessCondition, m.FailureCondition = `default(result, -1) >= 0`, `default(result, 0) < 0`
		if got := measure(t, m); got.Phase != want {
			t.Errorf("%s: %s %s, want %s of %s", service, got.Phase, got.Message, want, got.Value)
		}
	}
}

// A GET asks the same as a POST.
func TestQuestionsInTheQuery(t *testing.T) {
	e := gated.Start(t)
	for service, want := range phases {
		m := question(t, e.URL, "service="+url.QueryEscape(service)+"&environment=prod")
		m.Provider.Web.JSONPath = "{$.decision}"
		m.SuccessCondition, m.FailureCondition = `result == "allow"`, `result == "deny"`
		if got := measure(t, m); got.Phase != want {
			t.Errorf("%s: %s %s, want %s", service, got.Phase, got.Message, want)
		}
	}
}

// question is a metric without a body or a JSON path.
func question(t *testing.T, engine, query string) v1alpha1.Metric {
	t.Helper()
	return v1alpha1.Metric{
		Name:     "gate",
		Provider: v1alpha1.MetricProvider{Web: &v1alpha1.WebMetric{URL: engine + "/api/v1/gate/rollouts?" + query}},
	}
}
