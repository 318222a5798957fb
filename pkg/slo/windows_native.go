package slo

import (
	"fmt"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// nativeEarlier is an objective that held until a time.
type nativeEarlier struct {
	Objective nativeObjective `yaml:"objective" need:"the percentage that was promised, such as 99.5%"`
	Until     nativeMoment    `yaml:"until" need:"when the next one took its place, such as 2026-04-01T00:00:00Z"`
}

// window is the first of the windows, and also are the others.
func (s *nativeSpec) window() (first Window, also []Window) {
	if s.Window != nil {
		return s.Window.Window, nil
	}
	for i, w := range s.Windows {
		if i == 0 {
			first = w.Window
			continue
		}
		also = append(also, w.Window)
	}
	return first, also
}

func (s *nativeSpec) earlier() (list []Earlier) {
	for _, e := range s.EarlierObjectives {
		list = append(list, Earlier{Objective: e.Objective.Objective, Until: e.Until.Time})
	}
	return list
}

// fields says where the document has what stands elsewhere in most.
func (s *nativeSpec) fields() map[string]string {
	fields := s.Composite.fields()
	if s.Window != nil || s.Windows == nil {
		return fields
	}
	if fields == nil {
		fields = map[string]string{}
	}
	fields["spec.window"] = "spec.windows[0]"
	if len(s.Windows) == 0 {
		fields["spec.window"] = "spec.windows"
	}
	return fields
}

// MaxWindows bounds the windows of an SLO.
const MaxWindows = 4

// windows checks every window, and that no two are the same.
func (v *validator) windows() {
	v.window("spec.window", v.spec.Window)
	if n := len(v.spec.Also) + 1; n > MaxWindows {
		v.fail("spec.windows", fmt.Sprintf("has %d windows, more than the %d allowed", n, MaxWindows), "remove some")
	}
	all := v.spec.Windows()
	for i, w := range all[1:] {
		field := strictyaml.Index("spec.windows", i+1)
		v.window(field, w)
		if slices.ContainsFunc(all[:i+1], func(o Window) bool { return o.String() == w.String() }) {
			v.fail(field, fmt.Sprintf("%s is there twice", w), "remove one of them")
		}
	}
}

// shortest is the length of the shortest window.
func (v *validator) shortest() time.Duration {
	shortest := v.spec.Window.Nominal()
	for _, w := range v.spec.Also {
		shortest = min(shortest, w.Nominal())
	}
	return shortest
}

// earlier checks that the earlier objectives follow each other in time.
func (v *validator) earlier() {
	const field = "spec.earlierObjectives"
	list := v.spec.Earlier
	if len(list) > maxEarlier {
		v.fail(field, fmt.Sprintf("has %d objectives, more than the %d allowed", len(list), maxEarlier), "remove those that no window reaches back to")
	}
	for i, e := range list {
		at := strictyaml.Index(field, i)
		next := v.spec.Objective
		if i+1 < len(list) {
			next = list[i+1].Objective
		}
		switch {
		case e.Objective.Budget() <= 0:
			v.fail(at+".objective", "is missing", "write a percentage such as 99.5%")
		case e.Objective.Budget() == next.Budget():
			v.fail(at+".objective", fmt.Sprintf("%s is also the one that comes after it", e.Objective), "remove the entry")
		}
		switch {
		case e.Until.IsZero():
			v.fail(at+".until", "is missing", "write when the next one took its place, such as 2026-04-01T00:00:00Z")
		case i > 0 && !list[i-1].Until.Before(e.Until):
			v.fail(at+".until", "is not after that of the entry before it", "sort them, the oldest first")
		}
	}
}

// maxEarlier bounds the earlier objectives of an SLO.
const maxEarlier = 100
