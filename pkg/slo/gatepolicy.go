package slo

import "time"

// KindGatePolicy is the kind of documents that say when a change may ship.
const KindGatePolicy = "GatePolicy"

// GatePolicy is a document of that kind: what budgets and alerts mean for whoever
// asks whether a change may go out.
type GatePolicy struct {
	Name string
	// Select is over service, slo, the SLO's labels and the group's: the SLOs that
	// are looked at. Never empty.
	Select Matchers
	// Environments are those of the requests that it answers; empty: all.
	Environments []string
	// Budget are thresholds on the share of the error budget that is left.
	Budget GateLevels
	// ConsumedIn1h are thresholds on the share of the error budget that was spent
	// in the last hour.
	ConsumedIn1h GateSpending
	// Burn are thresholds on burn rates, each over one window.
	Burn []GateBurn
	// Alerts says what firing burn alerts mean, by severity (critical, warning,
	// info); a severity that is not there means nothing.
	Alerts map[string]GateDecision
	// Dependencies are services whose SLOs count too.
	Dependencies []GateDependency
	// Passes are the kinds of change that pass whatever is left of the budget.
	Passes []ChangeKind
	// IfUnknown is what those are told who cannot be told "unknown", such as an
	// API server: GateAllow, GateHold or GateDeny.
	IfUnknown GateDecision
	// MaxAge is how old what is known may be before it is unknown, > 0.
	MaxAge time.Duration
	// ValidFor is for how long an answer may be used, > 0.
	ValidFor time.Duration
	// Canary says how a candidate is compared; nil: it is not.
	Canary *GateCanary
	// Deploy says what a marked deploy may burn; nil: anything.
	Deploy *GateDeploy
	// Origin says where the document stands.
	Origin Origin
}

// GateDecision is what a gate says.
type GateDecision string

// The decisions of a gate.
const (
	GateAllow   GateDecision = "allow"   // go ahead
	GateHold    GateDecision = "hold"    // not now: ask again
	GateDeny    GateDecision = "deny"    // no; of a change that is under way: take it back
	GateUnknown GateDecision = "unknown" // nothing can be said
)

// ChangeKind is what kind of change asks.
type ChangeKind string

// The kinds of change.
const (
	ChangeDeploy     ChangeKind = "deploy" // a new version, a new configuration: the usual
	ChangeRollback   ChangeKind = "rollback"
	ChangeScaleUp    ChangeKind = "scale_up"
	ChangeFixForward ChangeKind = "fix_forward" // declared to mend what burns
)

// GateLevel is a threshold with hysteresis on what is left of a budget: it holds
// from when less than Below is left until at least ResumeAbove is. Shares, 1 is the
// whole budget; they may be negative. ResumeAbove is not less than Below.
type GateLevel struct{ Below, ResumeAbove float64 }

// GateLevels are the levels of two decisions; nil: none.
type GateLevels struct{ Hold, Deny *GateLevel }

// GateSpending are shares of the whole budget beyond which a decision holds;
// 0: none. If both are there, Hold < Deny.
type GateSpending struct{ Hold, Deny float64 }

// GateBurn is a threshold on the burn rate over a window.
type GateBurn struct {
	Window time.Duration
	Above  float64
	// Then is GateHold or GateDeny.
	Then GateDecision
}

// GateDependency is a service that counts too.
type GateDependency struct {
	Service string
	// As is the gravest decision that comes of it: GateHold or GateDeny.
	As GateDecision
}

// GateCanary says how a candidate is compared with a baseline, both of them values
// of one label of the SLO's series, in the same stream.
type GateCanary struct {
	// By is that label, such as version.
	By string
	// MinEvents is how many events of each are needed before anything is said.
	MinEvents float64
	// FalseDenials bounds how often an equal candidate is denied, over a whole
	// comparison however often it is looked at, 0 < FalseDenials < 1.
	FalseDenials float64
	// Margin is how much worse a candidate may be and still be called no worse: its
	// error ratio may exceed the baseline's by this share of the error budget's
	// ratio (1 - objective), >= 0.
	Margin float64
	// Within is when a comparison ends that has not been decided, > 0.
	Within time.Duration
	// AtEnd is what is said then: GateAllow or GateHold.
	AtEnd GateDecision
}

// GateDeploy says what a marked deploy may burn.
type GateDeploy struct {
	// Watch is for how long after a deploy what burns is held against it, > 0.
	Watch time.Duration
	// MaxConsumed is the share of the whole error budget that may be spent since
	// the deploy, > 0.
	MaxConsumed float64
	// MinEvents is how many events are needed since.
	MinEvents float64
}

// DefaultGatePolicy holds for a service that no document selects. It has no name.
func DefaultGatePolicy() *GatePolicy {
	return &GatePolicy{
		Budget:       GateLevels{Deny: &GateLevel{Below: 0, ResumeAbove: 0.1}},
		ConsumedIn1h: GateSpending{Hold: 0.02, Deny: 0.05},
		Alerts:       map[string]GateDecision{"critical": GateDeny, "warning": GateHold},
		Passes:       []ChangeKind{ChangeRollback, ChangeScaleUp, ChangeFixForward},
		IfUnknown:    GateAllow,
		MaxAge:       time.Minute,
		ValidFor:     30 * time.Second,
	}
}
