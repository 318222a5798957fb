package engine

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// rest is a proof that an instance need not be judged for a while: nothing
// fires, and as long as nothing is counted no window can burn enough to change
// that, however its start moves. Its figures stand meanwhile.
type rest struct {
	proven  bool
	changes uint64    // of the ledger: with another sample the proof ends
	last    time.Time // the newest sample
	until   time.Time // event time up to which windows may move
	wake    time.Time // wall time from which on something else may happen
}

// rests reports whether the proof holds at a tick.
func (j *judged) rests(now, horizon time.Time, interval time.Duration) bool {
	r := &j.rest
	return r.proven && now.Before(r.wake) && !horizon.After(r.until) &&
		interval == j.interval && j.plan.policy == j.policy &&
		r.changes == j.instance.Ledger.Changes() && r.last.Equal(j.instance.LastSample()) &&
		len(j.notices) == len(j.instance.Notices())
}

// lieDown looks for a proof that holds for so long.
func (j *judged) lieDown(now time.Time, reread time.Duration) {
	j.rest.proven = false
	if reread <= 0 || j.data != alerts.Live || j.exhaustion != nil || len(j.firing) > 0 || !j.calm(reread) {
		return
	}
	j.rest = rest{
		proven: true, changes: j.instance.Ledger.Changes(), last: j.last,
		until: j.at.Add(reread), wake: now.Add(reread),
	}
	if silent := j.last.Add(j.patience()); silent.Before(j.rest.wake) {
		j.rest.wake = silent
	}
	if j.forecast.Before(j.rest.wake) {
		j.rest.wake = j.forecast
	}
}

// calm reports whether no alert can change while the windows move by so much.
func (j *judged) calm(ahead time.Duration) bool {
	if j.spec.Alerting.Disabled {
		return true
	}
	remaining, ok := j.leastLeft(ahead)
	if !ok {
		return false
	}
	worst := alerts.Observation{Data: alerts.Live, LastSample: j.last, Remaining: &remaining, Burns: j.worst[:0]}
	for _, t := range j.plan.tiers {
		long, okLong := j.worstOver(t.long, ahead)
		short, okShort := j.worstOver(t.short, ahead)
		if !okLong || !okShort {
			return false
		}
		worst.Burns = append(worst.Burns, alerts.Windows{Long: long, Short: short})
	}
	j.worst = worst.Burns
	return j.plan.Calm(&j.state, worst)
}

func (j *judged) worstOver(i int, ahead time.Duration) (alerts.Burn, bool) {
	counts, coverage, ok := j.panel.Worst(i, ahead)
	return alerts.Burn{Counts: counts, Coverage: coverage}, ok
}

// leastLeft is the least share of the budget that may remain meanwhile; not ok
// when it may not be known.
func (j *judged) leastLeft(ahead time.Duration) (float64, bool) {
	counts, coverage, ok := j.period.Counts, j.period.Coverage, true
	if j.plan.period >= 0 {
		counts, coverage, ok = j.panel.Worst(j.plan.period, ahead)
	} else { // the period's start stands still
		coverage += float64(ahead) / float64(j.calendar.end.Sub(j.calendar.start))
		ok = j.at.Add(ahead).Before(j.calendar.end) && !j.instance.Ledger.Newest().After(j.period.End)
	}
	consumed, known := budget.Consumed(counts.Bad, counts.Total, coverage, j.plan.Budget)
	return 1 - consumed, ok && known && j.remaining.known
}
