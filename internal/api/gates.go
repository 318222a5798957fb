package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Gates say whether changes may ship: a *gates.Keeper. Errors are those of package
// gates.
type Gates interface {
	// Ask answers at once, whatever is away: what is not known is unknown. It asks
	// for now where the request has no time.
	Ask(ctx context.Context, r gate.Request) gate.Verdict
	Explain(ctx context.Context, id string) (gates.Told, error)
	Verdicts(ctx context.Context, q gates.VerdictQuery) ([]gates.Told, error)
	Policies() []*slo.GatePolicy
	Glasses(ctx context.Context) ([]gate.Glass, error)
	// BreakGlass gives it ID and At.
	BreakGlass(ctx context.Context, g gate.Glass) (gate.Glass, error)
	MendGlass(ctx context.Context, id, by string) error
	// MarkDeploy takes the same ID twice for one deploy; without an ID it gets one,
	// and without At it is of now.
	MarkDeploy(ctx context.Context, d gate.Deploy) (gate.Deploy, error)
	// Deploys are the newest first; of all services where none is named.
	Deploys(ctx context.Context, service string) ([]gate.Deploy, error)
}

// decider is what Gates may offer besides: the decision of each service as it is
// without an environment, cheap enough to be asked with every scrape.
type decider interface {
	Decisions() map[string]slo.GateDecision
}

var (
	_ Gates   = (*gates.Keeper)(nil)
	_ decider = (*gates.Keeper)(nil)
)

// decisions are those of the services; nil where they are not kept.
func (a *api) decisions() map[string]slo.GateDecision {
	if d, ok := a.Gates.(decider); ok {
		return d.Decisions()
	}
	return nil
}

// noGates says that an engine has none.
const noGates = "this engine has no release gates"

// withGates answers with what f finds, where there are gates.
func (a *api) withGates(f answer) http.Handler {
	if a.Gates == nil {
		return absent(noGates)
	}
	return a.json(f)
}

// asking is a handler of gates that renders answers itself.
func (a *api) asking(f http.HandlerFunc) http.Handler {
	if a.Gates == nil {
		return absent(noGates)
	}
	return f
}

// gateFailure is an error of Gates as a client may read it; what is missing is what
// was asked for.
func (a *api) gateFailure(r *http.Request, err error, what string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gates.ErrUnknown):
		return fail(missing, "there is no %s", what)
	case errors.Is(err, gates.ErrInvalid):
		return fail(invalid, "%v", err)
	case r.Context().Err() != nil:
		return fail(unavailable, "the client has gone")
	}
	if !errors.Is(err, gates.ErrStateAway) {
		a.Logger.Error("state of gates not to be asked", "path", r.URL.Path, "err", err)
	}
	if !changes(r) {
		return fail(unavailable, "the state of gates cannot be reached: the engine tries again and again, and its log says why")
	}
	return fail(unavailable, "the state of gates cannot be reached, and the log says why. Look whether it was done before asking again")
}
