package gate

import (
	"math"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// The states of a budget.
const (
	stateOK        = "ok"
	stateBurning   = "burning"
	stateExhausted = "exhausted"
	stateIdle      = "idle"
	stateNoData    = "no_data"
	stateUnknown   = "unknown"
	stateError     = "error"
)

// budget holds one SLO against the thresholds. as is the gravest decision that may
// come of it; empty: any.
func (j *judge) budget(b *Budget, as slo.GateDecision) {
	say := func(r Reason) {
		r.SLO, r.Service = b.ID, b.Service
		j.say(r, as)
	}
	state, excused := condition(b)
	if excused {
		say(state)
	} else {
		j.busy++
	}
	j.left(b, excused, say)
	j.spent(b, excused, say)
	for i := range j.policy.Burn {
		burning(b, &j.policy.Burn[i], excused, say)
	}
	for i := range b.Alerts {
		a := &b.Alerts[i]
		if d := j.policy.Alerts[a.Severity]; d == slo.GateHold || d == slo.GateDeny {
			say(reason(CodeAlert, d, "a %s alert of %s fires since %s (%s)", a.Severity, b.ID, stamp(a.Since), a.Tier))
		}
	}
}

// condition says what a state means, where numbers need not be known.
func condition(b *Budget) (why Reason, excused bool) {
	switch b.State {
	case stateOK, stateBurning, stateExhausted:
		return Reason{}, false
	case stateUnknown:
		return unknown(CodeColdStart, "nothing has been seen of %s yet", b.ID), true
	case stateNoData:
		if b.LastSample.IsZero() {
			return unknown(CodeNoData, "the samples of %s have stopped", b.ID), true
		}
		return unknown(CodeNoData, "the samples of %s have stopped: the last is of %s", b.ID, stamp(b.LastSample)), true
	case stateError:
		return unknown(CodeFaulty, "the document of %s is faulty and not measured", b.ID), true
	case stateIdle:
		if young(b) {
			return unknown(CodeColdStart, "%s has had no events since it began to be observed, less than an hour ago", b.ID), true
		}
		return reason(CodeIdle, slo.GateAllow, "%s had no events: nothing of its error budget is spent", b.ID), true
	}
	return unknown(CodeNotKnown, "%s is in a state that is not known: %q", b.ID, b.State), true
}

// young reports whether less than an hour, or less than all of a shorter SLO
// window, has been observed: a service that has just begun to be looked at seems
// idle until its counters move.
func young(b *Budget) bool {
	observed := time.Duration(b.Coverage * float64(b.Window))
	return b.Window > 0 && observed < min(time.Hour, b.Window)
}

// known reports whether there is a number. One that is none is not known.
func known(value *float64) bool {
	return value != nil && !math.IsNaN(*value) && !math.IsInf(*value, 0)
}

// left holds what is left of the budget against its levels.
func (j *judge) left(b *Budget, excused bool, say func(Reason)) {
	levels := &j.policy.Budget
	if levels.Hold == nil && levels.Deny == nil {
		return
	}
	if !known(b.Remaining) && !excused {
		say(unknown(CodeNotKnown, "how much of %s's error budget is left is not known yet", b.ID))
	}
	if !j.below(b, levels.Deny, slo.GateDeny, say) {
		j.below(b, levels.Hold, slo.GateHold, say)
	}
}

// below reports whether a level holds, and says why.
func (j *judge) below(b *Budget, level *slo.GateLevel, d slo.GateDecision, say func(Reason)) bool {
	if level == nil || !Latch(j.policy, *b, j.latched != nil && j.latched(b.ID, d), *level) {
		return false
	}
	r := Reason{Code: CodeBudget, Decision: d, Threshold: number(level.Below)}
	switch {
	case !known(b.Remaining):
		r.Threshold = number(level.ResumeAbove)
		r.Text = "less than " + percent(level.Below) + " of " + b.ID + "'s error budget was left, and that there is " + percent(level.ResumeAbove) + " again is not known"
	case *b.Remaining < level.Below:
		r.Value = b.Remaining
		value, threshold := apart(*b.Remaining, level.Below)
		r.Text = value + " of " + b.ID + "'s error budget is left, less than " + threshold
	default:
		r.Value, r.Threshold = b.Remaining, number(level.ResumeAbove)
		value, threshold := apart(*b.Remaining, level.ResumeAbove)
		r.Text = value + " of " + b.ID + "'s error budget is left; it was less than " + percent(level.Below) + ", and must be " + threshold + " again"
	}
	say(r)
	return true
}

// spent holds what was spent in the last hour against its thresholds.
func (j *judge) spent(b *Budget, excused bool, say func(Reason)) {
	limits := j.policy.ConsumedIn1h
	if limits.Hold == 0 && limits.Deny == 0 {
		return
	}
	if !known(b.ConsumedIn1h) {
		if !excused {
			say(unknown(CodeNotKnown, "how much of %s's error budget was spent in the last hour is not known until an hour has been observed", b.ID))
		}
		return
	}
	d, limit := slo.GateDeny, limits.Deny
	if limit == 0 || *b.ConsumedIn1h <= limit {
		d, limit = slo.GateHold, limits.Hold
	}
	if limit == 0 || *b.ConsumedIn1h <= limit {
		return
	}
	value, threshold := apart(*b.ConsumedIn1h, limit)
	say(Reason{
		Code: CodeConsumed, Decision: d, Value: b.ConsumedIn1h, Threshold: number(limit),
		Text: value + " of " + b.ID + "'s error budget was spent in the last hour, more than " + threshold,
	})
}

// burning holds a burn rate against its threshold.
func burning(b *Budget, limit *slo.GateBurn, excused bool, say func(Reason)) {
	burn := burnOver(b, limit.Window)
	switch {
	case known(burn.Rate):
	case excused:
		return
	case burn.Quiet:
		r := reason(CodeIdle, slo.GateAllow, "%s had no events in the last %s: nothing burns", b.ID, span(limit.Window))
		r.Window = limit.Window
		say(r)
		return
	default:
		r := unknown(CodeNotKnown, "the burn rate of %s over %s is not known", b.ID, span(limit.Window))
		r.Window = limit.Window
		say(r)
		return
	}
	if *burn.Rate <= limit.Above {
		return
	}
	rate, threshold := rates(*burn.Rate, limit.Above)
	r := reason(CodeBurn, limit.Then, "%s burns at %s over %s, more than %s", b.ID, rate, span(limit.Window), threshold)
	r.Window, r.Value, r.Threshold = limit.Window, burn.Rate, number(limit.Above)
	say(r)
}

// burnOver is the burn rate over a window.
func burnOver(b *Budget, window time.Duration) Burn {
	for _, burn := range b.Burns {
		if burn.Window == window {
			return burn
		}
	}
	return Burn{Window: window}
}
