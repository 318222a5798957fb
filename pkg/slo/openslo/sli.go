package openslo

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// sli checks an SLI by itself.
func (c *checker) sli(base string, s *sliSpec) {
	c.description(base, s.Description)
	switch {
	case s.RatioMetric != nil && s.ThresholdMetric != nil:
		c.fail(base, "has both ratioMetric and thresholdMetric", "keep one of the two")
	case s.RatioMetric != nil:
		c.ratio(base+".ratioMetric", s.RatioMetric)
	case s.ThresholdMetric != nil:
		c.metric(base+".thresholdMetric", s.ThresholdMetric)
	default:
		c.fail(base, "has neither ratioMetric nor thresholdMetric", "write one of the two")
	}
}

func (c *checker) ratio(base string, r *ratioMetric) {
	switch {
	case r.Raw != nil && (r.Total != nil || r.Good != nil || r.Bad != nil):
		c.fail(base+".raw", "stands beside good, bad or total", "keep raw alone, or total with good or bad")
	case r.Raw != nil:
		c.raw(base, r)
	case r.Good != nil && r.Bad != nil:
		c.fail(base, "has both good and bad", "keep one of the two")
	case r.Total == nil:
		c.fail(base+".total", "is missing", "write total, with good or bad; or raw alone")
	case r.Good == nil && r.Bad == nil:
		c.fail(base, "has neither good nor bad", "write one of the two beside total")
	}
	for name, m := range map[string]*metric{"good": r.Good, "bad": r.Bad, "total": r.Total, "raw": r.Raw} {
		if m != nil {
			c.metric(base+"."+name, m)
		}
	}
	if r.RawType != "" && r.Raw == nil {
		c.warn(base+".rawType", "is of use with raw only", "remove it")
	}
}

func (c *checker) raw(base string, r *ratioMetric) {
	switch r.RawType {
	case "success", "failure":
	case "":
		c.fail(base+".rawType", "is missing", "write success where 1 is good, failure where 1 is bad")
	default:
		c.fail(base+".rawType", fmt.Sprintf("%q is neither success nor failure", shorten(r.RawType)), "write one of the two")
	}
}

// indicator is an SLI that an SLO uses: a ratio, or a metric for a threshold.
type indicator struct {
	ratio  *slo.Ratio
	metric string
	// dialect is the language of its queries, if that is not quite PromQL.
	dialect string
	// fields says where what is.
	fields map[string]string
	// shared: other SLOs may use it too.
	shared bool
}

// use finds out what an SLI means for the SLO that has it at base.
func (c *checker) use(base string, s *sliSpec, in *slo.Library) indicator {
	i := indicator{fields: map[string]string{"spec.sli": base}}
	read := func(native, name string, m *metric) string {
		if m == nil {
			return ""
		}
		text, at, dialect := c.query(base+"."+name, m, in)
		i.fields[native], i.dialect = at, cmp.Or(i.dialect, dialect)
		return text
	}
	if r := s.RatioMetric; r != nil {
		i.fields["spec.sli.ratio"] = base + ".ratioMetric"
		i.ratio = &slo.Ratio{
			Total:      read("spec.sli.ratio.total", "ratioMetric.total", r.Total),
			Good:       read("spec.sli.ratio.good", "ratioMetric.good", r.Good),
			Bad:        read("spec.sli.ratio.bad", "ratioMetric.bad", r.Bad),
			ErrorRatio: errorRatio(read("spec.sli.ratio.errorRatio", "ratioMetric.raw", r.Raw), r.RawType),
		}
		if at, ok := i.fields["spec.sli.ratio.errorRatio"]; ok {
			i.fields["spec.sli.ratio.total"] = at // which Validate asks for when raw is empty
		}
		c.counter(base+".ratioMetric.counter", r.Counter, i.ratio)
	} else {
		i.fields["spec.sli.threshold"] = base + ".thresholdMetric"
		i.metric = read("spec.sli.threshold.metric", "thresholdMetric", s.ThresholdMetric)
	}
	return i
}

// errorRatio turns the share of successes round.
func errorRatio(raw, rawType string) string {
	if raw == "" || rawType != "success" {
		return raw
	}
	if strings.Contains(raw, "#") {
		raw += "\n" // a comment ends with its line
	}
	return "1 - (" + raw + ")"
}

// counter warns of gauges, which a bare selector does not mean to us.
func (c *checker) counter(field string, counter *bool, r *slo.Ratio) {
	if counter != nil && !*counter && (bare(r.Total) || bare(r.Good) || bare(r.Bad)) {
		c.warn(field, "is false, and a metric without a function is counted by its increases", "write counter: true, or what to do with a gauge")
	}
}

// bare reports whether a query is a metric without any function.
func bare(query string) bool { return query != "" && !strings.Contains(query, "(") }
