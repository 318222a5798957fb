package slo

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// alike are Specs without what says where they were written, and which policy
// their terms came from.
func alike(specs []*Spec) (out []Spec) {
	for _, s := range specs {
		c := *s
		c.Origin, c.Format, c.Fields, c.At = Origin{}, Format{}, nil, ""
		c.Alerting.Policy = ""
		out = append(out, c)
	}
	return out
}

var exactly = cmp.Options{
	cmp.Exporter(func(t reflect.Type) bool { return t == reflect.TypeFor[Objective]() }),
	cmp.Comparer(func(a, b *time.Location) bool { return a == b }),
}

// readAgain loads what Encode writes.
func readAgain(t *testing.T, specs []*Spec) string {
	t.Helper()
	text, err := Encode(specs)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := Load("again.yaml", text)
	for _, p := range problems {
		if p.Severity == Error {
			t.Errorf("%v\n%s", p, text)
		}
	}
	if diff := cmp.Diff(alike(specs), alike(again), exactly); diff != "" {
		t.Errorf("%s\n%s", diff, text)
	}
	return string(text)
}

func TestEncodeExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		specs, problems := Load(file, data)
		if len(specs) == 0 {
			t.Fatal(problems)
		}
		readAgain(t, specs)
	}
}

func TestEncodeEverything(t *testing.T) {
	above, below := 1.0, 2.5e-9
	berlin, err := LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*Spec)) *Spec { s := validSpec(t); change(s); return s }
	specs := []*Spec{
		with(func(s *Spec) {
			s.Name, s.Description, s.Labels = "words", "a: \"b\"\n# no comment\n", map[string]string{"team": "007", "on": "yes", "dots.and/s": "~"}
			s.SLI.Ratio = &Ratio{Total: `sum(rate(a{b="c\"d"}[{{.window}}]))`, Good: "b"}
		}),
		with(func(s *Spec) {
			s.Name, s.SLI.Ratio = "raw", &Ratio{ErrorRatio: `1 - a / b`}
			s.Window = Window{Period: Month, Location: berlin}
		}),
		with(func(s *Spec) { s.Name, s.Window = "week", Window{Period: Week} }),
		with(func(s *Spec) {
			s.Name, s.SLI = "latency", SLI{Latency: &Latency{Histogram: "h", Below: 1500 * time.Microsecond, Unit: time.Millisecond, Errors: `h{code="5"}`}}
		}),
		with(func(s *Spec) {
			s.Name, s.SLI = "gauge", SLI{Threshold: &Threshold{Metric: "g", Above: &above, Exclusive: true, PerSample: true}}
			s.Budgeting = Budgeting{Method: Timeslices, Slice: time.Minute, Target: 1}
		}),
		with(func(s *Spec) {
			s.Name, s.SLI = "slices", SLI{Threshold: &Threshold{Metric: "g", Below: &below, Slice: 90 * time.Second}}
			s.Budgeting = Budgeting{Method: RatioTimeslices, Slice: 5 * time.Minute}
		}),
		with(func(s *Spec) {
			s.Name, s.GroupBy, s.MaxGroups = "alerts", []string{"route", "http.method"}, 7
			s.Labels = map[string]string{"team": "x"}
			s.Budgeting = Budgeting{Method: Timeslices, Slice: 10 * time.Minute, Target: 0.955}
			s.Alerting = Alerting{
				Name: "Burns", Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"runbook_url": "http://r"},
				Critical:   AlertingOf{Disabled: true, Labels: map[string]string{"page": "1"}},
				Warning:    AlertingOf{Annotations: map[string]string{"title": "t"}},
				Severities: map[string]string{"page_slow": "warning"}, NoAbsent: true, AbsentName: "Gone",
			}
		}),
		with(func(s *Spec) {
			zero, few := 0.0, 2.5
			s.Name, s.Alerting.Terms = "terms", AlertTerms{
				Tiers: []Tier{
					{Name: "a", Severity: "critical", Budget: 0.07, Long: time.Hour, Short: 5 * time.Minute, Fixed: true},
					{Name: "b", Severity: "warning", Factor: 14.4, Long: 36 * time.Hour, Short: 90 * time.Second},
					{Name: "c", Severity: "info", Budget: 1.0 / 3, Long: 24 * time.Hour, Short: time.Second, Fixed: true},
					{Name: "d", Budget: 1, Long: 24 * time.Hour, Short: time.Hour, Fixed: true},
				},
				Confidence: &zero, MinBad: &few, NoData: NoData{After: 90 * time.Second, Policy: FreezeNoData},
			}
		}),
		with(func(s *Spec) {
			s.Name, s.Alerting.Terms.NoData.Policy = "silence", BadNoData
		}),
	}
	text := readAgain(t, specs)
	for _, unsaid := range []string{"maxGroups: 1000", "unit: 1s", "slice: 1m\n          perSample", "null", "{}"} {
		if strings.Contains(text, unsaid) {
			t.Errorf("%q goes without saying:\n%s", unsaid, text)
		}
	}
	if _, again := readAgain(t, specs), readAgain(t, specs); again != text {
		t.Error("two encodings differ")
	}
}
