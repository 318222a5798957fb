package remediation

import (
	"context"
	"encoding/json"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// self is who did it, in the audit.
const self = "slo-engine"

// deed is what belongs into the audit beside a record.
type deed struct {
	what string
	data any
}

// save writes a record, what was done, and what others are told where it moved.
func (r *Runner) save(ctx context.Context, rec Record, moved bool, deeds ...deed) (Record, error) {
	now := r.now()
	rec.Updated, rec.Epoch = now, r.epoch()
	var along []Along
	for _, d := range deeds {
		along = append(along, entry(now, self, d, rec))
	}
	if moved {
		along = append(along, r.messages(rec)...)
	}
	saved, err := r.o.Store.Update(ctx, rec, along...)
	if err != nil {
		return rec, err
	}
	r.mu.Lock()
	r.fresh[rec.ID] = true
	r.writes++
	if saved.State.Over() {
		delete(r.fresh, rec.ID)
		delete(r.looked, rec.ID)
	}
	r.mu.Unlock()
	if moved {
		r.mark(saved.ID, marks[saved.State])
		r.tell(saved)
	}
	return saved, nil
}

// entry is a line of the audit about a record.
func entry(at time.Time, who string, d deed, rec Record) Entry {
	e := Entry{At: at, Who: who, What: d.what, Action: rec.ID, Service: rec.Service, SLO: rec.SLO, Reason: rec.Reason}
	if d.data != nil {
		e.Data, _ = json.Marshal(d.data) // of plain values: cannot fail
	}
	return e
}

// move brings a record into another state.
func (r *Runner) move(ctx context.Context, rec Record, to State, reason Reason, note string, deeds ...deed) (Record, error) {
	now := r.now()
	rec.State, rec.Reason, rec.Note = to, reason, note
	rec.Entered, rec.Next, rec.Tries = now, now, 0
	if to.Over() {
		rec.Next = time.Time{}
	}
	deeds = append(deeds, deed{what: string(to), data: map[string]any{"note": note, "escalated": rec.Escalated}})
	return r.save(ctx, rec, true, deeds...)
}

// again notes that something went wrong, and when it is tried again.
func (r *Runner) again(ctx context.Context, rec Record, reason Reason, err error, wait time.Duration, deeds ...deed) (Record, error) {
	rec.Tries++
	rec.Reason, rec.Next = reason, r.now().Add(wait)
	if err != nil {
		rec.Note = err.Error()
	}
	return r.save(ctx, rec, false, append(deeds, deed{what: "tried", data: map[string]any{"note": rec.Note, "tries": rec.Tries}})...)
}

// backoff is how long to wait after so many failures.
func backoff(tries int) time.Duration {
	return min(time.Second<<min(tries, 6), 30*time.Second)
}

func (r *Runner) epoch() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lead.Epoch
}

// wrote is the audit's line about a write.
func wrote(from actuator.Live, to actuator.Value, x actuator.Exchange, err error) deed {
	data := map[string]any{"before": from.Value, "after": to, "requests": x.Requests, "answer": x.Answer}
	if err != nil {
		data["error"] = err.Error()
	}
	return deed{what: "wrote", data: data}
}
