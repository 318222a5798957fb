package scenario

import "time"

// Scenario is one file, understood.
type Scenario struct {
	// File is where it was read from.
	File string
	// Start is the virtual time of 0s.
	Start time.Time
	// Tick is the virtual time between two evaluations.
	Tick time.Duration

	sets   []*set // of documents, by time; the first holds from the beginning
	loaded []*stream
	meters []*meter
	events []event
	checks []check
	end    time.Duration // of the last sample, and of what is expected
}

// DefaultStart is a Monday, and DefaultTick the engine's own.
var DefaultStart = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// DefaultTick is the time between evaluations when a file says nothing: that
// of an engine with defaults.
const DefaultTick = time.Second

// Length is how much virtual time the scenario plays.
func (s *Scenario) Length() time.Duration { return s.end }

// Expectations is how many there are.
func (s *Scenario) Expectations() int { return len(s.checks) }

// check is one expectation, at one time.
type check struct {
	line int
	// at is when it is judged; final: after everything.
	at    time.Duration
	final bool
	// who names the SLO; nil where there is only one.
	who *subject
	// text is the expectation as it is written.
	text   string
	expect expectation
}

// through extends the scenario to a time.
func (s *Scenario) through(d time.Duration) { s.end = max(s.end, d) }
