package remediation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// ladder are the values on the way back, the action's own first and what was
// there before last.
func (g gateway) ladder(rec Record) ([]actuator.Value, error) {
	before, after := rec.Plan.Before.Value, rec.Plan.After
	values := []actuator.Value{after}
	if !rec.AtOnce {
		for _, share := range rec.Terms.Steps[:max(0, len(rec.Terms.Steps)-1)] {
			v, err := g.Between(after, before, share)
			if err != nil {
				return nil, fmt.Errorf("find the value between: %w", err)
			}
			values = append(values, v)
		}
	}
	return append(values, before), nil
}

// undo goes from step to step. It begins with a look, each time: what is live
// must be where the record stands or where it was going to, or somebody else
// was there.
func (r *Runner) undo(ctx context.Context, rec Record) (Record, error) {
	g, err := r.open(rec)
	if err != nil {
		return r.again(ctx, rec, ReasonGateway, err, backoff(rec.Tries))
	}
	values, err := g.ladder(rec)
	if err != nil { // then in one step
		rec.AtOnce, rec.Back, rec.Toward = true, 0, 1
		return r.again(ctx, rec, ReasonUnsupported, err, 0)
	}
	live, err := g.look(ctx, rec)
	switch {
	case errors.Is(err, actuator.ErrMissing):
		rec.Escalated = true
		return r.move(ctx, rec, Contested, ReasonMissing, err.Error())
	case errors.Is(err, ErrNotLeading):
		return rec, err
	case err != nil:
		return r.stumble(ctx, rec, rec.sticky(reasonOf(err)), err)
	case rec.Asked != "" && !rec.AtOnce:
		return r.jump(ctx, g, rec, values, live)
	}
	return r.stepFrom(ctx, g, rec, values, live)
}

// jump makes one step of what is left, from wherever it stands: that counts as
// the action's own value then.
func (r *Runner) jump(ctx context.Context, g gateway, rec Record, values []actuator.Value, live actuator.Live) (Record, error) {
	if r.underWay(rec) && r.settling(rec) {
		return rec, nil
	}
	plan := *rec.Plan
	for _, own := range []int{rec.Back, rec.Toward} {
		if actuator.Same(live.Value, values[min(own, len(values)-1)]) {
			plan.After = live.Value
		}
	}
	rec.Plan, rec.AtOnce, rec.Back, rec.Toward = &plan, true, 0, 1
	return r.save(ctx, rec, false, deed{what: "asked", data: map[string]any{"by": rec.Asked, "from": live.Value}})
}

// stepFrom decides by what is live.
func (r *Runner) stepFrom(ctx context.Context, g gateway, rec Record, values []actuator.Value, live actuator.Live) (Record, error) {
	end := len(values) - 1
	rec.Back, rec.Toward = min(rec.Back, end), min(rec.Toward, end)
	ours := live.Owner == "" || live.Owner == rec.ID || actuator.Same(live.Value, actuator.Absent)
	switch value := live.Value; {
	case actuator.Same(value, values[end]) && len(live.Unsettled) == 0:
		return r.restored(ctx, rec, live)
	case !ours:
		return r.contest(ctx, rec, live)
	case actuator.Same(value, values[rec.Toward]) && len(live.Unsettled) > 0:
		rec.Escalated = rec.Escalated || !r.settling(rec)
		return r.step(ctx, g, rec, values, live) // again, where it was lost
	case actuator.Same(value, values[rec.Toward]) && rec.Back != rec.Toward:
		return r.arrived(ctx, rec, live)
	case actuator.Same(value, values[rec.Back]) && rec.Back == rec.Toward:
		return r.rest(ctx, rec)
	case actuator.Same(value, values[rec.Back]):
		return r.step(ctx, g, rec, values, live)
	}
	return r.contest(ctx, rec, live)
}

// restored notes that what was there before is there again.
func (r *Runner) restored(ctx context.Context, rec Record, live actuator.Live, deeds ...deed) (Record, error) {
	rec.Back, rec.Wrote = rec.Toward, &live
	reason := ReasonRestored
	if rec.Reason == ReasonTakenBack {
		reason = rec.Reason
	}
	return r.move(ctx, rec, Undone, reason, "", deeds...)
}

