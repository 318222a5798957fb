package openslo_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/openslo"
)

// same compares what Specs mean, not where they were read.
var same = cmp.Options{
	cmpopts.IgnoreFields(slo.Spec{}, "Origin", "Format", "Dialect", "Fields"),
	cmp.Comparer(func(a, b slo.Objective) bool { return a == b }),
	cmp.Comparer(func(a, b *time.Location) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

// lossy are the SLOs of the corpus that only lenient readers take as they are.
var lossy = map[string]bool{"web:Upper_Case.Name": true, "web:bare-indicator": true, "login:login-old": true}

func TestWhatIsReadIsWrittenAndReadAgain(t *testing.T) {
	n := 0
	for _, f := range corpus(t) {
		specs, _ := load(false, f)
		for _, s := range specs {
			if s.Composite != nil {
				continue // it is written with its parts: below
			}
			text, problems := openslo.Encode([]*slo.Spec{s})
			again, found := load(true, slo.File{Name: "written", Data: text})
			if len(again) != 1 || (len(problems) > 0) != lossy[s.ID()] {
				t.Errorf("%s: written with %v, read with %v:\n%s", s.ID(), problems, found, text)
				continue
			}
			if diff := cmp.Diff(s, again[0], same); diff != "" && !lossy[s.ID()] {
				t.Errorf("%s: -read +read again\n%s", s.ID(), diff)
			}
			if twice, _ := openslo.Encode(again); string(twice) != string(text) {
				t.Errorf("%s is written in two ways:\n%s\n%s", s.ID(), text, twice)
			}
			n++
		}
	}
	if n < 40 {
		t.Errorf("only %d SLOs went round", n)
	}
}

func spec(t *testing.T, change func(*slo.Spec)) *slo.Spec {
	t.Helper()
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		t.Fatal(err)
	}
	s := &slo.Spec{
		Service: "web", Name: "pages", Objective: objective, Window: slo.Window{Rolling: 720 * time.Hour}, MaxGroups: slo.DefaultMaxGroups,
		SLI: slo.SLI{Ratio: &slo.Ratio{Total: "pages_total", Bad: "pages_failed_total"}},
	}
	change(s)
	return s
}

func TestWhatCannotBeSaid(t *testing.T) {
	bound := 5.0
	latency := slo.SLI{Latency: &slo.Latency{Histogram: "seconds", Below: time.Second, Unit: time.Second}}
	for name, c := range map[string]struct {
		change func(*slo.Spec)
		want   []string
	}{
		"nothing": {func(*slo.Spec) {}, nil},
		"groups": {func(s *slo.Spec) { s.GroupBy = []string{"route"} },
			[]string{"warning: spec.groupBy: cannot be said in OpenSLO: all groups share one budget there; write an SLO for each group that needs its own"}},
		"alerting": {func(s *slo.Spec) {
			s.Alerting = slo.Alerting{Disabled: true, NoAbsent: true, Warning: slo.AlertingOf{Disabled: true}}
		}, []string{
			"warning: spec.alerting.disabled: cannot be said in OpenSLO; say it where the alerts are made",
			"warning: spec.alerting.warning: cannot be said in OpenSLO; say it where the alerts are made",
			"warning: spec.alerting.absent: cannot be said in OpenSLO; say it where the alerts are made"}},
		"name": {func(s *slo.Spec) { s.Name = "Pages_OK." },
			[]string{`warning: metadata.name: "Pages_OK." is not a name of OpenSLO: it is written as "pages-ok"; rename it`}},
		"label": {func(s *slo.Spec) { s.Labels = map[string]string{"a b": "c"} },
			[]string{`warning: metadata.labels["a b"]: is not the name of a label in OpenSLO: it is left out; rename it`}},
		"description": {func(s *slo.Spec) { s.Description = strings.Repeat("ä", 1051) },
			[]string{"warning: spec.description: has 1051 characters, more than the 1050 of OpenSLO: it is cut; shorten it"}},
		"seconds": {func(s *slo.Spec) { s.Window.Rolling += time.Second },
			[]string{"error: spec.window: 30d1s cannot be said in OpenSLO, whose smallest unit is a minute; write whole minutes"}},
		"a query": {func(s *slo.Spec) {
			s.SLI = slo.SLI{Query: &slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{Total: "sum(a)", Good: "sum(b)"}, Step: time.Minute}}
		}, []string{"warning: spec.sli.promql.step: cannot be said in OpenSLO: that it is asked every 1m is lost"}},
		"spans": {func(s *slo.Spec) { s.SLI = slo.SLI{Spans: &slo.Spans{Service: "a"}} },
			[]string{"error: spec.sli: is no PromQL, and nothing else is written as OpenSLO; keep this SLO in the engine"}},
		"LogQL": {func(s *slo.Spec) { s.SLI = slo.SLI{Query: &slo.Query{Language: slo.LogQL}} },
			[]string{"error: spec.sli: is no PromQL, and nothing else is written as OpenSLO; keep this SLO in the engine"}},
		"two bounds": {func(s *slo.Spec) {
			s.SLI = slo.SLI{Threshold: &slo.Threshold{Metric: "x", Above: &bound, Below: &bound, PerSample: true}}
		},
			[]string{"error: spec.sli.threshold: has not exactly one bound, as OpenSLO wants; write an SLO for each bound"}},
		"short slice": {func(s *slo.Spec) {
			s.SLI = slo.SLI{Threshold: &slo.Threshold{Metric: "x", Above: &bound, Slice: time.Second}}
		},
			[]string{"error: spec.sli.threshold.slice: 1s cannot be said in OpenSLO, whose smallest unit is a minute; write whole minutes"}},
		"slices of slices": {func(s *slo.Spec) {
			s.SLI = slo.SLI{Threshold: &slo.Threshold{Metric: "x", Above: &bound, Slice: time.Minute}}
			s.Budgeting = slo.Budgeting{Method: slo.Timeslices, Slice: time.Hour, Target: 0.5}
		}, []string{"error: spec.budgeting: counts slices of slices, which cannot be said in OpenSLO; write perSample: true for the threshold"}},
		"latency": {func(s *slo.Spec) { s.SLI = latency },
			[]string{"error: spec.sli.latency: cannot be said in OpenSLO; write it as a ratio of buckets"}},
		"elsewhere": {func(s *slo.Spec) {
			s.SLI, s.Fields = latency, map[string]string{"spec.sli": "slos[0].sli"}
		}, []string{"error: slos[0].sli.latency: cannot be said in OpenSLO; write it as a ratio of buckets"}},
	} {
		text, problems := openslo.Encode([]*slo.Spec{spec(t, c.change), spec(t, func(s *slo.Spec) { s.Name = "neighbour" })})
		var got []string
		for _, p := range problems {
			got = append(got, strings.TrimPrefix(p.String(), ": "))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
		specs, found := load(false, slo.File{Name: "written", Data: text})
		wanted := 2
		if len(problems) > 0 && problems[0].Severity == slo.Error {
			wanted = 1
		}
		if len(specs) != wanted || specs[wanted-1].Name != "neighbour" || len(found) > 0 {
			t.Errorf("%s: %d SLOs were written, want %d: %v", name, len(specs), wanted, found)
		}
	}
}

// A threshold by slices means the same in both formats.
func TestSlicesOfAThresholdGoRound(t *testing.T) {
	bound := 5.0
	want := spec(t, func(s *slo.Spec) {
		s.SLI = slo.SLI{Threshold: &slo.Threshold{Metric: "x", Above: &bound, Slice: 2 * time.Minute}}
		s.Window = slo.Window{Period: slo.Month}
	})
	text, _ := openslo.Encode([]*slo.Spec{want})
	got, problems := load(false, slo.File{Name: "written", Data: text})
	want.Window.Location = time.UTC // nil, said aloud
	if diff := cmp.Diff([]*slo.Spec{want}, got, same); diff != "" || len(problems) > 0 {
		t.Errorf("%s%v", diff, problems)
	}
}

func TestNamesStayApart(t *testing.T) {
	a, b, c := spec(t, func(s *slo.Spec) { s.Name = "A.b" }), spec(t, func(s *slo.Spec) { s.Name = "a_b" }), spec(t, func(s *slo.Spec) { s.Name = "a-b"; s.Service = "other" })
	long := spec(t, func(s *slo.Spec) { s.Name = strings.Repeat("x", 80) })
	longer := spec(t, func(s *slo.Spec) { s.Name = strings.Repeat("x", 90) })
	text, problems := openslo.Encode([]*slo.Spec{a, b, c, long, longer})
	specs, _ := load(true, slo.File{Name: "written", Data: text})
	var names []string
	for _, s := range specs {
		names = append(names, s.ID())
	}
	want := []string{"web:a-b", "web:a-b-2", "other:a-b", "web:" + strings.Repeat("x", 63), "web:" + strings.Repeat("x", 61) + "-2"}
	if !reflect.DeepEqual(names, want) || len(problems) != 5 {
		t.Errorf("names %v, want %v; %v", names, want, problems)
	}
}

func TestLatencyByATemplate(t *testing.T) {
	e := openslo.Encoder{Template: func(s *slo.Spec) (bad, total, errorRatio string, problems []slo.Problem) {
		if s.Name == "odd" {
			return "", "", "", []slo.Problem{{Field: "spec.sli.latency.histogram", Message: "is no histogram"}}
		}
		return "bad[{{.window}}]", "total[{{.window}}]", "", nil
	}}
	latency := slo.SLI{Latency: &slo.Latency{Histogram: "seconds", Below: time.Second, Unit: time.Second}}
	text, problems := e.Encode([]*slo.Spec{spec(t, func(s *slo.Spec) { s.SLI = latency }), spec(t, func(s *slo.Spec) { s.SLI, s.Name = latency, "odd" })})
	specs, _ := load(true, slo.File{Name: "written", Data: text})
	if len(specs) != 1 || *specs[0].SLI.Ratio != (slo.Ratio{Bad: "bad[{{.window}}]", Total: "total[{{.window}}]"}) {
		t.Errorf("written %s", text)
	}
	if len(problems) != 2 || problems[0].Severity != slo.Warning || problems[1].Message != "is no histogram" || problems[1].SLO != "web:odd" {
		t.Errorf("problems %v", problems)
	}
}
