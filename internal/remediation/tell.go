package remediation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Event is a move of an action as others are told of it: a CloudEvent in its
// JSON form.
type Event struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            Move      `json:"data"`
}

// Move is what happened to an action.
type Move struct {
	Action    string    `json:"action"`
	State     State     `json:"state"`
	Reason    Reason    `json:"reason"`
	Note      string    `json:"note,omitempty"`
	Kind      string    `json:"kind"`
	Gateway   string    `json:"gateway"`
	Target    string    `json:"target"`
	Playbook  string    `json:"playbook"`
	Step      int       `json:"step"`
	Service   string    `json:"service"`
	SLO       string    `json:"slo_id,omitempty"`
	Tier      string    `json:"tier,omitempty"`
	Severity  string    `json:"severity,omitempty"`
	Effect    Reason    `json:"effect,omitempty"`
	Escalated bool      `json:"escalated"`
	DryRun    bool      `json:"dry_run"`
	Since     time.Time `json:"since"`
	Acted     time.Time `json:"acted,omitzero"`
	Expires   time.Time `json:"expires,omitzero"`
	Saved     float64   `json:"saved_events,omitempty"`
}

// EventOf is what others are told about a record as it stands.
func EventOf(rec Record, source string) Event {
	return Event{
		SpecVersion: "1.0", ID: fmt.Sprintf("%s-%d", rec.ID, rec.Revision), Source: source,
		Type: "dev.slo-engine.action." + string(rec.State), Subject: rec.Service, Time: rec.Updated,
		DataContentType: "application/json",
		Data: Move{
			Action: rec.ID, State: rec.State, Reason: rec.Reason, Note: rec.Note, Kind: string(rec.Action.Kind),
			Gateway: rec.Gateway, Target: rec.Target, Playbook: rec.Playbook, Step: rec.Step, Service: rec.Service,
			SLO: rec.SLO, Tier: rec.Tier, Severity: rec.Severity, Effect: rec.Effect, Escalated: rec.Escalated,
			DryRun: rec.DryRun, Since: rec.Since, Acted: rec.Acted, Expires: rec.Expires, Saved: rec.Saved,
		},
	}
}

// tell pushes a move to all receivers, counts and logs it.
func (r *Runner) tell(ctx context.Context, rec Record) {
	r.m.moved(rec)
	r.log.Info("action "+string(rec.State), "action", rec.ID, "service", rec.Service, "target", rec.Target,
		"reason", rec.Reason, "note", rec.Note, "escalated", rec.Escalated)
	r.push(ctx, r.messages(rec))
}

func (r *Runner) messages(rec Record) (list []Message) {
	body, _ := json.Marshal(EventOf(rec, r.o.Holder)) // of plain values: cannot fail
	for _, to := range r.o.Receivers {
		list = append(list, Message{
			ID: fmt.Sprintf("%s-%d-%s", rec.ID, rec.Revision, to), To: to, Key: rec.ID,
			Body: body, Made: rec.Updated, Due: rec.Updated,
		})
	}
	return list
}

// maxUnsent bounds what waits in memory for a Store that takes nothing.
const maxUnsent = 10_000

// push gives messages to the outbox, those first that it did not take before:
// of one action none overtakes another.
func (r *Runner) push(ctx context.Context, list []Message) {
	r.mu.Lock()
	list = append(r.unsent, list...)
	r.unsent = nil
	r.mu.Unlock()
	if len(list) == 0 {
		return
	}
	if err := r.o.Store.Push(ctx, list...); err != nil {
		r.trouble("push messages", err)
		r.mu.Lock()
		r.unsent = append(list, r.unsent...)
		if over := len(r.unsent) - maxUnsent; over > 0 {
			r.m.lost.Add(float64(over))
			r.unsent = r.unsent[over:]
		}
		r.mu.Unlock()
	}
}

// untold is how far back an engine that died may have failed to tell.
const untold = 10 * time.Minute

// retell pushes, once, the last message of what moved shortly before this
// engine began: the one before may have died between the move and the message.
// A receiver that has had it hears it twice.
func (r *Runner) retell(ctx context.Context) {
	r.push(ctx, nil)
	if r.told || len(r.o.Receivers) == 0 {
		return
	}
	records, err := r.o.Store.Find(ctx, Query{Since: r.started.Add(-lookBack)})
	if err != nil {
		r.trouble("look for what was not told", err)
		return
	}
	r.told = true
	for _, rec := range records {
		if rec.Updated.After(r.started.Add(-untold)) && rec.Updated.Before(r.started) {
			r.push(ctx, r.messages(rec))
		}
	}
}
