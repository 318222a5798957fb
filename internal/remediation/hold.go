package remediation

import (
	"context"
	"errors"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// maxRelapses is how often an undo is tried.
const maxRelapses = 3

// hold keeps what helps as a lease, as long as it is justified.
func (r *Runner) hold(ctx context.Context, rec Record) (Record, error) {
	if next, err := r.watch(ctx, rec, watchHolding); err != nil || next.Revision != rec.Revision {
		return next, err
	}
	now, cause := r.now(), r.o.View().cause(rec)
	stuck := rec.Relapses >= maxRelapses // a person decides
	switch {
	case rec.Asked != "":
		return r.takeBack(ctx, rec, ReasonAsked, rec.Asked)
	case cause == quiet && rec.Quiet.IsZero():
		rec.Quiet = now
		return r.save(ctx, rec, false)
	case cause == fires && !rec.Quiet.IsZero():
		rec.Quiet = time.Time{}
		return r.save(ctx, rec, false)
	case !stuck && cause == quiet && !rec.Terms.AtLeaseEnd && now.Sub(rec.Quiet) >= rec.Terms.After:
		return r.undoing(ctx, rec, ReasonResolved, "")
	case now.Before(rec.Expires.Add(-rec.Terms.Lease * 2 / 3)):
		return rec, nil
	case stuck || cause == fires || cause == quiet && !rec.Terms.AtLeaseEnd:
		return r.extend(ctx, rec)
	case !now.Before(rec.Expires):
		return r.undoing(ctx, rec, ReasonLeaseEnded, "")
	}
	return rec, nil
}

// extend renews a lease, at the gateway first: what it keeps longer than the
// record says is undone by the record.
func (r *Runner) extend(ctx context.Context, rec Record) (Record, error) {
	off, err := r.handsOff(ctx, rec)
	if err != nil {
		return rec, err
	}
	until := r.now().Add(rec.Terms.Lease)
	if !off {
		g, err := r.open(rec)
		if err == nil {
			err = g.renew(ctx, rec, until)
		}
		switch {
		case errors.Is(err, ErrNotLeading):
			return rec, err
		case errors.Is(err, actuator.ErrGone):
			r.forgetLook(rec.ID) // and the next look says what is there now
		case err != nil && rec.State == Holding && !r.now().Before(rec.Expires):
			return r.undoing(ctx, rec, ReasonLeaseEnded, err.Error())
		case err != nil:
			return r.again(ctx, rec, reasonOf(err), err, backoff(rec.Tries))
		}
	}
	rec.Expires = until
	return r.save(ctx, rec, false, deed{what: "renewed", data: map[string]any{"until": until}})
}

func (r *Runner) forgetLook(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.looked, id)
}
