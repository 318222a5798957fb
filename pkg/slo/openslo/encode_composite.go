package openslo

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

func byID(specs []*slo.Spec) map[string]*slo.Spec {
	known := make(map[string]*slo.Spec, len(specs))
	for _, s := range specs {
		known[s.ID()] = s
	}
	return known
}

// composite writes the parts as objectives with SLIs of their own.
func (w *writer) composite() (method string, list []writtenObjective) {
	if problems := unsayable(w.spec, w.known); len(problems) > 0 {
		w.problems = append(w.problems, problems...)
		return "", nil
	}
	for _, p := range w.spec.Composite.Parts {
		part := w.known[p.SLO]
		one := writer{Encoder: w.Encoder, spec: part}
		o := writtenObjective{DisplayName: displayOf(part, w.spec), TargetPercent: numeral(strings.TrimSuffix(part.Objective.String(), "%"))}
		method = one.budgeting(&o)
		o.Indicator = &writtenInline{Metadata: writtenMetadata{Name: part.Name}, Spec: one.sli(&o)}
		if p.Weight != 1 {
			o.CompositeWeight = p.Weight
		}
		list, w.problems = append(list, o), append(w.problems, one.problems...)
	}
	return method, list
}

// displayOf is the end of a part's name, behind the composite's.
func displayOf(part, whole *slo.Spec) string {
	return strings.TrimPrefix(part.Name, whole.Name+"-")
}

// unsayable says why a composite is none of OpenSLO's: there, the parts are one
// document with it, and promise over the same window by the same method.
func unsayable(s *slo.Spec, known map[string]*slo.Spec) (problems []slo.Problem) {
	fail := func(field, message, fix string) {
		problems = append(problems, s.Problem(slo.Error, field, message, fix))
	}
	made, strictest, slice := s.Composite, slo.Objective{}, time.Minute
	for i, p := range made.Parts {
		part := known[p.SLO]
		at := strictyaml.Index("spec.composite.of", i)
		if part == nil || !within(part, s) {
			fail(at+".slo", fmt.Sprintf("%s is not an objective of this SLO alone, which is what OpenSLO makes composites of", p.SLO), "keep this SLO in the engine")
			return problems
		}
		if compositeMethods[methodOf(part)] != made.Method {
			fail("spec.composite.method", fmt.Sprintf("%s of an SLO that is budgeted by %s cannot be said in OpenSLO", made.Method, methodOf(part)), "keep this SLO in the engine")
			return problems
		}
		if part.Objective.Ratio() > strictest.Ratio() {
			strictest = part.Objective
		}
		slice = max(slice, part.Budgeting.Slice)
	}
	switch {
	case len(made.Parts) < 2:
		fail("spec.composite", "has one part: in OpenSLO that is no composite", "keep this SLO in the engine")
	case s.Objective != strictest:
		fail("spec.objective", "cannot be said in OpenSLO, where a composite promises what the strictest of its objectives does", "write "+strictest.String())
	case made.Slice != slice:
		fail("spec.composite.slice", "cannot be said in OpenSLO, where it is that of the objectives", "write "+slo.FormatDuration(slice))
	case made.Late != slo.LatePolicy{}:
		fail("spec.composite.late", "cannot be said in OpenSLO", "keep this SLO in the engine")
	}
	return problems
}

// within reports whether a part is an objective of the composite's document as
// Formats reads one: called after it, and alike in all that they share.
func within(part, whole *slo.Spec) bool {
	display := displayOf(part, whole)
	return part.Composite == nil && part.Service == whole.Service && part.Name != display &&
		slug(display) == display && strings.Trim(display, "0123456789") != "" &&
		part.Description == whole.Description && part.Window == whole.Window && len(part.GroupBy) == 0 &&
		reflect.DeepEqual(part.Labels, whole.Labels) && reflect.DeepEqual(part.Alerting, whole.Alerting) &&
		reflect.DeepEqual(part.Also, whole.Also) && reflect.DeepEqual(part.Earlier, whole.Earlier)
}

// methodOf is the method as OpenSLO has it: slices of a gauge are Timeslices.
func methodOf(s *slo.Spec) slo.Method {
	if t := s.SLI.Threshold; t != nil && !t.PerSample {
		return slo.Timeslices
	}
	return s.Budgeting.Method
}
