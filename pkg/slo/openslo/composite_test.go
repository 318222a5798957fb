package openslo_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/openslo"
)

// journeys are the composites of the corpus with their parts, by name.
func journeys(t *testing.T) map[string][]*slo.Spec {
	t.Helper()
	data, err := os.ReadFile("testdata/composite.yaml")
	if err != nil {
		t.Fatal(err)
	}
	specs, _ := load(false, slo.File{Name: "composite.yaml", Data: data})
	all := map[string][]*slo.Spec{}
	for i, s := range specs {
		if s.Composite != nil {
			all[s.Name] = specs[i-len(s.Composite.Parts) : i+1]
		}
	}
	return all
}

func TestCompositesGoRound(t *testing.T) {
	all := journeys(t)
	if len(all) != 4 {
		t.Errorf("%d composites", len(all))
	}
	for name, specs := range all {
		text, problems := openslo.Encode(specs)
		if len(problems) > 0 || strings.Contains(string(text), "---") {
			t.Errorf("%s: %v, want one document:\n%s", name, problems, text)
		}
		again, problems := load(true, slo.File{Name: "written", Data: text})
		if slo.AnyError(problems) {
			t.Errorf("%s: %v of\n%s", name, problems, text)
		}
		if diff := cmp.Diff(specs, again, same); diff != "" {
			t.Errorf("%s: -read +read again\n%s", name, diff)
		}
		if kept, problems := slo.Link(again, nil); len(kept) != len(specs) {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// What OpenSLO cannot say of a composite is said; its parts are written.
func TestCompositesThatCannotBeSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(parts []*slo.Spec, whole *slo.Spec)
		want   string
	}{
		"others":    {func(parts []*slo.Spec, _ *slo.Spec) { parts[1].Name = "other" }, "spec.objectives[1].slo: shop:weighed-journey-paying is not an objective of this SLO alone"},
		"window":    {func(parts []*slo.Spec, _ *slo.Spec) { parts[0].Window.Rolling += time.Hour }, "spec.objectives[0].slo: shop:weighed-journey-searching is not an objective"},
		"method":    {func(_ []*slo.Spec, whole *slo.Spec) { whole.Composite.Method = slo.Weighted }, "spec.composite.method: weighted of an SLO that is budgeted by occurrences"},
		"objective": {func(parts []*slo.Spec, whole *slo.Spec) { whole.Objective = parts[0].Objective }, "spec.objective: cannot be said in OpenSLO, where a composite promises what the strictest"},
		"slice":     {func(_ []*slo.Spec, whole *slo.Spec) { whole.Composite.Slice = time.Hour }, "spec.composite.slice: cannot be said"},
		"late":      {func(_ []*slo.Spec, whole *slo.Spec) { whole.Composite.Late.As = slo.LateBad }, "spec.composite.late: cannot be said"},
		"one":       {func(_ []*slo.Spec, whole *slo.Spec) { whole.Composite.Parts = whole.Composite.Parts[1:] }, "spec.composite: has one part"},
	} {
		t.Run(name, func(t *testing.T) {
			specs := journeys(t)["weighed-journey"]
			whole := specs[2]
			c.change(specs, whole)
			whole.Fields = map[string]string{"spec.composite.of": "spec.objectives"}
			text, problems := openslo.Encode(specs)
			if len(problems) != 1 || !strings.HasPrefix(problems[0].Field+": "+problems[0].Message, c.want) {
				t.Errorf("%v, want %s", problems, c.want)
			}
			if n := strings.Count(string(text), "kind: SLO"); n != 2 {
				t.Errorf("%d documents, want those of the parts:\n%s", n, text)
			}
		})
	}
}
