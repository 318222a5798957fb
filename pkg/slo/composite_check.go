package slo

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Bounds of what a Composite may say.
const (
	// MinSlices is how many slices a composite's window has at least: with
	// fewer, one bad slice is the whole budget.
	MinSlices = 10
	// MinLateAfter: samples are on their way for some seconds even where all is
	// well.
	MinLateAfter = 10 * time.Second
	// MaxLateAfter: a composite is judged that much later.
	MaxLateAfter = time.Hour
)

// composite checks an SLO that is made of others by itself; Link knows whether
// they are there.
func (v *validator) composite(c *Composite) {
	const field = "spec.composite"
	s := v.spec
	if s.SLI != (SLI{}) {
		v.fail("spec.sli", "stands beside spec.composite", "keep one of the two")
	}
	if len(s.GroupBy) > 0 {
		v.fail("spec.groupBy", "is of no use to a composite: of a part with groups all groups count together", "remove it")
	}
	if s.Budgeting != (Budgeting{}) {
		v.fail("spec.budgeting", "is of no use to a composite, whose method says it", "remove it")
	}
	if s.Source != "" {
		v.fail("spec.source", "is of no use to a composite: its parts have sources", "remove it")
	}
	v.compositeSlice(field+".slice", c.Slice)
	if l := c.Late.After; l != 0 && (l < MinLateAfter || l > MaxLateAfter) {
		v.fail(field+".late.after", fmt.Sprintf("must be between %s and %s, not %s", FormatDuration(MinLateAfter), FormatDuration(MaxLateAfter), FormatDuration(l)),
			"remove it for the default of "+FormatDuration(DefaultLateAfter))
	}
	if len(c.Parts) == 0 {
		v.fail(field+".of", "is empty", "write a list such as [{slo: checkout/availability, weight: 2}, {slo: payments/latency}]")
	}
	v.parts(field+".of", c.Parts)
}

func (v *validator) compositeSlice(field string, slice time.Duration) {
	switch longest := v.spec.Window.Nominal(); {
	case slice < time.Minute || slice%time.Minute != 0:
		v.fail(field, FormatDuration(slice)+" is not a whole number of minutes", "write "+FormatDuration(max(time.Minute, slice.Round(time.Minute))))
	case longest > 0 && slice > longest/MinSlices:
		v.fail(field, fmt.Sprintf("%s is longer than a tenth of the window of %s", FormatDuration(slice), FormatDuration(longest)), "write a shorter slice, such as 1m")
	}
}

func (v *validator) parts(field string, parts []Part) {
	first := map[string]int{}
	for i, p := range parts {
		at := strictyaml.Index(field, i)
		service, name, _ := strings.Cut(p.SLO, ":")
		before, twice := first[p.SLO]
		switch {
		case !namePattern.MatchString(service) || !namePattern.MatchString(name):
			v.fail(at+".slo", fmt.Sprintf("%q does not name an SLO", shorten(p.SLO)), "write service/name, or the name alone for one of the same service")
		case twice:
			v.fail(at+".slo", fmt.Sprintf("%s is the part %s already", p.SLO, v.spec.field(strictyaml.Index(field, before))), "remove one of the two, and add their weights")
		}
		if !twice {
			first[p.SLO] = i
		}
		if !(p.Weight > 0) || math.IsInf(p.Weight, 0) {
			v.fail(at+".weight", fmt.Sprintf("must be above 0, not %v", p.Weight), "write 1, or remove the part")
		}
	}
}
