package gates

import (
	"context"
	"errors"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// The errors of a Keeper, and of a Store.
var (
	// ErrUnknown: there is no such verdict, or no such glass.
	ErrUnknown = errors.New("there is no such thing")
	// ErrStateAway: the state is not open, so nothing can be kept or looked up.
	ErrStateAway = errors.New("the state cannot be reached")
	// ErrInvalid: what was handed in cannot be taken; the error says why.
	ErrInvalid = errors.New("it cannot be taken")
)

// Told is a verdict, and how often it was told.
type Told struct {
	gate.Verdict
	// First and Last are when it was told, Count how often.
	First, Last time.Time
	Count       int64
}

// VerdictQuery chooses verdicts. Zero fields choose all.
type VerdictQuery struct {
	Service  string
	Decision slo.GateDecision
	Since    time.Time // told then or later
	Limit    int       // 0: 100
}

// DeployQuery chooses deploys. Zero fields choose all.
type DeployQuery struct {
	Service string
	Since   time.Time // marked for then or later
	Limit   int       // 0: 100
}

// Latch is a level of a policy that holds for an SLO, or for one group of it.
type Latch struct {
	// Policy is its name; empty: the default.
	Policy string
	// SLO is the id.
	SLO string
	// Decision is that of the level: slo.GateHold or slo.GateDeny.
	Decision slo.GateDecision
	// Since is when it began to hold.
	Since time.Time
}

// Store keeps what gates must not forget, over restarts and for all engines that
// share it. What a call has returned without an error is on disk. Times are the
// caller's, to the microsecond.
type Store interface {
	// Latches are all that hold.
	Latches(ctx context.Context) ([]Latch, error)
	// SetLatches writes those that began to hold, and forgets those that end, in one
	// transaction. Since does not matter of those that end.
	SetLatches(ctx context.Context, hold, end []Latch) error

	// TellVerdicts writes verdicts; one that is there already keeps its text, and its
	// Count grows.
	TellVerdicts(ctx context.Context, told []Told) error
	// Verdict is one of them. ErrUnknown.
	Verdict(ctx context.Context, id string) (Told, error)
	// FindVerdicts are those that were chosen; told last is first.
	FindVerdicts(ctx context.Context, q VerdictQuery) ([]Told, error)

	// BreakGlass writes a glass that was broken, and the audit's entry with it. One
	// whose ID is there already changes nothing.
	BreakGlass(ctx context.Context, g gate.Glass) error
	// MendGlass ends it, and writes who did so into the audit. One that was mended
	// before stays as it is. ErrUnknown.
	MendGlass(ctx context.Context, id, by string, at time.Time) error
	// BrokenGlasses are those that are not mended and last beyond a time, in the
	// order in which they were broken.
	BrokenGlasses(ctx context.Context, at time.Time) ([]gate.Glass, error)

	// MarkDeploy writes a deploy, unless its ID is there already, and returns the one
	// that is there then.
	MarkDeploy(ctx context.Context, d gate.Deploy) (gate.Deploy, error)
	// BurnDeploys writes what has burned since deploys, by ID; of one that is not
	// there nothing is written.
	BurnDeploys(ctx context.Context, burned map[string][]gate.DeployBurn) error
	// FindDeploys are those that were chosen, the newest first.
	FindDeploys(ctx context.Context, q DeployQuery) ([]gate.Deploy, error)

	// SweepGates forgets verdicts that were told last before a time, deploys of
	// before and glasses that ended before. Of the verdicts that remain it keeps most
	// (0: all): those that stopped nobody, allow and unknown, go first, and of them
	// the oldest.
	SweepGates(ctx context.Context, before time.Time, most int) error
}
