package remediation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// How often the gateway is looked at while an action is live.
const (
	watchVerifying = 2 * time.Second
	watchHolding   = 10 * time.Second
)

// verify waits for the events after the action to say what it did.
func (r *Runner) verify(ctx context.Context, rec Record) (Record, error) {
	if next, err := r.watch(ctx, rec, watchVerifying); err != nil || next.Revision != rec.Revision {
		return next, err
	}
	switch {
	case rec.Asked != "":
		return r.takeBack(ctx, rec, ReasonAsked, rec.Asked)
	case rec.Drill:
		return r.takeBack(ctx, rec, ReasonDrill, "")
	case !r.now().Before(rec.Expires):
		return r.takeBack(ctx, rec, ReasonLeaseEnded, "")
	}
	since := r.witnessed(rec.Acted)
	reading := r.since(rec, since, rec.Terms.Window)
	judgement := judge(rec.Terms, rec.known().Burn, reading, touched(rec.Action), since, r.now())
	switch judgement {
	case "":
		return rec, nil
	case ReasonHelped, ReasonUnproven:
		if judgement == ReasonHelped {
			rec.Effect = judgement
		}
		return r.move(ctx, rec, Holding, judgement, "", deed{"verified", reading})
	}
	rec.Effect, rec.Escalated = judgement, rec.Terms.Last
	return r.takeBack(ctx, rec, judgement, "", deed{"verified", reading})
}

// witnessed is from when on events are evidence: since a time, but not before
// this process began; what it has read back from a disk is not what it saw.
func (r *Runner) witnessed(since time.Time) time.Time {
	if r.started.After(since) && !r.started.After(r.now()) {
		return r.started
	}
	return since
}

// since are the events that prove an action.
func (r *Runner) since(rec Record, from time.Time, window time.Duration) Reading {
	if rec.Terms.Proof == "" {
		return Reading{}
	}
	return r.o.Events.Since(rec.Terms.Proof, from, window, rec.Terms.By)
}

// touched are the members that an action is about.
func touched(a actuator.Action) (names []string) {
	for _, name := range []string{a.Member, a.From, a.To} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// watch sees whether what the action wrote is still there.
func (r *Runner) watch(ctx context.Context, rec Record, every time.Duration) (Record, error) {
	if !r.turn(rec.ID, every) {
		return rec, nil
	}
	g, err := r.open(rec)
	if err != nil {
		return rec, err
	}
	live, err := g.look(ctx, rec)
	switch {
	case errors.Is(err, actuator.ErrMissing):
		rec.Escalated = true
		return r.move(ctx, rec, Contested, ReasonMissing, err.Error())
	case errors.Is(err, ErrNotLeading):
		return rec, err
	case err != nil || rec.owns(live):
		return rec, nil // a gateway that is away is asked again in time
	case actuator.Same(live.Value, rec.Plan.Before.Value):
		rec.AtOnce, rec.Escalated = true, r.o.View().cause(rec) != quiet
		return r.undoing(ctx, rec, ReasonTakenBack, "")
	}
	return r.contest(ctx, rec, live)
}

// turn reports whether it is time to look at a record's gateway.
func (r *Runner) turn(id string, every time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if last, looked := r.looked[id]; looked && now.Sub(last) < every {
		return false
	}
	r.looked[id] = now
	return true
}

// takeBack undoes at once what does not help, or is not wanted.
func (r *Runner) takeBack(ctx context.Context, rec Record, reason Reason, note string, deeds ...deed) (Record, error) {
	rec.AtOnce = true
	return r.undoing(ctx, rec, reason, note, deeds...)
}

// undoing begins the undo.
func (r *Runner) undoing(ctx context.Context, rec Record, reason Reason, note string, deeds ...deed) (Record, error) {
	rec.Back, rec.Toward = 0, 1
	if !rec.Acted.IsZero() && rec.Effect == ReasonHelped {
		rec.Saved = spared(rec.known(), r.since(rec, rec.Acted, 0), member(rec))
	}
	return r.move(ctx, rec, Undoing, reason, note, deeds...)
}

// sentence is a list as people read it.
func sentence(names []string) string {
	names = slices.Sorted(slices.Values(names))
	return strings.Join(names, ", ")
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
