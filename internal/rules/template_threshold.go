package rules

import (
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// threshold writes a gauge: by slices of time, or sample by sample.
func (w *writer) threshold(t *slo.Threshold) Template {
	v := w.selector("spec.sli.threshold.metric", t.Metric)
	switch {
	case v == nil:
		return Template{}
	case t.PerSample:
		return w.samples(v, t)
	}
	return w.slices(v, t)
}

// slices looks at each slice of time once, through a subquery whose step is
// the slice: bad when the highest or lowest of its samples is out of bounds.
func (w *writer) slices(v *parser.VectorSelector, t *slo.Threshold) Template {
	slice := t.Slice
	if slice <= 0 {
		slice = time.Minute
	}
	step := slo.FormatDuration(slice)
	w.problem(slo.Warning, "spec.sli.threshold.slice",
		"a subquery reads the slices of "+step+": those that the ends of the window cut, and samples exactly between two slices, may count differently", "")
	in := func(function string) string { return function + "(" + v.String() + "[" + step + "])" }
	highest, lowest := w.aggregated("max", in("max_over_time")), w.aggregated("min", in("min_over_time"))
	over := "[" + promql.Window + ":" + step + "]"
	return Template{
		Bad:   "sum_over_time((" + outside(t, highest, lowest) + ")" + over + ")",
		Total: "count_over_time(" + w.aggregated("count", in("count_over_time")) + over + ")",
	}
}

// outside is 1 when a value is bad and 0 when it is good.
func outside(t *slo.Threshold, highest, lowest string) string {
	above, below := " > bool ", " < bool "
	if t.Exclusive {
		above, below = " >= bool ", " <= bool "
	}
	var parts []string
	if t.Below != nil {
		parts = append(parts, highest+above+number(*t.Below))
	}
	if t.Above != nil {
		parts = append(parts, lowest+below+number(*t.Above))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "clamp_max((" + strings.Join(parts, ") + (") + "), 1)"
}

// samples: of a gauge that is 1 or 0 the good ones are their sum. Of another
// one the values are seen only where a subquery looks.
func (w *writer) samples(v *parser.VectorSelector, t *slo.Threshold) Template {
	const field = "spec.sli.threshold.perSample"
	over := v.String() + "[" + promql.Window + "]"
	if up(t) {
		w.problem(slo.Warning, field, "the rules add the gauge's samples up: they are right where it is only ever 0 or 1", "")
		total := w.summed("count_over_time(" + over + ")")
		return Template{Bad: total + " - " + w.summed("sum_over_time("+over+")"), Total: total}
	}
	w.problem(slo.Warning, field, "a subquery looks at the gauge once in each evaluation interval, not at each sample", "")
	at := "[" + promql.Window + ":]"
	return Template{
		Bad:   w.summed("sum_over_time((" + outside(t, v.String(), v.String()) + ")" + at + ")"),
		Total: w.summed("count_over_time(" + v.String() + at + ")"),
	}
}

// up reports whether 1 is good and 0 is bad.
func up(t *slo.Threshold) bool {
	return t.Below == nil && t.Above != nil && *t.Above == 1 && !t.Exclusive
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
