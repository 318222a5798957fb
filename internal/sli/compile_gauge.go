package sli

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func (c *compiler) threshold(t *slo.Threshold) {
	const field = "spec.sli.threshold.metric"
	expr, ok := c.parse(field, t.Metric)
	if !ok {
		return
	}
	v, ok := expr.(*parser.VectorSelector)
	if !ok {
		c.problem(field, fmt.Sprintf("`%s` is not a plain selector", expr), "write the gauge's name with label matchers; each of its series is compared")
		return
	}
	c.gauge(field, v, t)
}

// gauge compares the samples of a selector.
func (c *compiler) gauge(field string, v *parser.VectorSelector, t *slo.Threshold) {
	if c.unfit(field, v) {
		return
	}
	c.program.threshold = t
	c.add(term{name: metricName(v.LabelMatchers), matchers: v.LabelMatchers, role: roleGauge, weight: budget.Counts{}})
}

// needsOne is why gauges that are not 1 while all is well are refused: of one
// that is 1 when something is wrong, and of a ready-made error ratio, the mean
// looks the same, and they count differently.
const needsOne = "only of a gauge that is 1 while all is well, and else 0, are the samples events; write 1 - avg_over_time() of one"

// mean reads the share of a gauge's samples that are 1: each is an event, bad
// when below 1. All series count together, as they do in avg() of series that
// are sampled alike.
func (c *compiler) mean(field string, e *parser.Call, good bool) {
	m, ok := promql.Bare(e.Args[0]).(*parser.MatrixSelector)
	switch {
	case !ok:
		c.cannot(field, e.Args[0], "a subquery does not see each sample once")
	case !good:
		c.cannot(field, e, needsOne)
	default:
		c.gauge(field, m.VectorSelector.(*parser.VectorSelector), upOf())
	}
}

// upOf is the threshold that a gauge of 0 and 1 is good by.
func upOf() *slo.Threshold {
	up := 1.0
	return &slo.Threshold{Above: &up, PerSample: true}
}

// samples reads sum_over_time(g) as the good ones of count_over_time(g), or
// their difference as the bad ones.
func (c *compiler) samples(part, whole counted, good bool) {
	sum := part.addends[0]
	if !good {
		if len(part.addends) != 2 || !part.addends[0].isCount() || !part.addends[1].minus {
			c.cannot(part.field, part.expr, needsOne)
			return
		}
		sum = part.addends[1]
		sum.minus = false
	}
	number := whole.addends[0]
	switch {
	case len(whole.addends) != 1 || !number.isCount():
		c.cannot(whole.field, whole.expr, "the samples of a gauge are a part of count_over_time() of it, and of nothing else")
	case good && len(part.addends) != 1, sum.role != roleGauge, sum.samples, sum.minus,
		sum.selector.String() != number.selector.String(), !sum.unit.fits(number.unit):
		c.cannot(part.field, part.expr, "it is not sum_over_time() of the gauge whose samples are counted")
	default:
		c.gauge(part.field, number.selector, upOf())
	}
}

// isCount: count_over_time of a gauge.
func (a addend) isCount() bool { return a.role == roleGauge && a.samples && !a.minus }
