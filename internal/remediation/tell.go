package remediation

import (
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
	Drill     bool      `json:"drill,omitempty"`
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
			DryRun: rec.DryRun, Drill: rec.Drill, Since: rec.Since, Acted: rec.Acted, Expires: rec.Expires, Saved: rec.Saved,
		},
	}
}

// tell counts and logs a move that is on record, and tells who listens. The
// receivers' messages are on record with it.
func (r *Runner) tell(rec Record) {
	r.m.moved(rec)
	r.log.Info("action "+string(rec.State), "action", rec.ID, "service", rec.Service, "target", rec.Target,
		"reason", rec.Reason, "note", rec.Note, "escalated", rec.Escalated, "drill", rec.Drill)
	if r.o.Told != nil {
		r.o.Told(EventOf(rec, r.o.Holder))
	}
}

// messages are what the receivers are told about a record with its next
// revision: they are written with it.
func (r *Runner) messages(rec Record) (list []Along) {
	rec.Revision++
	body, _ := json.Marshal(EventOf(rec, r.o.Holder)) // of plain values: cannot fail
	for _, to := range r.o.Receivers {
		list = append(list, Message{
			ID: fmt.Sprintf("%s-%d-%s", rec.ID, rec.Revision, to), To: to, Key: rec.ID,
			Body: body, Made: rec.Updated, Due: rec.Updated,
		})
	}
	return list
}
