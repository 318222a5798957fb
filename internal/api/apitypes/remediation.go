package apitypes

import "encoding/json"

// RemediationList answers GET /api/v1/remediations, by name.
type RemediationList struct {
	Remediations []Remediation `json:"remediations"`
}

// Remediation is a playbook in force. Durations are in seconds.
type Remediation struct {
	Name string `json:"name"`
	// On are matchers over the labels of an alert; all of them hold.
	On []string `json:"on"`
	// Actions are tried in order.
	Actions []Remedy `json:"actions"`
	// Approval: a person says yes first. DryRun: it is only rehearsed.
	Approval bool         `json:"approval"`
	DryRun   bool         `json:"dry_run"`
	Guards   RemedyGuards `json:"guards"`
	Verify   RemedyVerify `json:"verify"`
	Lease    float64      `json:"lease"`
	Undo     RemedyUndo   `json:"undo"`
	// UndoIfEngineDies: the gateway itself takes it back, where it can.
	UndoIfEngineDies bool   `json:"undo_if_engine_dies"`
	Origin           Origin `json:"origin"`
	// HeldBack says for each alert of the last day why nothing was done about it,
	// the last time that was so, the newest first.
	HeldBack []HeldBack `json:"held_back"`
}

// Remedy is one action of a playbook.
type Remedy struct {
	GatewayKind string `json:"gateway_kind"`
	What        string `json:"what"`
	// AfterSuccess: done once the one before has helped, instead of when it has
	// not.
	AfterSuccess bool `json:"after_success"`
}

// RemedyGuards bound what is done. 0 is no bound.
type RemedyGuards struct {
	Cooldown   float64 `json:"cooldown"`
	MaxPerHour int     `json:"max_per_hour"`
	MaxShift   float64 `json:"max_shift"`
	MinHealthy int     `json:"min_healthy"`
	// MaxBudgetAtStake is how much of what is left of the error budget may be spent
	// if an action fails.
	MaxBudgetAtStake float64  `json:"max_budget_at_stake"`
	RequireHealthy   []string `json:"require_healthy"`
}

// RemedyVerify says when an action has helped.
type RemedyVerify struct {
	// SLOID is service:slo; empty: the SLO that burns.
	SLOID     string  `json:"slo_id"`
	BurnBelow float64 `json:"burn_below"`
	Window    float64 `json:"window"`
	Within    float64 `json:"within"`
	MinEvents float64 `json:"min_events"`
}

// RemedyUndo says how an action is taken back.
type RemedyUndo struct {
	// When is resolved or lease_ends.
	When  string    `json:"when"`
	After float64   `json:"after"`
	Steps []float64 `json:"steps"`
	Every float64   `json:"every"`
}

// HeldBack says why nothing was done about an alert.
type HeldBack struct {
	At Time `json:"at"`
	// Alert is its fingerprint.
	Alert   string            `json:"alert"`
	Labels  map[string]string `json:"labels"`
	Service string            `json:"service"`
	SLOID   string            `json:"slo_id"`
	// Step is the number of the action that was next, from 0.
	Step   int    `json:"step"`
	Reason string `json:"reason"`
	Note   string `json:"note"`
}

// DrillRequest is the body of POST /api/v1/remediations/{name}/drill.
type DrillRequest struct {
	// Labels are those of the alert that is supposed. Without severity and slo_id
	// it is critical.
	Labels map[string]string `json:"labels"`
	// Real acts at the gateways and undoes at once; otherwise nothing is written.
	Real bool `json:"real"`
}

// Drill answers POST /api/v1/remediations/{name}/drill.
type Drill struct {
	Playbook string `json:"playbook"`
	Real     bool   `json:"real"`
	// Sound: each action would be done; of a drill for real, each was live, and is
	// taken back.
	Sound bool `json:"sound"`
	// Steps are its actions, in order.
	Steps []DrillStep `json:"steps"`
}

// DrillStep is what one action would do now, or did.
type DrillStep struct {
	Step        int    `json:"step"`
	GatewayKind string `json:"gateway_kind"`
	Gateway     string `json:"gateway"`
	What        string `json:"what"`
	// Reason says why it would not be done, empty: it would; of a drill for real
	// also how it ended.
	Reason string `json:"reason"`
	Note   string `json:"note"`
	// Plan has the exact requests, and those that undo them; nil: there is none.
	Plan       *Plan       `json:"plan"`
	Guarantees *Guarantees `json:"guarantees"`
	// ActionID is the record's, of a drill for real.
	ActionID string `json:"action_id"`
	// State is where the action ended; Restored: a last look found what was there
	// before.
	State    string `json:"state"`
	Restored bool   `json:"restored"`
	// Times are when it came how far, of a drill for real; none otherwise.
	Times []DrillTime `json:"times"`
	// TimeToHeal is from the decision until the gateway had it, in seconds; nil:
	// it never had it.
	TimeToHeal *float64 `json:"time_to_heal"`
}

// DrillTime is how long after the decision something was done, in seconds.
type DrillTime struct {
	What  string  `json:"what"`
	After float64 `json:"after"`
}

// StreamEvent is the data of one server-sent event.
type StreamEvent struct {
	// Type is alert, action or gate.
	Type    string `json:"type"`
	At      Time   `json:"at"`
	Service string `json:"service"`
	// Data is what is said of it.
	Data json.RawMessage `json:"data"`
}
