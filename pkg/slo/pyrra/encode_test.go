package pyrra_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/pyrra"
)

// TestRoundTrip: what Pyrra's documents say is written as it was read.
func TestRoundTrip(t *testing.T) {
	text, err := os.ReadFile("testdata/shapes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	specs, problems := load(true, string(text))
	if len(specs) != 6 || len(problems) > 0 {
		t.Fatalf("%d SLOs, %v", len(specs), problems)
	}
	written, problems := pyrra.Encode(specs)
	again, more := load(true, string(written))
	if diff := cmp.Diff(specs, again, fields...); diff != "" || len(problems)+len(more) > 0 {
		t.Errorf("%v %v\n%s\n-read +written:\n%s", problems, more, written, diff)
	}
	if twice, _ := pyrra.Encode(again); string(twice) != string(written) {
		t.Errorf("written again:\n%s\nat first:\n%s", twice, written)
	}
}

func native(t *testing.T, change func(*slo.Spec)) *slo.Spec {
	s := &slo.Spec{
		Service: "web", Name: "errors", Objective: objective(t, "99.5%"), Window: slo.Window{Rolling: 30 * 24 * time.Hour},
		SLI: slo.SLI{Ratio: &slo.Ratio{Bad: "bad", Total: "all"}}, MaxGroups: slo.DefaultMaxGroups,
	}
	change(s)
	return s
}

func TestEncode(t *testing.T) {
	written, problems := pyrra.Encode([]*slo.Spec{native(t, func(*slo.Spec) {})})
	want := `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: errors
  labels:
    app.kubernetes.io/name: web
spec:
  target: "99.5"
  window: 30d
  indicator:
    ratio:
      errors:
        metric: bad
      total:
        metric: all
`
	if diff := cmp.Diff(want, string(written)); diff != "" || len(problems) > 0 {
		t.Errorf("%v\n-want +got:\n%s", problems, diff)
	}
}

// TestEncodeSaysWhatIsLost: of what Pyrra cannot say a warning speaks, or an
// error when there is no document.
func TestEncodeSaysWhatIsLost(t *testing.T) {
	one, two := 1.0, 2.0
	threshold := func(th slo.Threshold) func(*slo.Spec) {
		return func(s *slo.Spec) { th.Metric = "g"; s.SLI = slo.SLI{Threshold: &th} }
	}
	for says, change := range map[string]func(*slo.Spec){
		"error spec.sli.ratio.bad: Pyrra takes a bare":   func(s *slo.Spec) { s.SLI.Ratio.Bad = "sum(rate(x[5m]))" },
		"error spec.sli.ratio.total: Pyrra takes a bare": func(s *slo.Spec) { s.SLI.Ratio.Total = `a{b="c"} - d{e="}"}` },
		"error spec.sli.ratio.total: Pyrra needs":        func(s *slo.Spec) { s.SLI.Ratio.Total = `{__name__=~"a|b"}` },
		"error spec.sli.ratio.good: Pyrra counts bad":    func(s *slo.Spec) { s.SLI.Ratio = &slo.Ratio{Good: `g{x="le=1"}`, Total: "t"} },
		"error spec.sli: Pyrra has no ready":             func(s *slo.Spec) { s.SLI.Ratio = &slo.Ratio{ErrorRatio: "x"} },
		"error spec.sli: Pyrra counts metrics":           func(s *slo.Spec) { s.SLI = slo.SLI{Spans: &slo.Spans{Service: "a"}} },
		"error spec.budgeting: ":                         func(s *slo.Spec) { s.Budgeting.Method = slo.Timeslices },
		"error spec.sli.threshold: ":                     threshold(slo.Threshold{Above: &two, PerSample: true}),
		"warning spec.sli.threshold.slice: ":             threshold(slo.Threshold{Above: &one, Slice: time.Minute}),
		"error spec.sli.latency.errors: ": func(s *slo.Spec) {
			s.SLI = slo.SLI{Latency: &slo.Latency{Histogram: "h", Below: time.Second, Errors: "e"}}
		},
		"error spec.sli.latency.below: ":                       func(s *slo.Spec) { s.SLI = slo.SLI{Latency: &slo.Latency{Histogram: "h", Below: time.Microsecond}} },
		"warning spec.sli.latency: Pyrra reads native":         func(s *slo.Spec) { s.SLI = slo.SLI{Latency: &slo.Latency{Histogram: "h", Below: time.Second}} },
		"warning spec.window: Pyrra has no calendar":           func(s *slo.Spec) { s.Window = slo.Window{Period: slo.Month} },
		"warning spec.maxGroups: ":                             func(s *slo.Spec) { s.MaxGroups = 7 },
		"warning metadata.name: \"Errors\" is not":             func(s *slo.Spec) { s.Name = "Errors" },
		"warning spec.service: becomes \"x\"":                  func(s *slo.Spec) { s.Labels = map[string]string{"service": "x"} },
		"warning spec.alerting.labels: ":                       func(s *slo.Spec) { s.Alerting.Labels = map[string]string{"a": "b"} },
		"warning spec.alerting.critical: ":                     func(s *slo.Spec) { s.Alerting.Critical.Disabled = true },
		"warning spec.alerting.warning: ":                      func(s *slo.Spec) { s.Alerting.Warning.Labels = map[string]string{"a": "b"} },
		"warning spec.alerting.severities: Pyrra has the four": func(s *slo.Spec) { s.Alerting.Severities = map[string]string{"mine": "x"} },
	} {
		written, problems := pyrra.Encode([]*slo.Spec{native(t, change)})
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Severity.String()+" "+problems[0].Field+": "+problems[0].Message, says) {
			t.Errorf("%q is not what is said: %v", says, problems)
		}
		if failed := strings.HasPrefix(says, "error"); failed != (len(written) == 0) {
			t.Errorf("%s, and written is\n%s", says, written)
		}
		if specs, more := load(false, string(written)); len(written) > 0 && len(specs) != 1 {
			t.Errorf("%s\n%v", written, more)
		}
	}
}

func TestEncodeOtherUnits(t *testing.T) {
	written, problems := pyrra.Encode([]*slo.Spec{native(t, func(s *slo.Spec) {
		s.Format.APIVersion = pyrra.APIVersion
		s.SLI = slo.SLI{Latency: &slo.Latency{Histogram: "h_milliseconds", Below: 300 * time.Millisecond, Unit: time.Millisecond}}
	})})
	if !strings.Contains(string(written), "latency: 5m\n") || len(problems) != 1 || problems[0].Severity != slo.Warning {
		t.Errorf("%v\n%s", problems, written)
	}
}

func TestNames(t *testing.T) {
	var specs []*slo.Spec
	for _, id := range []string{"a:x", "b:x", "c:y", "d:b-x"} {
		service, name, _ := strings.Cut(id, ":")
		specs = append(specs, native(t, func(s *slo.Spec) { s.Service, s.Name = service, name }))
	}
	names := pyrra.Names(specs)
	for i, want := range []string{"a-x", "b-x-2", "y", "b-x"} {
		if got := names[specs[i]]; got != want {
			t.Errorf("%s is called %q, not %q", specs[i].ID(), got, want)
		}
	}
	if _, problems := pyrra.Encode(specs); len(problems) != 2 {
		t.Error(problems)
	}
}
