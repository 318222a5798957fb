package remediation

import (
	"maps"
	"time"
)

// Outcome is what became of an alert that was told. Where nothing is begun for
// it, it is the Reason.
type Outcome string

// The outcomes beside those that are Reasons.
const (
	OutcomeNew      Outcome = "new"      // it fires
	OutcomeRepeated Outcome = "repeated" // as it was known
	OutcomeEnded    Outcome = "ended"
	OutcomeLate     Outcome = "late"    // older than what is known
	OutcomeRefused  Outcome = "refused" // there is no room
)

// Taken counts what became of the alerts of a request.
type Taken map[Outcome]int

const (
	// reorder is how long after the end of an alert a message that it fires may
	// be an older one that was late, or sent a second time: several Alertmanagers
	// tell the same, each at its time. After that it fires again.
	reorder = 5 * time.Minute
	// ahead is how far the clock of who raises alerts may be before ours.
	ahead = time.Minute
	// rewrite is how old the last word about an alert must be for the same word
	// to be worth a write.
	rewrite = time.Minute
)

// merge says what is known of an alert after a message about it, what that
// message was, and whether anything is to be written. One that fires is the same
// alert whenever it is said to have begun, but for later: Alertmanager moves the
// begin back when it hears of an earlier one.
func merge(was Inbound, known, over bool, told Inbound, maxAge time.Duration) (Inbound, Outcome, bool) {
	ends := !told.EndsAt.IsZero()
	switch {
	case !known && ends:
		told.Reason = ReasonNeverFired
		return told, Outcome(ReasonNeverFired), true
	case !known:
		return begun(told, maxAge)
	case ends && over:
		return was, OutcomeRepeated, false
	case ends && told.EndsAt.Before(was.StartsAt):
		return was, OutcomeLate, false // the end of the one before
	case ends:
		was.EndsAt, was.Heard, was.Annotations, was.From = told.EndsAt, told.Heard, told.Annotations, told.From
		return was, OutcomeEnded, true
	case told.StartsAt.After(was.StartsAt):
		return begun(told, maxAge)
	case !over:
		return repeated(was, told, maxAge)
	case told.Heard.Sub(was.Heard) < reorder:
		return was, OutcomeLate, false
	}
	return begun(told, maxAge)
}

// begun is an alert that is heard of for the first time.
func begun(told Inbound, maxAge time.Duration) (Inbound, Outcome, bool) {
	told.Reason = ""
	switch age := told.Heard.Sub(told.StartsAt); {
	case age < -ahead:
		told.Reason = ReasonAhead
	case age > maxAge:
		told.Reason = ReasonTooOld
	default:
		return told, OutcomeNew, true
	}
	return told, Outcome(told.Reason), true
}

// repeated is an alert that goes on.
func repeated(was, told Inbound, maxAge time.Duration) (Inbound, Outcome, bool) {
	same := was.Until.Equal(told.Until) && maps.Equal(was.Annotations, told.Annotations) && was.Reason != ReasonAhead
	if same && told.Heard.Sub(was.Heard).Abs() < rewrite {
		return was, OutcomeRepeated, false
	}
	told.StartsAt, told.Labels = was.StartsAt, was.Labels
	if was.Reason == ReasonAhead { // the clocks may be set by now
		return begun(told, maxAge)
	}
	told.Reason = was.Reason
	return told, OutcomeRepeated, true
}
