package engine

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// State is the condition of one SLO instance, the worst thing first to know.
type State string

// The states of an instance, as design and API name them.
const (
	StateUnknown   State = "unknown"   // no sample yet: cold start
	StateOK        State = "ok"        // counting, nothing fires
	StateBurning   State = "burning"   // a burn alert fires
	StateExhausted State = "exhausted" // the budget is spent
	StateIdle      State = "idle"      // samples arrive, but no events in the SLO window
	StateNoData    State = "no_data"   // samples arrived once and stopped
	StateError     State = "error"     // the document is faulty: quarantined
)

// Snapshot is what every reader sees: all SLO instances at one tick.
// It is immutable; a new one is published at each tick.
type Snapshot struct {
	// At is the tick's time.
	At time.Time
	// Instances are sorted by ID. An SLO that has no instance yet (no series
	// was seen) is there once, with no group and StateUnknown.
	Instances []*Instance
	// Problems are what is wrong with the loaded documents: quarantined ones
	// (Severity Error or Unserved) and warnings.
	Problems []slo.Problem
}

// Instance is one SLO, or one group of it, at one tick. Immutable.
type Instance struct {
	// ID is service:slo, for groups with ":" and 16 hex digits.
	ID string
	// Spec is the document. Its Objective is the one in force: with earlier
	// objectives of which one still holds, that one.
	Spec *slo.Spec
	// Group holds the groupBy labels; nil without groupBy.
	Group map[string]string
	State State
	// Since counts all events since the engine began to count this instance,
	// without those of the past that were read from elsewhere.
	Since budget.Counts
	// Past counts those.
	Past budget.Counts
	// Uncertain counts the events (since the engine began to count) that a
	// histogram bucket straddling the latency threshold left undecided; they
	// are counted as bad.
	Uncertain float64
	// Period is the SLO window's reading.
	Period Reading
	// Also are the SLO's further windows, in the order of Spec.Also.
	Also []Period
	// Adjusted says what BudgetAdjustments changed in the SLO window; nil where
	// none of them reaches into it.
	Adjusted *Adjusted
	// UncertainInPeriod is Uncertain within the SLO window.
	UncertainInPeriod float64
	// Windows are further readings, by length: those of the tiers, and 1m,
	// 5m, 30m, 1h, 2h, 6h, 1d, 3d where the SLO window is longer.
	Windows []Reading
	// Remaining is the share of the error budget left: 1 untouched, 0 spent,
	// below 0 overspent. nil while unknown.
	Remaining *float64
	// Consumed1h is the share of the error budget spent in the last hour; nil
	// until an hour has been observed.
	Consumed1h *float64
	// Exhaustion is when the budget runs out at the burn rate of the last six
	// hours; zero when spent; nil when never, or not known.
	Exhaustion *time.Duration
	// Alerts are the instance's alerts that fire now.
	Alerts []AlertStatus
	// Tiers are the same, tier by tier: each that holds, since it began to, where
	// Alerts have one for each severity. nil while nothing fires.
	Tiers []AlertStatus
	// Pending names tiers whose burn exceeds their factor while the evidence
	// is too thin to tell ("cannot tell yet").
	Pending []string
	// LastSample is the time of the newest sample; zero if there was none.
	LastSample time.Time
	// LastEvent is the time of the newest event; zero if there was none.
	LastEvent time.Time
	// Interval is the observed time between samples; 0 if not known.
	Interval time.Duration
	// Notices are named conditions a person should know, such as
	// "multiple_writers" or "threshold_inside_bucket".
	Notices []string
	// Traces are traces of the newest bad events, the newest first, where the
	// senders tell them.
	Traces []Trace
}

// Period is one of the further windows of an SLO.
type Period struct {
	Window slo.Window
	Reading
	// Remaining and Exhaustion are as those of Instance, for this window.
	Remaining  *float64
	Exhaustion *time.Duration
	Adjusted   *Adjusted
}

// Adjusted says what BudgetAdjustments took out of a window.
type Adjusted struct {
	// Names are those of the documents, sorted.
	Names []string
	// Excluded are the events that do not count.
	Excluded budget.Counts
	// ExcludedTime is how much of the window, up to now, does not count.
	ExcludedTime time.Duration
	// Without is how it would be without the adjustments.
	Without Unadjusted
}

// Unadjusted is a window's budget as if nothing was excluded.
type Unadjusted struct {
	Counts budget.Counts
	// Coverage is the share of the window that has been observed, 0 to 1.
	Coverage float64
	// Remaining is the share of the error budget left; nil while unknown.
	Remaining *float64
}

// Reading is one window's counts and what they say. Neither events nor time
// that a BudgetAdjustment excludes is in it.
type Reading struct {
	// Window is the nominal length.
	Window time.Duration
	// Start and End bound what was counted: events in (Start, End]. Start is
	// the window's start rounded down to an edge of the ledger's slots.
	Start, End time.Time
	Counts     budget.Counts
	// Coverage is the share of the window that has been observed, 0 to 1.
	Coverage float64
	// Burn is the burn rate against the objective that holds at the window's
	// end; nil without events.
	Burn *float64
}

// AlertStatus is one firing alert of an instance.
type AlertStatus struct {
	// Name is the alertname: ErrorBudgetBurn, ErrorBudgetExhausted, SLINoData.
	Name     string
	Severity string
	// Tier holds the alert: page_fast, …; heal is shown here too.
	Tier  string
	Since time.Time
	// Frozen says that there are no samples, so the alert cannot end.
	Frozen bool
}
