package remediation

import (
	"encoding/json"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// State is where an action stands. The names are stable.
type State string

// The states, in the order in which most actions go through them.
const (
	Proposed  State = "proposed"          // reserved; nothing was asked of the gateway
	Awaiting  State = "awaiting_approval" // a person is asked; no answer means no
	Applying  State = "applying"          // its undo is written down; the gateway may have it
	Verifying State = "verifying"         // it is live; whether it helps is not known yet
	Holding   State = "held"              // it helps, and is renewed while it is needed
	Undoing   State = "undoing"           // it is taken back, step by step

	// The ends.

	Undone    State = "undone"    // what was there before is there again
	Contested State = "contested" // somebody else changed the target: hands off
	Failed    State = "failed"    // a look at the gateway shows nothing of ours
	Rejected  State = "rejected"  // a person said no
	Expired   State = "expired"   // nobody said yes
	Rehearsed State = "rehearsed" // a dry run
)

// moves are the legal ones.
var moves = map[State][]State{
	Proposed:  {Awaiting, Applying, Rehearsed, Rejected, Failed},
	Awaiting:  {Applying, Rejected, Expired},
	Applying:  {Verifying, Undoing, Failed, Contested},
	Verifying: {Holding, Undoing, Contested},
	Holding:   {Undoing, Contested},
	Undoing:   {Undone, Contested, Holding}, // held again when a step back made it worse three times
}

// May reports whether an action may move from one state to another.
func (s State) May(next State) bool {
	for _, to := range moves[s] {
		if to == next {
			return true
		}
	}
	return false
}

// Over reports whether an action has ended.
func (s State) Over() bool { return len(moves[s]) == 0 }

// Live reports whether something of the action may be at the gateway.
func (s State) Live() bool {
	return s == Applying || s == Verifying || s == Holding || s == Undoing
}

// Reason names why a decision was taken, in log, API, metrics and audit alike:
// lower case, with underscores, such as cooldown or budget_of_actions.
type Reason string

// Record is one action, from the decision to the end. It is written whole.
type Record struct {
	// ID is unique and sorts by time: it is the idempotency key at the gateway.
	ID string `json:"id"`
	// Revision counts the writes; a write must name the one that it has seen.
	Revision int64 `json:"revision"`

	// Playbook is the document, and Step the number of its action, from 0.
	Playbook string `json:"playbook"`
	Step     int    `json:"step"`
	// SLO is the id of the instance whose budget burns; empty when the alert came
	// from elsewhere. Service is whose it is.
	SLO     string `json:"slo,omitempty"`
	Service string `json:"service"`
	// Tier and Severity are those that started it; Alert is the fingerprint of the
	// alert, and Since when it began: the same again is not a second cause.
	Tier     string    `json:"tier,omitempty"`
	Severity string    `json:"severity,omitempty"`
	Alert    string    `json:"alert"`
	Since    time.Time `json:"since"`

	// Gateway names the actuator and Target what it changes there. Together they
	// are what only one action may hold.
	Gateway string          `json:"gateway"`
	Target  string          `json:"target"`
	Action  actuator.Action `json:"action"`

	State  State  `json:"state"`
	Reason Reason `json:"reason,omitempty"`
	// Note is for people: what the gateway said, what a person wrote.
	Note string `json:"note,omitempty"`
	// Escalated says that people were called because it did not help, or could
	// not be undone.
	Escalated bool `json:"escalated,omitempty"`
	// Settings are those of the gateway when it was decided: an action can be
	// undone when its playbook is gone. Kind is the kind of gateway they are for.
	Kind     string          `json:"kind,omitempty"`
	Settings json.RawMessage `json:"settings,omitempty"`
	// Terms are those of the playbook when it was decided.
	Terms Terms `json:"terms,omitzero"`
	// DryRun says that nothing is to be written at the gateway.
	DryRun bool `json:"dry_run,omitempty"`
	// Drill says that a person tries it: it is taken back as soon as it is live.
	Drill bool `json:"drill,omitempty"`

	// Plan is what it changes, as it was before it acted: the undo record.
	Plan *actuator.Plan `json:"plan,omitempty"`
	// Wrote is what it wrote last; nil: nothing yet. What is live must be that, or
	// somebody else was there.
	Wrote *actuator.Live `json:"wrote,omitempty"`
	// Back is how many steps of the undo are done, and Toward how many are to be:
	// while they differ, the gateway may be at either.
	Back   int `json:"back,omitempty"`
	Toward int `json:"toward,omitempty"`
	// Tries counts what went wrong in the state at hand.
	Tries int `json:"tries,omitempty"`

	// Evidence is what was known when it was decided, and what it is verified
	// against; its form is the decider's.
	Evidence json.RawMessage `json:"evidence,omitempty"`
	// Answered is who approved or rejected it; empty: nobody.
	Answered string `json:"answered,omitempty"`
	// Asked is who wants it undone; empty: nobody.
	Asked string `json:"asked,omitempty"`
	// Effect says what it did, once that is known: helped, ineffective, worse,
	// burns_elsewhere or not_verified.
	Effect Reason `json:"effect,omitempty"`
	// GaveUp says that nothing more is written, and why: what is left is a look
	// whether something of it is live.
	GaveUp Reason `json:"gave_up,omitempty"`
	// AtOnce says that its undo has one step.
	AtOnce bool `json:"at_once,omitempty"`
	// Relapses counts the undo's steps that were taken back.
	Relapses int `json:"relapses,omitempty"`
	// Saved is an estimate of the bad events that it has spared; 0: none, or not
	// known.
	Saved float64 `json:"saved,omitempty"`

	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	// Entered is when it came into its state.
	Entered time.Time `json:"entered"`
	// Acted is when the gateway had it; zero: not yet.
	Acted time.Time `json:"acted,omitzero"`
	// Stepped is when the undo made its last step; Quiet since when its cause has
	// been gone. Zero: never.
	Stepped time.Time `json:"stepped,omitzero"`
	Quiet   time.Time `json:"quiet,omitzero"`
	// Expires is when it is undone unless renewed; Next when it is looked at again.
	Expires time.Time `json:"expires,omitzero"`
	Next    time.Time `json:"next,omitzero"`
	// Epoch is that of the engine that wrote it last.
	Epoch int64 `json:"epoch,omitempty"`
}

// Terms are what a playbook says about an action that has begun: later edits
// change later actions.
type Terms struct {
	Approval bool          `json:"approval,omitempty"`
	Lease    time.Duration `json:"lease"`
	// Native makes the gateway take the action back when the engine is gone.
	Native bool `json:"native,omitempty"`
	// Proof is the instance whose events prove it; empty: nothing does.
	Proof     string        `json:"proof,omitempty"`
	BurnBelow float64       `json:"burn_below"`
	MinEvents float64       `json:"min_events"`
	Window    time.Duration `json:"window"`
	Within    time.Duration `json:"within"`
	// By is the label that tells members apart; empty: they are not.
	By         string        `json:"by,omitempty"`
	AtLeaseEnd bool          `json:"at_lease_end,omitempty"`
	After      time.Duration `json:"after"`
	Steps      []float64     `json:"steps"`
	Every      time.Duration `json:"every"`
	// Last says that the playbook has no further action for when this one fails.
	Last bool `json:"last,omitempty"`
}
