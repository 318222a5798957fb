package remediation

import (
	"context"
	"errors"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// apply brings an action to the gateway. Unless this process has just armed it,
// it may be there already, so the gateway is asked first.
func (r *Runner) apply(ctx context.Context, rec Record) (Record, error) {
	g, err := r.open(rec)
	if err != nil {
		return r.again(ctx, rec, ReasonGateway, err, backoff(rec.Tries))
	}
	if r.isFresh(rec.ID) && rec.Reason == ReasonPlanned {
		return r.write(ctx, g, rec, rec.Plan.Before)
	}
	live, err := g.look(ctx, rec)
	switch {
	case errors.Is(err, actuator.ErrMissing):
		return r.move(ctx, rec, Failed, ReasonMissing, err.Error())
	case errors.Is(err, ErrNotLeading):
		return rec, err
	case err != nil:
		return r.again(ctx, rec, rec.sticky(reasonOf(err)), err, backoff(rec.Tries))
	case rec.owns(live) && len(live.Unsettled) == 0:
		return r.live(ctx, rec, live)
	case rec.owns(live) || actuator.Same(live.Value, rec.Plan.Before.Value):
		return r.absent(ctx, g, rec, live)
	}
	return r.contest(ctx, rec, live)
}

// owns reports whether what is live is what the action writes.
func (r *Record) owns(live actuator.Live) bool {
	return actuator.Same(live.Value, r.Plan.After) && (live.Owner == "" || live.Owner == r.ID)
}

// live notes that the gateway has it.
func (r *Runner) live(ctx context.Context, rec Record, live actuator.Live) (Record, error) {
	rec.Wrote, rec.Acted = &live, r.now()
	r.m.acted(rec)
	return r.move(ctx, rec, Verifying, ReasonLive, "")
}

// absent goes on where the gateway does not have it, or not everywhere. What
// may still be under way is waited for; then it is written again, which changes
// nothing if it has arrived meanwhile.
func (r *Runner) absent(ctx context.Context, g gateway, rec Record, live actuator.Live) (Record, error) {
	now := r.now()
	underWay := r.underWay(rec)
	partly := rec.owns(live) || len(live.Unsettled) > 0
	switch {
	case (underWay || partly) && r.settling(rec):
		return rec, nil
	case partly:
		rec.AtOnce, rec.Escalated, rec.Wrote = true, rec.Terms.Last, &live
		return r.undoing(ctx, rec, ReasonUnsettled, "not on "+sentence(live.Unsettled))
	case rec.GaveUp != "":
		rec.Escalated = rec.Terms.Last && rec.GaveUp != ReasonNoLonger
		return r.move(ctx, rec, Failed, rec.GaveUp, rec.Note)
	case rec.Asked != "":
		return r.move(ctx, rec, Failed, ReasonAsked, rec.Asked)
	case r.o.View().cause(rec) == quiet:
		return r.move(ctx, rec, Failed, ReasonNoLonger, "")
	case !now.Before(rec.Expires):
		rec.Escalated = rec.Terms.Last
		return r.move(ctx, rec, Failed, rec.Reason, rec.Note)
	case r.o.View().cause(rec) == unknown:
		return rec, nil // no reason to act
	}
	return r.write(ctx, g, rec, live)
}

// underWay reports whether something may have been asked of the gateway that has
// had no effect yet: by an engine that died, or without an answer.
func (r *Runner) underWay(rec Record) bool {
	return !r.isFresh(rec.ID) || rec.Reason == ReasonUncertain || rec.Reason == ReasonUnsettled
}

// settling reports whether the last thing that was asked for may still have to
// arrive. Another engine's clock may be ahead.
func (r *Runner) settling(rec Record) bool {
	return r.now().Sub(rec.Updated).Abs() < r.o.Settle
}

// sticky is a reason, unless the one at hand says that something may be under
// way: that is not forgotten over another trouble.
func (r *Record) sticky(reason Reason) Reason {
	if r.Reason == ReasonUncertain || r.Reason == ReasonUnsettled {
		return r.Reason
	}
	return reason
}

// maxConflicts is how often a target that others keep busy is written.
const maxConflicts = 3

// write asks the gateway for the change, and looks what came of it.
func (r *Runner) write(ctx context.Context, g gateway, rec Record, from actuator.Live) (Record, error) {
	if off, err := r.handsOff(ctx, rec); err != nil {
		return rec, err
	} else if off {
		rec.GaveUp = ReasonPaused
		return r.again(ctx, rec, ReasonPaused, nil, 0)
	}
	x, err := g.write(ctx, actuator.Write{
		Action: rec.ID, Target: rec.Target, From: from, To: rec.Plan.After, Until: g.expiry(rec, rec.Expires),
	})
	said := wrote(from, rec.Plan.After, x, err)
	switch reason := reasonOf(err); {
	case errors.Is(err, ErrNotLeading):
		return rec, err
	case err == nil:
		return r.written(ctx, g, rec, x, said)
	case reason == ReasonUnavailable:
		return r.again(ctx, rec, reason, err, backoff(rec.Tries), said)
	case reason == ReasonUncertain || reason == ReasonTrouble:
		return r.again(ctx, rec, ReasonUncertain, err, 0, said)
	case reason == ReasonConflict && rec.Tries < maxConflicts:
		return r.again(ctx, rec, reason, err, 0, said)
	default:
		rec.GaveUp = reason
		return r.again(ctx, rec, reason, err, 0, said)
	}
}

// written looks whether what the gateway took is live; it may take its time.
func (r *Runner) written(ctx context.Context, g gateway, rec Record, x actuator.Exchange, said deed) (Record, error) {
	rec.Wrote = &actuator.Live{Value: rec.Plan.After, Version: x.Version, Owner: rec.ID}
	live, err := g.look(ctx, rec)
	if err == nil && rec.owns(live) && len(live.Unsettled) == 0 {
		rec.Wrote, rec.Acted = &live, r.now()
		r.m.acted(rec)
		return r.move(ctx, rec, Verifying, ReasonLive, "", said)
	}
	if rec.Tries >= maxConflicts { // it says yes and does nothing
		rec.GaveUp = ReasonUnsettled
	}
	return r.again(ctx, rec, ReasonUnsettled, err, 200*time.Millisecond, said)
}

// contest takes the hands off a target that somebody else has changed.
func (r *Runner) contest(ctx context.Context, rec Record, live actuator.Live) (Record, error) {
	rec.Escalated = true
	return r.move(ctx, rec, Contested, ReasonForeign, "live is "+string(live.Value), deed{"read", live})
}
