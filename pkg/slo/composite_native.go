package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// nativeComposite is a composite as documents write it: a list of parts, or a
// mapping that says more.
type nativeComposite struct {
	Method nativeCompositeMethod `yaml:"method"`
	Slice  *time.Duration        `yaml:"slice"`
	Late   nativeLate            `yaml:"late"`
	Of     []nativePart          `yaml:"of" need:"a list such as [{slo: checkout/availability, weight: 2}, {slo: payments/latency}]"`
	said   bool
	short  bool
}

type nativePart struct {
	SLO    string   `yaml:"slo" need:"an SLO's name, such as checkout/availability"`
	Weight *float64 `yaml:"weight"`
}

type nativeLate struct {
	After *time.Duration `yaml:"after"`
	As    nativeLateAs   `yaml:"as"`
}

type (
	nativeCompositeMethod struct{ CompositeMethod }
	nativeLateAs          struct{ LateAs }
)

// UnmarshalValue reads both forms.
func (c *nativeComposite) UnmarshalValue(v strictyaml.Value) {
	c.said = true
	if v.IsMapping() {
		type long nativeComposite // without this method
		v.Decode((*long)(c))
		return
	}
	c.short = true
	v.Decode(&c.Of)
}

// UnmarshalValue reads a method's name.
func (m *nativeCompositeMethod) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	method, ok := ParseCompositeMethod(text)
	if !ok {
		v.Report(fmt.Sprintf("%q is not a method of composites", shorten(text)), strictyaml.Suggest(text, namesOf(compositeNames)))
		return
	}
	m.CompositeMethod = method
}

// UnmarshalValue reads what a late part counts as.
func (l *nativeLateAs) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	as, ok := ParseLateAs(text)
	if !ok {
		v.Report(fmt.Sprintf("%q is not what a late part can count as", shorten(text)), strictyaml.Suggest(text, namesOf(lateNames)))
		return
	}
	l.LateAs = as
}

// namesOf lists the names of an enumeration in its order.
func namesOf[T ~int](names map[T]string) (list []string) {
	for i := range len(names) {
		list = append(list, names[T(i)])
	}
	return list
}

// composite says the same as a Composite; nil for nothing. Parts without a
// service are of the same one.
func (c *nativeComposite) composite(service string) *Composite {
	if !c.said {
		return nil
	}
	out := &Composite{
		Method: c.Method.CompositeMethod, Slice: valueOr(c.Slice, time.Minute),
		Late: LatePolicy{After: valueOr(c.Late.After, 0), As: c.Late.As.LateAs},
	}
	for _, p := range c.Of {
		out.Parts = append(out.Parts, Part{SLO: partID(service, p.SLO), Weight: valueOr(p.Weight, 1)})
	}
	return out
}

// partID is the ID that "service/name", "service:name" or "name" means.
func partID(service, name string) string {
	if i := strings.IndexAny(name, "/:"); i >= 0 {
		return name[:i] + ":" + name[i+1:]
	}
	return service + ":" + name
}

// fields say where the short form has what the long one writes.
func (c *nativeComposite) fields() map[string]string {
	if !c.short {
		return nil
	}
	return map[string]string{"spec.composite.of": "spec.composite"}
}

// problems are those that a Composite no longer shows.
func (c *nativeComposite) problems() (ps []Problem) {
	if c.Late.After != nil && *c.Late.After == 0 {
		ps = append(ps, Problem{Field: "spec.composite.late.after", Message: "must not be 0: samples need time to come", Fix: "remove it for the default of " + FormatDuration(DefaultLateAfter)})
	}
	if c.Method.CompositeMethod != AnyBad {
		return ps
	}
	if i := slices.IndexFunc(c.Of, func(p nativePart) bool { return p.Weight != nil }); i >= 0 {
		field := strictyaml.Index("spec.composite.of", i) + ".weight"
		ps = append(ps, Problem{Field: field, Message: "is of no use to any_bad: each part counts alike", Fix: "remove it"})
	}
	return ps
}

type writtenComposite struct {
	Method string        `yaml:"method,omitempty"`
	Slice  string        `yaml:"slice,omitempty"`
	Late   writtenLate   `yaml:"late,omitempty,flow"`
	Of     []writtenPart `yaml:"of"`
}

type writtenPart struct {
	SLO    string  `yaml:"slo"`
	Weight float64 `yaml:"weight,omitempty"`
}

type writtenLate struct {
	After string `yaml:"after,omitempty"`
	As    string `yaml:"as,omitempty"`
}

// writeComposite takes the short form where that says all; nil for nothing.
func writeComposite(c *Composite) any {
	if c == nil {
		return nil
	}
	out := writtenComposite{}
	for _, p := range c.Parts {
		part := writtenPart{SLO: strings.Replace(p.SLO, ":", "/", 1)}
		if p.Weight != 1 {
			part.Weight = p.Weight
		}
		out.Of = append(out.Of, part)
	}
	if c.Method != Weighted {
		out.Method = c.Method.String()
	}
	if c.Slice != time.Minute {
		out.Slice = FormatDuration(c.Slice)
	}
	if c.Late.After != 0 {
		out.Late.After = FormatDuration(c.Late.After)
	}
	if c.Late.As != LateLeftOut {
		out.Late.As = c.Late.As.String()
	}
	if out.Method == "" && out.Slice == "" && out.Late == (writtenLate{}) {
		return out.Of
	}
	return out
}
