package openslo

import (
	"fmt"
	"maps"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// objective reads one objective into the promise. ok tells whether the
// indicator is known.
func (c *checker) objective(base string, o *objective, p *promise, i indicator, ok bool) {
	target, field := c.share(base, o)
	one := promised{display: o.DisplayName, objective: target, indicator: i, weight: 1}
	one.fields = map[string]string{"spec.objective": field}
	one.budgeting = c.slices(base, o, p.method)
	if ok && i.ratio == nil {
		one.threshold = c.threshold(base, o, i)
	} else if ok {
		c.unused(base, o, i)
	}
	c.weight(base+".compositeWeight", o, p, &one)
	one.fields["spec.sli.threshold.above"] = base + ".value"
	one.fields["spec.sli.threshold.below"] = base + ".value"
	one.fields["spec.sli.threshold.slice"] = base + ".timeSliceWindow"
	one.fields["spec.budgeting.slice"] = base + ".timeSliceWindow"
	one.fields["spec.budgeting.target"] = base + ".timeSliceTarget"
	if ok {
		maps.Copy(one.fields, i.fields)
		p.objectives = append(p.objectives, one)
	}
}

// share reads target or targetPercent.
func (c *checker) share(base string, o *objective) (target slo.Objective, field string) {
	var err error
	field, fix := base+".target", "write a number such as 0.999"
	switch {
	case o.Target != nil && o.TargetPercent != nil:
		c.fail(base, "has both target and targetPercent", "keep one of the two")
		return target, field
	case o.Target != nil:
		if o.Target.value > 1 && o.Target.value < 100 {
			fix = "write targetPercent: " + o.Target.text
		}
		target, err = slo.ParseObjective(o.Target.decimal())
	case o.TargetPercent != nil:
		field, fix = base+".targetPercent", "write a number such as 99.9"
		target, err = slo.ParseObjective(o.TargetPercent.decimal() + "%")
	default:
		c.fail(base, "has neither target nor targetPercent", "write target: 0.999")
		return target, field
	}
	if err != nil {
		c.fail(field, err.Error(), fix)
	} else if o.TargetPercent != nil && o.TargetPercent.value <= 1 {
		c.warn(field, "promises "+target.String()+" or less of all events", "write target: if a ratio is meant")
	}
	return target, field
}

// slices reads how events become budget.
func (c *checker) slices(base string, o *objective, method slo.Method) (b slo.Budgeting) {
	b.Method = method
	switch method {
	case slo.Timeslices:
		b.Target = c.sliceTarget(base+".timeSliceTarget", o.TimeSliceTarget)
		fallthrough
	case slo.RatioTimeslices:
		b.Slice = c.sliceWindow(base+".timeSliceWindow", o.TimeSliceWindow)
	}
	if method != slo.Timeslices && o.TimeSliceTarget != nil {
		c.warn(base+".timeSliceTarget", "is of use with budgetingMethod: Timeslices only", "remove it")
	}
	if w := o.TimeSliceWindow; method == slo.Occurrences && w.text != "" {
		say := func(field, message, taken, fix string) { c.warn(field, message, fix) }
		if _, _, ok := w.length(); !ok {
			say = c.odd
		}
		say(base+".timeSliceWindow", "is of no use with budgetingMethod: Occurrences", "", "remove it")
	}
	return b
}

func (c *checker) sliceTarget(field string, n *number) float64 {
	const fix = "write the least share of good events in a good slice, such as 0.95"
	switch {
	case n == nil && c.Strict:
		c.fail(field, "is missing", fix)
	case n == nil:
		c.unserved(field, "is missing, without which no slice is good or bad", fix)
	case n.value <= 0 || n.value > 1:
		c.fail(field, fmt.Sprintf("must be above 0 and at most 1, not %s", n.text), fix)
	default:
		return n.value
	}
	return 0
}

// sliceWindow may be a bare number: minutes.
func (c *checker) sliceWindow(field string, d duration) time.Duration {
	if d.bare {
		c.odd(field, "is a number without a unit", "minutes are taken", fmt.Sprintf("write %sm", d.text))
		d = duration{text: d.text + "m"}
	}
	return c.duration(field, d, "5m")
}

// threshold compares samples: lt and gt leave the value itself bad.
func (c *checker) threshold(base string, o *objective, i indicator) *slo.Threshold {
	t := &slo.Threshold{Metric: i.metric, PerSample: true, Exclusive: o.Op == "lt" || o.Op == "gt"}
	bound := new(float64) // where there is none, that has been said
	if o.Value == nil {
		c.fail(base+".value", "is missing", "write the value that samples are compared with")
	} else {
		*bound = o.Value.value
	}
	t.Above = bound
	switch o.Op {
	case "gt", "gte":
	case "lt", "lte":
		t.Above, t.Below = nil, bound
	case "":
		c.fail(base+".op", "is missing", "write lt, lte, gt or gte: how good samples compare with the value")
	default:
		c.fail(base+".op", fmt.Sprintf("%q is not an operator", shorten(o.Op)), "write lt, lte, gt or gte")
	}
	return t
}

// unused: a ratio is compared with nothing. The official library looks into
// inline SLIs only.
func (c *checker) unused(base string, o *objective, i indicator) {
	say := c.odd
	if i.shared {
		say = func(field, message, taken, fix string) { c.warn(field, message+": "+taken, fix) }
	}
	const message, taken, fix = "is for a thresholdMetric", "it is ignored", "remove it"
	if o.Op != "" {
		say(base+".op", message, taken, fix)
	}
	if o.Value != nil {
		say(base+".value", message, taken, fix)
	}
}
