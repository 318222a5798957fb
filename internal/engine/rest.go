package engine

import (
	"math"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// rest is a proof that an instance need not be judged for a while: nothing
// fires, and no window can burn enough to change that, however its start moves,
// as long as nothing is counted, or even if a number of bad events are. Its
// figures are read anew meanwhile, with each sample and now and then, which
// costs far less than to judge.
type rest struct {
	proven bool
	// room is how many bad events may come; negative: no event at all.
	room  float64
	bad   float64   // since the ledger began, when it was proven
	until time.Time // event time up to which windows may move
	wake  time.Time // wall time from which on something else may happen

	changes uint64    // of the ledger, when the figures were read
	last    time.Time // the newest sample then
	reread  time.Time // wall time at which the figures are too old
	horizon time.Time // event time at which they are
}

// rests reports whether the proof holds at a tick.
func (j *judged) rests(now, horizon time.Time, interval time.Duration) bool {
	r := &j.rest
	return r.proven && now.Before(r.wake) && !horizon.After(r.until) &&
		interval == j.interval && j.plan.terms == j.policy.terms &&
		(!j.news() || j.instance.Ledger.All().Bad-r.bad <= r.room) &&
		len(j.notices) == len(j.instance.Notices())
}

// news reports whether something was counted, or heard, since the figures were
// read.
func (j *judged) news() bool {
	return j.rest.changes != j.instance.Ledger.Changes() || !j.rest.last.Equal(j.instance.LastSample())
}

// reread reads the figures of an instance that rests anew when there are news,
// they are too old, or a forecast is due, and reports whether it has.
func (j *judged) reread(t tick, horizon time.Time) bool {
	if r := &j.rest; t.now.Before(r.reread) && !horizon.After(r.horizon) && t.now.Before(j.forecast) && !j.news() {
		return false
	}
	j.at, j.last = horizon, j.instance.LastSample()
	j.figures()
	j.foresee(t.now)
	j.age(t)
	return true
}

// age notes what the figures are of, and from when on they are too old.
func (j *judged) age(t tick) {
	r := &j.rest
	r.changes, r.last = j.instance.Ledger.Changes(), j.last
	r.reread, r.horizon = t.now.Add(t.reread), j.at.Add(t.reread)
}

// lieDown looks for a proof. Slices that are as bad as their ratios never rest:
// what proves their burn rates lies in other ledgers.
func (j *judged) lieDown(t tick) {
	j.rest.proven = false
	if t.reread <= 0 || j.ofRatios() || j.data != alerts.Live || j.exhaustion != nil || len(j.firing) > 0 {
		return
	}
	ahead, room := j.provable(t)
	if ahead == 0 {
		return
	}
	j.rest = rest{
		proven: true, room: room, bad: j.instance.Ledger.All().Bad,
		until: j.at.Add(ahead), wake: t.now.Add(ahead),
	}
	if silent := j.last.Add(j.patience()); silent.Before(j.rest.wake) {
		j.rest.wake = silent
	}
	j.age(t)
}

const (
	// patientRest is how long a proof lasts that samples do not end.
	patientRest = time.Minute
	// patientRereads is how many readings further than the next one looks at
	// most that they do: the further, the less often there is one.
	patientRereads = 3
)

// provable is for how long there is a proof, and how many bad events may come
// meanwhile: best for some time to come, or else for as long as nothing is
// counted. It is 0 if there is none.
func (j *judged) provable(t tick) (ahead time.Duration, room float64) {
	for _, ahead := range []time.Duration{patientRest, 2 * t.reread} {
		if room := j.room(ahead, t.worst); room >= 0 {
			return ahead, room
		}
	}
	for _, ahead := range []time.Duration{t.reread + min(j.interval, patientRereads*t.reread), t.reread} {
		if j.calm(ahead, t.worst) {
			return ahead, -1
		}
	}
	return 0, -1
}

// room is how many bad events may come, while the windows move by so much,
// before an alert can change; negative where even without any one may. What is
// observed may grow meanwhile: all is taken to be. Nothing can be said of events
// that may be taken away again, nor where time is excluded.
func (j *judged) room(ahead time.Duration, scratch *[]alerts.Windows) float64 {
	switch {
	case j.spec.Alerting.Disabled:
		return math.Inf(1)
	case j.instance.Subtracts(), j.extras != nil, !j.remaining.known:
		return -1
	}
	period := alerts.Burn{Counts: j.period.Counts, Coverage: 1}
	if j.plan.period >= 0 {
		var ok bool
		if period.Counts, _, ok = j.panel.Worst(j.plan.period, ahead); !ok {
			return -1
		}
	} else if !j.periodHolds(ahead) {
		return -1
	}
	tiers := (*scratch)[:0]
	for _, t := range j.plan.tiers {
		long, _, okLong := j.panel.Worst(t.long, ahead)
		short, _, okShort := j.panel.Worst(t.short, ahead)
		if !okLong || !okShort {
			return -1
		}
		tiers = append(tiers, alerts.Windows{Long: alerts.Burn{Counts: long, Coverage: 1}, Short: alerts.Burn{Counts: short, Coverage: 1}})
	}
	*scratch = tiers
	return j.plan.Room(&j.state, tiers, period)
}

// periodHolds reports whether a calendar period does not end so soon, and has
// all that was counted.
func (j *judged) periodHolds(ahead time.Duration) bool {
	return j.at.Add(ahead).Before(j.calendar.end) && !j.instance.Ledger.Newest().After(j.period.End)
}

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
	if ok && j.extras != nil {
		counts, ok = j.worstNet(counts, j.plan.windows[i], ahead)
	}
	return alerts.Burn{Counts: counts, Coverage: coverage}, ok
}

// worstNet is worstOver without what is excluded, which stays the same as long
// as neither end of the window passes through it.
func (j *judged) worstNet(worst budget.Counts, w, ahead time.Duration) (budget.Counts, bool) {
	start := j.at.Add(-w)
	slot := j.instance.Ledger.SlotFor(w)
	if spans := j.extras.spans; edgeIn(spans, j.at, j.at.Add(ahead)) || edgeIn(spans, start.Add(-slot), start.Add(ahead)) {
		return worst, false
	}
	if j.net == nil {
		return worst, true
	}
	return worst.Sub(j.net.Window(w).Excluded), true
}

// leastLeft is the least share of the budget that may remain meanwhile; not ok
// when it may not be known.
func (j *judged) leastLeft(ahead time.Duration) (float64, bool) {
	counts, coverage, ok := j.period.Counts, min(1, j.period.Coverage+float64(ahead)/float64(j.counted)), true
	if j.plan.period >= 0 {
		var burn alerts.Burn
		burn, ok = j.worstOver(j.plan.period, ahead)
		counts = burn.Counts
	} else { // the period's start stands still
		ok = j.periodHolds(ahead) && (j.extras == nil || !edgeIn(j.extras.spans, j.at, j.at.Add(ahead)))
	}
	consumed, known := budget.Consumed(counts.Bad, counts.Total, coverage, j.leastShare)
	return 1 - consumed, ok && known && j.remaining.known
}
