package remediation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// drill tries one action.
func (r *Runner) drill(ctx context.Context, d Decision, who string) Drilled {
	ctx, cancel := context.WithTimeout(ctx, drillTime)
	defer cancel()
	a := action(d)
	if d.Remedy().Kind == slo.RemedyShift && d.Remedy().Share == 0 {
		a.Share = min(drillShare, d.Playbook.Guards.MaxShift)
	}
	watch := &stopwatch{began: r.o.Now()}
	out := Drilled{Rehearsal: r.rehearseStep(ctx, d, a)}
	if out.Reason != "" {
		return out
	}
	watch.mark("planned", r.o.Now())
	rec, err := r.drillRecord(d, out)
	if err == nil {
		rec, err = r.drillReserved(ctx, d, rec, who, watch)
	}
	if err != nil {
		out.Reason, out.Note = heldReason(err), err.Error()
		return out
	}
	rec = r.drilled(ctx, rec)
	out.ID, out.State, out.Reason, out.Note = rec.ID, rec.State, rec.Reason, rec.Note
	out.Times, out.TimeToHeal = r.stopped(rec.ID)
	out.Restored = r.restoredNow(ctx, rec)
	return out
}

// drillRecord is the record of a drill.
func (r *Runner) drillRecord(d Decision, planned Drilled) (Record, error) {
	settings, err := d.Remedy().Settings.Text()
	if err != nil {
		return Record{}, err
	}
	at := r.now()
	t := terms(d.Playbook, d.Step, d.Alert.SLO())
	t.Approval, t.Lease, t.Last = false, drillLease, false
	text, _ := json.Marshal(evidence(r.reading(t), d.Alert))
	id := r.o.NewID(at)
	return Record{
		ID: id, Playbook: d.Playbook.Name, Step: d.Step, SLO: d.Alert.SLO(), Service: d.Alert.Service(),
		Tier: d.Alert.Tier(), Severity: d.Alert.Severity(), Alert: "drill/" + id, Since: at,
		Gateway: planned.Name, Target: planned.Plan.Target, Action: planned.Action, Kind: d.Remedy().Gateway, Settings: settings,
		Terms: t, State: Proposed, Reason: ReasonDrill, Drill: true, Plan: planned.Plan, Evidence: text,
		Created: at, Updated: at, Entered: at, Next: at, Epoch: r.epoch(),
	}, nil
}

// drillReserved takes the record in, for this process to go on with.
func (r *Runner) drillReserved(ctx context.Context, d Decision, rec Record, who string, watch *stopwatch) (Record, error) {
	r.claim(rec.ID) // before anybody can know of it
	r.mu.Lock()
	r.drilling[rec.ID] = watch
	r.mu.Unlock()
	limits := r.limits(d)
	along := append(r.messages(rec), entry(limits.Now, who, deed{"drill", rec.Plan}, rec))
	saved, err := r.o.Store.Reserve(ctx, rec, limits, along...)
	if err != nil {
		r.release(rec.ID)
		r.stopped(rec.ID)
		return rec, err
	}
	watch.mark("reserved", r.o.Now())
	r.mu.Lock()
	r.fresh[rec.ID] = true
	r.writes++
	r.mu.Unlock()
	r.tell(saved)
	return saved, nil
}

// drilled drives a drill, which is claimed, to its end, or until there is no
// time left: then the Runner's looks do.
func (r *Runner) drilled(ctx context.Context, rec Record) Record {
	for {
		r.drive(ctx, rec)
		r.release(rec.ID)
		for claimed := false; !claimed; claimed = r.claim(rec.ID) {
			now, err := r.o.Store.Get(ctx, rec.ID)
			if err == nil {
				rec = now
			}
			if rec.State.Over() || ctx.Err() != nil {
				return rec
			}
			wait(ctx, drillLook)
		}
	}
}

// drillLook is the time between two looks at how a drill goes.
const drillLook = 20 * time.Millisecond

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// restoredNow looks once more whether what was there before is there again.
func (r *Runner) restoredNow(ctx context.Context, rec Record) bool {
	if rec.State != Undone {
		return rec.State == Failed || rec.State == Rejected // nothing of it is live
	}
	g, err := r.open(rec)
	if err != nil {
		return false
	}
	live, err := g.look(ctx, rec)
	return err == nil && actuator.Same(live.Value, rec.Plan.Before.Value)
}

// heldReason names why a drill was not reserved.
func heldReason(err error) Reason {
	var held *Held
	if errors.As(err, &held) {
		return held.Reason
	}
	return HeldStoreTrouble
}
