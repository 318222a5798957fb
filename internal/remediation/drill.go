package remediation

import (
	"context"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// DrillReport is how a playbook went when somebody tried it.
type DrillReport struct {
	Playbook string    `json:"playbook"`
	Who      string    `json:"who"`
	Began    time.Time `json:"began"`
	// Actions are those that were tried, in order: after one that was not taken
	// back there is no other one.
	Actions []Drilled `json:"actions"`
}

// Sound reports whether each action was live, and is taken back.
func (d DrillReport) Sound() bool {
	for _, a := range d.Actions {
		if a.TimeToHeal == 0 || !a.Restored {
			return false
		}
	}
	return len(d.Actions) > 0
}

// Drilled is one action of a drill. Its Reason says why it was not done, or how
// it ended.
type Drilled struct {
	Rehearsal
	// ID is the action's; empty: there was none.
	ID    string `json:"id,omitempty"`
	State State  `json:"state,omitempty"`
	// Times are what happened, in order.
	Times []DrillTime `json:"times,omitempty"`
	// TimeToHeal is from the decision until the gateway had it; 0: it never had.
	TimeToHeal time.Duration `json:"time_to_heal,omitempty"`
	// Restored says that a last look found what was there before.
	Restored bool `json:"restored"`
}

// DrillTime is when something was done: planned, reserved, undo_written, acted
// (the gateway has said yes), live (it was seen there), undoing, undone.
type DrillTime struct {
	What  string        `json:"what"`
	After time.Duration `json:"after"` // the decision
}

const (
	// drillLease is how long a drill may stay at a gateway when the engine dies.
	drillLease = 30 * time.Second
	// drillShare is how much of a member's traffic is shifted where the playbook
	// computes that from what burns.
	drillShare = 0.1
	// drillTime bounds how long one action of a drill is waited for. What is not
	// over by then goes on without being watched.
	drillTime = 90 * time.Second
)

// Drill tries the actions of a playbook for real, as for an alert with such
// labels: each is reserved like any other, written, seen, and taken back at once,
// whether anything burns or not. It holds others off its targets and counts for
// nothing else. It needs the mode enforce, the lead, and that nobody has paused:
// otherwise the error is a *Held. What an engine that dies leaves, the next one
// takes back.
func (r *Runner) Drill(ctx context.Context, p *slo.Remediation, labels map[string]string, who string) (DrillReport, error) {
	report := DrillReport{Playbook: p.Name, Who: who, Began: r.now()}
	if err := r.mayDrill(ctx, p); err != nil {
		return report, err
	}
	alert := Alert{Labels: labels, Ours: labels["slo_id"] != "", Since: report.Began}
	for step := range p.Remedies {
		one := r.drill(ctx, Decision{Alert: alert, Playbook: p, Step: step}, who)
		report.Actions = append(report.Actions, one)
		if one.ID != "" && !one.Restored {
			break
		}
	}
	return report, nil
}

// mayDrill says why nothing may be written.
func (r *Runner) mayDrill(ctx context.Context, p *slo.Remediation) error {
	r.mu.Lock()
	leads, holder := r.lead.Leads && r.o.Now().Before(r.until), r.lead.Holder
	r.mu.Unlock()
	paused, err := r.paused(ctx)
	switch {
	case err != nil:
		return err
	case r.o.Mode == ModeOff || r.o.Mode == "":
		return &Held{Reason: ReasonOff}
	case r.o.Mode != ModeEnforce || p.DryRun:
		return &Held{Reason: ReasonRehearsed}
	case paused != "":
		return &Held{Reason: ReasonPaused, By: paused}
	case !leads:
		return &Held{Reason: HeldNotLeading, By: holder}
	}
	return nil
}