// arrived notes that a step is done.
func (r *Runner) arrived(ctx context.Context, rec Record, live actuator.Live, deeds ...deed) (Record, error) {
	rec.Reason, rec.Note, rec.Back, rec.Stepped, rec.Wrote, rec.Tries = ReasonStepped, "", rec.Toward, r.now(), &live, 0
	if rec.Relapses >= maxRelapses && rec.Back == 0 {
		rec.Escalated, rec.Quiet, rec.Expires = true, time.Time{}, r.now().Add(rec.Terms.Lease)
		return r.move(ctx, rec, Holding, ReasonRelapsed, "it got worse each time", deeds...)
	}
	deeds = append(deeds, deed{what: "stepped", data: map[string]any{"step": rec.Back}})
	return r.save(ctx, rec, true, deeds...)
}

// rest watches a step: it is taken back where it made things worse, and the
// next one is made where it did not.
func (r *Runner) rest(ctx context.Context, rec Record) (Record, error) {
	if rec.Terms.Native && !r.now().Before(rec.Expires.Add(-rec.Terms.Lease*2/3)) {
		return r.extend(ctx, rec)
	}
	since := r.witnessed(rec.Stepped)
	wait := rec.Terms.Every << min(rec.Relapses, 10)
	reading := r.since(rec, since, rec.Terms.Window)
	worse, known := relapsed(rec.Terms, reading, since, r.now(), wait)
	switch {
	case worse && rec.Back > 0:
		rec.Relapses++
		rec.Reason, rec.Toward = ReasonRelapsed, rec.Back-1
		if rec.Relapses >= maxRelapses {
			rec.Toward = 0
		}
	case worse || !known:
		return rec, nil // held until it is calm, and no longer a reason to go on
	default:
		rec.Reason, rec.Toward = ReasonCalm, rec.Back+1
	}
	return r.save(ctx, rec, false, deed{what: "judged", data: map[string]any{"worse": worse, "toward": rec.Toward, "reading": reading}})
}

// step asks the gateway for the next value. What an engine before may have
// asked for is waited for.
func (r *Runner) step(ctx context.Context, g gateway, rec Record, values []actuator.Value, live actuator.Live) (Record, error) {
	to := values[rec.Toward]
	if r.underWay(rec) && r.settling(rec) {
		return rec, nil
	}
	if off, err := r.handsOff(ctx, rec); off || err != nil {
		return rec, err
	}
	rec.Expires = r.now().Add(max(rec.Terms.Lease, 10*rec.Terms.Every))
	x, err := g.write(ctx, actuator.Write{
		Action: rec.ID, Target: rec.Target, From: live, To: to, Until: g.expiry(rec, rec.Expires),
	})
	said := wrote(live, to, x, err)
	switch reason := reasonOf(err); {
	case errors.Is(err, ErrNotLeading):
		return rec, err
	case err == nil:
		return r.stepped(ctx, g, rec, values, x, said)
	case reason == ReasonConflict && rec.Tries < maxConflicts:
		return r.again(ctx, rec, reason, err, 0, said)
	case reason == ReasonUncertain || reason == ReasonTrouble:
		return r.again(ctx, rec, ReasonUncertain, err, 0, said)
	default:
		return r.stumble(ctx, rec, reason, err, said)
	}
}

// stepped looks whether what the gateway took is live.
func (r *Runner) stepped(ctx context.Context, g gateway, rec Record, values []actuator.Value, x actuator.Exchange, said deed) (Record, error) {
	rec.Wrote = &actuator.Live{Value: values[rec.Toward], Version: x.Version, Owner: rec.ID}
	live, err := g.look(ctx, rec)
	switch {
	case err != nil || len(live.Unsettled) > 0 || !actuator.Same(live.Value, values[rec.Toward]):
		return r.again(ctx, rec, ReasonUnsettled, err, 200*time.Millisecond, said)
	case rec.Toward == len(values)-1:
		return r.restored(ctx, rec, live, said)
	}
	return r.arrived(ctx, rec, live, said)
}

// maxStumbles is how often an undo fails before people are called.
const maxStumbles = 5

// stumble is an undo that cannot go on: it is tried until it can.
func (r *Runner) stumble(ctx context.Context, rec Record, reason Reason, err error, deeds ...deed) (Record, error) {
	rec.Escalated = rec.Escalated || rec.Tries+1 >= maxStumbles
	return r.again(ctx, rec, reason, err, backoff(rec.Tries), deeds...)
}
