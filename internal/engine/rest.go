package engine

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// rest is a proof that an instance need not be judged for a while: nothing
// fires, and as long as nothing is counted no window can burn enough to change
// that, however its start moves. Its figures grow older meanwhile, and are read
// anew now and then, which costs far less than to judge.
type rest struct {
	proven  bool
	changes uint64    // of the ledger: with another sample the proof ends
	last    time.Time // the newest sample
	until   time.Time // event time up to which windows may move
	wake    time.Time // wall time from which on something else may happen
	reread  time.Time // wall time at which the figures are too old
	horizon time.Time // event time at which they are
}

// rests reports whether the proof holds at a tick.
func (j *judged) rests(now, horizon time.Time, interval time.Duration) bool {
	r := &j.rest
	return r.proven && now.Before(r.wake) && !horizon.After(r.until) &&
		interval == j.interval && j.plan.terms == j.policy.terms &&
		r.changes == j.instance.Ledger.Changes() && r.last.Equal(j.instance.LastSample()) &&
		len(j.notices) == len(j.instance.Notices())
}

// reread reads the figures of an instance that rests anew when they are too
// old, or a forecast is due, and reports whether it has.
func (j *judged) reread(t tick, horizon time.Time) bool {
	if r := &j.rest; t.now.Before(r.reread) && !horizon.After(r.horizon) && t.now.Before(j.forecast) {
		return false
	}
	j.at = horizon
	j.figures()
	j.foresee(t.now)
	j.age(t)
	return true
}

// age notes from when on the figures are too old.
func (j *judged) age(t tick) {
	j.rest.reread, j.rest.horizon = t.now.Add(t.reread), j.at.Add(t.reread)
}

// lieDown looks for a proof, best for as long as nothing is counted until the
// next sample, or else for as long as figures stand.
func (j *judged) lieDown(t tick) {
	j.rest.proven = false
	if t.reread <= 0 || j.data != alerts.Live || j.exhaustion != nil || len(j.firing) > 0 {
		return
	}
	ahead := t.reread + min(j.interval, patientRereads*t.reread)
	if !j.calm(ahead, t.worst) {
		if ahead = t.reread; !j.calm(ahead, t.worst) {
			return
		}
	}
	j.rest = rest{
		proven: true, changes: j.instance.Ledger.Changes(), last: j.last,
		until: j.at.Add(ahead), wake: t.now.Add(ahead),
	}
	if silent := j.last.Add(j.patience()); silent.Before(j.rest.wake) {
		j.rest.wake = silent
	}
	j.age(t)
}

// patientRereads is how many readings further than the next a proof looks at
// most: the further, the less often there is one.
const patientRereads = 3

// calm reports whether no alert can change while the windows move by so much.
func (j *judged) calm(ahead time.Duration, room *[]alerts.Windows) bool {
	if j.spec.Alerting.Disabled {
		return true
	}
	remaining, ok := j.leastLeft(ahead)
	if !ok {
		return false
	}
	worst := alerts.Observation{Data: alerts.Live, LastSample: j.last, Remaining: &remaining, Burns: (*room)[:0]}
	for _, t := range j.plan.tiers {
		long, okLong := j.worstOver(t.long, ahead)
		short, okShort := j.worstOver(t.short, ahead)
		if !okLong || !okShort {
			return false
		}
		worst.Burns = append(worst.Burns, alerts.Windows{Long: long, Short: short})
	}
	*room = worst.Burns
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
