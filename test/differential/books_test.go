package differential

import (
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// budget is 1 - objective of the SLOs of these tests.
const budget = 0.01

// figures say how to count an SLO in PromQL: total, and bad or good.
type figures struct{ total, bad, good string }

// tally is a number of events.
type tally struct{ bad, total float64 }

// anchored has Prometheus count what lies in a window of the engine:
// increase() of each series from the last sample at or before its start to
// the last one in it.
func (b *both) anchored(t *testing.T, f figures, in apitypes.Reading) tally {
	t.Helper()
	return b.increase(t, f, in, " anchored")
}

// plain is as anchored, with increase() as everybody uses it: extrapolated.
func (b *both) plain(t *testing.T, f figures, in apitypes.Reading) tally {
	t.Helper()
	return b.increase(t, f, in, "")
}

func (b *both) increase(t *testing.T, f figures, in apitypes.Reading, modifier string) tally {
	t.Helper()
	count := func(selector string) float64 {
		return b.ask(t, in.WindowEnd.Time, `sum(increase(%s[%dms]%s))`, selector, length(in).Milliseconds(), modifier)
	}
	total := count(f.total)
	if f.bad == "" {
		return tally{total - count(f.good), total}
	}
	return tally{count(f.bad), total}
}

func length(in apitypes.Reading) time.Duration { return in.WindowEnd.Sub(in.WindowStart.Time) }

// byDesign is by how much the engine's count of a window differs from
// Prometheus's because of long gaps. newest is the time of the last sample of
// each series that both have: a gap is known by the sample that ends it.
func (s *stream) byDesign(f figures, in apitypes.Reading, newest map[string]int64) (d tally) {
	start, end := in.WindowStart.UnixMilli(), in.WindowEnd.UnixMilli()
	for _, g := range s.gaps {
		if g.to > newest[g.series] {
			continue
		}
		d.total += g.of(f.total, start, end)
		if f.bad == "" {
			d.bad += g.of(f.total, start, end) - g.of(f.good, start, end)
		} else {
			d.bad += g.of(f.bad, start, end)
		}
	}
	return d
}

// of is the difference for the series of a selector in (start, end].
func (g gap) of(selector string, start, end int64) float64 {
	if !selects(selector, g.series) {
		return 0
	}
	whole := 0.0
	if start < g.to && g.to <= end {
		whole = g.value
	}
	if g.forgotten {
		return -whole
	}
	return g.until(end) - g.until(start) - whole
}

// until is how much of an evenly spread increment lies at or before a time:
// whole events, rounded down.
func (g gap) until(at int64) float64 {
	return float64(int64(g.value) * (min(max(at, g.from), g.to) - g.from) / (g.to - g.from))
}

// counted is what the engine says. It must say something.
func counted(t *testing.T, c apitypes.Counts) tally {
	t.Helper()
	if c.BadEvents == nil || c.TotalEvents == nil || c.GoodEvents == nil {
		t.Fatalf("the engine does not know its counts: %+v", c)
	}
	if *c.GoodEvents+*c.BadEvents != *c.TotalEvents {
		t.Errorf("good %v and bad %v are not total %v", *c.GoodEvents, *c.BadEvents, *c.TotalEvents)
	}
	return tally{*c.BadEvents, *c.TotalEvents}
}

func (c tally) plus(d tally) tally { return tally{c.bad + d.bad, c.total + d.total} }
