package remediation

import (
	"context"
	"errors"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// begin goes on from a reservation.
func (r *Runner) begin(ctx context.Context, rec Record) (Record, error) {
	switch {
	case rec.Drill && !r.isFresh(rec.ID):
		return r.move(ctx, rec, Rejected, ReasonNoLonger, "") // nobody waits for it
	case r.now().Sub(rec.Created) > r.o.Settle && r.o.View().cause(rec) != fires:
		return r.move(ctx, rec, Rejected, ReasonNoLonger, "") // an engine died in between, or was paused
	case rec.DryRun:
		return r.rehearse(ctx, rec)
	case rec.Terms.Approval:
		rec.Expires = r.now().Add(approvalTime)
		return r.move(ctx, rec, Awaiting, ReasonApproval, "")
	}
	return r.arm(ctx, rec)
}

// await waits for a person. No answer is no.
func (r *Runner) await(ctx context.Context, rec Record) (Record, error) {
	switch {
	case rec.Answered != "" && r.o.View().cause(rec) == quiet:
		return r.move(ctx, rec, Rejected, ReasonNoLonger, rec.Note)
	case rec.Answered != "":
		return r.arm(ctx, rec)
	case !r.now().Before(rec.Expires):
		return r.move(ctx, rec, Expired, ReasonNoAnswer, "")
	}
	return rec, nil
}

// rehearse plans and writes nothing.
func (r *Runner) rehearse(ctx context.Context, rec Record) (Record, error) {
	plan, reason, err := r.replan(ctx, &rec)
	if reason != "" || err != nil {
		return r.unarmed(ctx, rec, reason, err)
	}
	rec.Plan = plan
	return r.move(ctx, rec, Rehearsed, ReasonRehearsed, "", deed{"planned", plan})
}

// arm looks at the gateway once more and writes down how to undo what comes:
// after this, and not before, the gateway may have it.
func (r *Runner) arm(ctx context.Context, rec Record) (Record, error) {
	switch off, err := r.handsOff(ctx, rec); {
	case err == nil && off && rec.Drill:
		return r.move(ctx, rec, Rejected, ReasonPaused, "")
	case off || err != nil:
		return rec, err
	}
	rec.Expires = r.now().Add(rec.Terms.Lease)
	plan, reason, err := r.replan(ctx, &rec)
	if reason != "" || err != nil {
		return r.unarmed(ctx, rec, reason, err)
	}
	rec.Plan = plan
	return r.move(ctx, rec, Applying, ReasonPlanned, "", deed{"planned", plan})
}

// replan is the plan of the action as it is going to be, with its id. A reason
// says why there is none.
func (r *Runner) replan(ctx context.Context, rec *Record) (*actuator.Plan, Reason, error) {
	g, err := r.open(*rec)
	if err != nil {
		return nil, ReasonGateway, nil
	}
	rec.Action.ID, rec.Action.Epoch = rec.ID, r.epoch()
	rec.Action.Expires = g.expiry(*rec, rec.Expires) // as it will be written
	plan, err := g.plan(ctx, rec.Action)
	switch {
	case errors.Is(err, ErrNotLeading):
		return nil, "", err
	case err != nil:
		rec.Note = err.Error()
		return nil, reasonOf(err), nil
	case plan.Target != rec.Target:
		rec.Note = "it is " + plan.Target + " now"
		return nil, ReasonTargetMoved, nil
	case actuator.Same(plan.Before.Value, plan.After):
		return nil, ReasonNothingToDo, nil
	}
	return &plan, "", nil
}

// maxPlans is how often a gateway that is not there is asked for a plan.
const maxPlans = 5

// unarmed is an action that could not be planned: nothing was written.
func (r *Runner) unarmed(ctx context.Context, rec Record, reason Reason, err error) (Record, error) {
	if err != nil {
		return rec, err
	}
	if reason == ReasonUnavailable && rec.Tries < maxPlans {
		return r.again(ctx, rec, reason, nil, backoff(rec.Tries))
	}
	to := Failed
	if rec.State == Awaiting {
		to = Rejected
	}
	rec.Escalated = rec.Terms.Last
	return r.move(ctx, rec, to, reason, rec.Note)
}
