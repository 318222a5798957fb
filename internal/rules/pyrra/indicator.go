package pyrra

import (
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/pyrra"
)

// kind is one of Pyrra's indicators.
type kind int

const (
	ratio kind = iota
	latency
	latencyNative
	boolGauge
)

// indicator is an SLI as Pyrra has it.
type indicator struct {
	kind kind
	// part is the errors of a ratio, and the fast events of a latency.
	part  selector
	total selector
	// below is the threshold of latencyNative in the histogram's unit.
	below float64
}

// read finds the indicator that says what the SLI does.
func (p *problems) read() indicator {
	if p.spec.Composite != nil {
		p.fail("spec.composite", "Pyrra makes no SLO of others")
		return indicator{}
	}
	s := Simplify(p.spec)
	switch i := s.SLI; {
	case i.Ratio != nil && i.Ratio.ErrorRatio != "":
		p.fail("spec.sli.ratio.errorRatio", "Pyrra takes no ready ratio, only selectors of bad and all events")
	case i.Ratio != nil && i.Ratio.Bad != "":
		return indicator{kind: ratio, part: p.selector("spec.sli.ratio.bad", i.Ratio.Bad), total: p.selector("spec.sli.ratio.total", i.Ratio.Total)}
	case i.Ratio != nil:
		return p.latency(i.Ratio)
	case i.Latency != nil:
		return p.native(i.Latency)
	case i.Threshold != nil:
		return p.gauge(i.Threshold)
	case i != slo.SLI{}:
		p.fail("spec.sli", "Pyrra counts metrics by selectors: it has neither queries, nor spans and logs")
	default:
		p.fail("spec.sli", "there is nothing to measure")
	}
	return indicator{}
}

func (p *problems) latency(r *slo.Ratio) indicator {
	out := indicator{kind: latency, part: p.selector("spec.sli.ratio.good", r.Good), total: p.selector("spec.sli.ratio.total", r.Total)}
	if _, there := out.part.bound(); !there && !p.failed {
		p.fail("spec.sli.ratio.good", "Pyrra counts bad events, or good ones below a bound (le) of a histogram")
	}
	return out
}

func (p *problems) native(l *slo.Latency) indicator {
	if l.Errors != "" {
		p.fail("spec.sli.latency.errors", "Pyrra counts slow events only")
	}
	if p.spec.Format.APIVersion != pyrra.APIVersion {
		p.warn("spec.sli.latency", "Pyrra reads native histograms this way: where this one is classic, the rules see nothing")
	}
	unit := max(l.Unit, 1)
	if l.Unit == 0 {
		unit = time.Second
	}
	return indicator{kind: latencyNative, total: p.selector("spec.sli.latency.histogram", l.Histogram), below: float64(l.Below) / float64(unit)}
}

func (p *problems) gauge(t *slo.Threshold) indicator {
	if t.Above == nil || *t.Above != 1 || t.Below != nil || t.Exclusive {
		p.fail("spec.sli.threshold", "Pyrra reads gauges that are 1 when all is well and 0 otherwise: above: 1 alone")
	}
	if !t.PerSample {
		p.warn("spec.sli.threshold.slice", "Pyrra counts samples, not slices of time")
	}
	return indicator{kind: boolGauge, total: p.selector("spec.sli.threshold.metric", t.Metric)}
}

func (p *problems) selector(field, text string) selector {
	s, err := bareOf(text, p.spec.GroupBy)
	if err != nil {
		p.fail(field, fmt.Sprintf("Pyrra takes bare selectors: %v", err))
	}
	return s
}
