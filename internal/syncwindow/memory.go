package syncwindow

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

const (
	// mostTries is how often a window is put back that somebody takes away, and
	// firstTry how long it is waited before the first time; then twice as long each
	// time.
	mostTries = 3
	firstTry  = time.Minute
	// calm is how long it must stand until those times are forgotten.
	calm = time.Hour
)

// What is said of a window that somebody else has changed.
const (
	noteEdited = "somebody has edited the window: it stays as it is until the gate allows"
	noteTaken  = "somebody takes the window away: it is not put back until the gate has allowed in between"
)

// memory is what is known of one window between two looks.
type memory struct {
	// The gate's decision that holds, and why; empty: none yet.
	decision slo.GateDecision
	why      string
	milder   time.Time // since when the gate has said something milder; zero: it does not

	stands    bool      // it was there when it was last looked for, or was written since
	since     time.Time // since when it has been there without a break
	tries     int       // how often it was put back, or is about to be
	next      time.Time // when it is put back; zero: it is not about to be
	contested string    // why the engine lets it be; empty: it does not
}

// hear takes in what the gate says. What is graver, and not knowing, holds at once;
// what is milder after a while. After the start, and after not knowing, whatever
// comes holds at once.
func (m *memory) hear(d slo.GateDecision, why string, now time.Time, settle time.Duration) {
	if d != slo.GateUnknown && weight[d] < weight[m.decision] {
		if m.milder.IsZero() || now.Before(m.milder) {
			m.milder = now
		}
		if now.Sub(m.milder) < settle {
			return
		}
	}
	m.decision, m.why, m.milder = d, why, time.Time{}
}

// weight orders the decisions; that of not knowing is 0.
var weight = map[slo.GateDecision]int{slo.GateAllow: 1, slo.GateHold: 2, slo.GateDeny: 3}

// standing is told that the window is there, and whether somebody has edited it.
func (m *memory) standing(edited bool, now time.Time) {
	if !m.stands || now.Before(m.since) {
		m.since = now
	}
	m.stands, m.next = true, time.Time{}
	switch {
	case edited:
		m.contested = noteEdited
	case m.contested == noteEdited:
		m.contested = ""
	case now.Sub(m.since) >= calm:
		m.tries, m.contested = 0, ""
	}
}

// missing is told that the window is not there, and says whether to write it now.
func (m *memory) missing(now time.Time) bool {
	if m.contested == noteTaken {
		return false
	}
	if !m.stands {
		return !now.Before(m.next) || m.next.Sub(now) > firstTry<<mostTries // the clock was set back
	}
	// It was there, and it was not us who took it away.
	m.stands, m.contested, m.tries = false, "", m.tries+1
	if m.next = now.Add(firstTry << (m.tries - 1)); m.tries > mostTries {
		m.contested = noteTaken
	}
	return false
}

// removed is told that no window is there, and none should be.
func (m *memory) removed() { *m = memory{decision: m.decision, why: m.why, milder: m.milder} }
