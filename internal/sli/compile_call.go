package sli

import (
	"math"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
)

// uncountable says why calls that people try cannot be counted.
var uncountable = map[string]string{
	"irate":              "irate() sees only the last two samples of its range; rate() counts them all",
	"idelta":             "idelta() sees only the last two samples of its range; increase() counts them all",
	"delta":              "delta() is for gauges; increase() knows when a counter begins anew",
	"label_replace":      "a series is counted by the labels that it arrives with",
	"label_join":         "a series is counted by the labels that it arrives with",
	"histogram_fraction": "it is a share of events; times histogram_count() of the same it is their number",
	"histogram_quantile": "it is a quantile; a number of events within a threshold is a bucket, or histogram_fraction()",
	"histogram_sum":      "it is a sum of what was observed, not of events",
	"histogram_avg":      "it is a mean of what was observed, not a number of events",
	"avg_over_time":      "it is a mean, not a number of events; in errorRatio, 1 - avg_over_time() can be counted",
	"absent":             "what is absent does not arrive",
	"absent_over_time":   "what is absent does not arrive",
}

// call: what turns counters, histograms and gauges into numbers of events.
func (c *compiler) call(field string, e *parser.Call) []addend {
	switch e.Func.Name {
	case "rate":
		return c.overTime(field, e, addend{role: roleCounter, unit: unit{1, time.Second}})
	case "increase":
		return c.overTime(field, e, addend{role: roleCounter, unit: unit{factor: 1}})
	case "sum_over_time", "count_over_time":
		return c.overTime(field, e, addend{role: roleGauge, unit: unit{1, time.Second}, samples: e.Func.Name == "count_over_time"})
	case "histogram_count":
		return c.events(field, e)
	case "clamp_min":
		if least, ok := promql.Constant(e.Args[1]); ok && least == 0 {
			return c.positive(field, e, e.Args[0])
		}
	}
	why := uncountable[e.Func.Name]
	if why == "" {
		why = "only rate() and increase() of a counter can be counted"
	}
	c.cannot(field, e, why)
	return nil
}

// overTime is a function of a range of samples.
func (c *compiler) overTime(field string, e *parser.Call, a addend) []addend {
	m, ok := promql.Bare(e.Args[0]).(*parser.MatrixSelector)
	if !ok {
		return c.sum(field, e.Args[0]) // a subquery
	}
	if a.unit.per == 0 {
		a.unit.per = m.Range
	}
	a.expr = e
	return c.selected(field, m.VectorSelector.(*parser.VectorSelector), a)
}

// events are all those of a native histogram.
func (c *compiler) events(field string, e *parser.Call) []addend {
	list := c.sum(field, e.Args[0])
	for i := range list {
		if list[i].role != roleCounter {
			c.cannot(field, e, "its argument is no histogram")
			return nil
		}
		list[i].role, list[i].expr = roleEvents, e
	}
	return list
}

// fastOf reads histogram_fraction(0, L, h) * histogram_count(h), in either
// order: the events that took at most L.
func (c *compiler) fastOf(field string, e *parser.BinaryExpr) []addend {
	share, number := promql.CallOf(e.LHS, "histogram_fraction"), promql.CallOf(e.RHS, "histogram_count")
	if share == nil {
		share, number = promql.CallOf(e.RHS, "histogram_fraction"), promql.CallOf(e.LHS, "histogram_count")
	}
	switch {
	case share == nil || number == nil:
		c.cannot(field, e, "only numbers, and histogram_count() of a histogram_fraction(), can be multiplied with")
		return nil
	case promql.String(promql.Bare(share.Args[2])) != promql.String(promql.Bare(number.Args[0])):
		c.cannot(field, e, "the share is of one histogram and the number of another")
		return nil
	}
	return c.fast(field, share)
}

// fast are the events of histogram_fraction(0, L, h). Prometheus guesses how
// those of the bucket in which L falls are spread; here that bucket is not
// fast, and what it leaves open is shown.
func (c *compiler) fast(field string, e *parser.Call) []addend {
	lower, fixed := promql.Constant(e.Args[0])
	upper, limited := promql.Constant(e.Args[1])
	if !fixed || !limited || !(lower == 0 || math.IsInf(lower, -1)) || !(upper > 0) || math.IsInf(upper, 1) {
		c.cannot(field, e, "only the share from 0 to a threshold can be counted")
		return nil
	}
	list := c.sum(field, e.Args[2])
	for i := range list {
		if list[i].role != roleCounter {
			c.cannot(field, e, "its argument is no histogram")
			return nil
		}
		list[i].role, list[i].limits, list[i].expr = roleFast, limits{upper, lower == 0}, e
	}
	return list
}
