package demo

import (
	"strconv"
	"sync/atomic"
)

// counts are events of one SLO. They are whole numbers, as floats because the
// engine's API tells them so: a fraction there must not pass for equal.
type counts struct{ good, total float64 }

func (c counts) bad() float64 { return c.total - c.good }

func (c counts) add(d counts) counts { return counts{c.good + d.good, c.total + d.total} }

func (c counts) sub(d counts) counts { return counts{c.good - d.good, c.total - d.total} }

func (c counts) String() string {
	return strconv.FormatFloat(c.total, 'f', -1, 64) + " events, " +
		strconv.FormatFloat(c.bad(), 'f', -1, 64) + " bad"
}

// tally counts the events the shop serves, beside its telemetry and apart
// from it: the other side of the demo's final comparison.
type tally struct{ good, total atomic.Int64 }

func (t *tally) add(good bool) {
	if good {
		t.good.Add(1)
	}
	t.total.Add(1)
}

func (t *tally) counts() counts {
	return counts{float64(t.good.Load()), float64(t.total.Load())}
}

// books are the tallies of the shop, one for each SLO.
type books struct{ gateway, availability, latency tally }

// counts reads the books, by SLO id.
func (b *books) counts() map[string]counts {
	return map[string]counts{
		gatewayAvailability:  b.gateway.counts(),
		checkoutAvailability: b.availability.counts(),
		checkoutLatency:      b.latency.counts(),
	}
}
