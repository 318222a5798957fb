package engine

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// silence is a silence that counts as traffic, as the SLO's no-data policy has
// it; the zero value counts as nothing.
//
// While it lasts, windows end now and not with the last sample. What they hold
// of it is not observed, which is good traffic to the tiers, and all there is
// to GoodNoData. With BadNoData the silence is observed and everything in it
// failed: with ρ events a second, a window of length w that holds s of the
// silence has
//
//	bad' = bad + ρ·s, total' = total + ρ·s, coverage' = coverage + s/w
//
// where ρ is the mean rate of events in the SLO window that ended with the last
// sample. Where that had no events, nothing is lost. The counts that people are
// shown stay those that were seen; the budget that is left is by the primed
// ones.
type silence struct {
	from time.Time // zero: there is none
	// rate is ρ, 0 for GoodNoData, computed for the last sample at last.
	rate float64
	last time.Time
}

// listen decides what the silence counts as, if there is one, and up to when
// windows look then. It is told what heard says.
func (j *judged) listen(now time.Time, data alerts.Data, from time.Time) {
	policy := j.policy.noData
	counts := policy == slo.BadNoData || policy == slo.GoodNoData
	if data != alerts.NoData || !counts {
		j.silence = silence{}
		return
	}
	j.at, j.silence.from = now, from
	switch {
	case policy != slo.BadNoData:
		j.silence.rate = 0
	case !j.silence.last.Equal(j.last) || j.silence.rate == 0:
		j.silence.last, j.silence.rate = j.last, j.usualRate()
	}
}

// usualRate is the mean number of events a second in the SLO window that ended
// with the last sample.
func (j *judged) usualRate() float64 {
	start := j.last.Add(-j.spec.Window.Nominal())
	observed := j.instance.Ledger.Coverage(start, j.last, false) * j.spec.Window.Nominal().Seconds()
	if observed <= 0 {
		return 0
	}
	return max(0, j.instance.Ledger.Between(start, j.last).Counts.Total) / observed
}

// within is how much of the silence lies in a window of length w that ends at a
// time.
func (s *silence) within(at time.Time, w time.Duration) time.Duration {
	if s.from.IsZero() {
		return 0
	}
	return max(0, min(at.Sub(s.from), w))
}

// mourn adds what so much of the silence took to the counts of a window of
// length w, and to the share of it that is covered.
func (s *silence) mourn(b alerts.Burn, within, w time.Duration) alerts.Burn {
	if s.rate == 0 || within == 0 {
		return b
	}
	lost := s.rate * within.Seconds()
	b.Counts = b.Counts.Add(budget.Counts{Bad: lost, Total: lost})
	b.Coverage = min(1, b.Coverage+float64(within)/float64(w))
	return b
}

// pay takes off an account's budget what the silence cost.
func (j *judged) pay(a *account) {
	if j.silence.rate == 0 {
		return
	}
	start, _ := a.window.Bounds(j.at)
	w, within := a.counted, j.silentIn(j.at.Sub(start))
	seen := alerts.Burn{Counts: a.period.Counts, Coverage: a.period.Coverage}
	all := j.silence.mourn(seen, within, w)
	before, _ := budget.Consumed(seen.Bad, seen.Total, seen.Coverage, a.share)
	if after, known := budget.Consumed(all.Bad, all.Total, all.Coverage, a.share); known {
		left := 1.0 // where nothing was seen
		if a.remaining.known {
			left = a.remaining.value
		}
		a.remaining = maybe{left - (after - before), true}
	}
}
