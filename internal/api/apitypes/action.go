package apitypes

import "encoding/json"

// ActionList answers GET /api/v1/actions, the newest first.
type ActionList struct {
	Switch
	Actions []Action `json:"actions"`
}

// Switch says whether anything is done at gateways at all; it answers POST
// /api/v1/actions/pause and /resume.
type Switch struct {
	// Mode is off, dry_run or enforce.
	Mode string `json:"mode"`
	// PausedBy is who pulled the kill switch; empty: nobody.
	PausedBy string `json:"paused_by"`
	// Leader is the engine that acts, among those that share the state; empty:
	// not known.
	Leader string `json:"leader"`
}

// Action is one action at a gateway; it answers POST
// /api/v1/actions/{id}/{approve,reject,undo}.
type Action struct {
	ID string `json:"id"`
	// State is where it stands, Reason why, and Note what the gateway or a person
	// said.
	State  string `json:"state"`
	Reason string `json:"reason"`
	Note   string `json:"note"`
	// Service is whose it is; SLOID the instance whose budget burns, empty for an
	// alert from elsewhere.
	Service string `json:"service"`
	SLOID   string `json:"slo_id"`
	// Playbook is the document, Step the number of its action, from 0.
	Playbook string `json:"playbook"`
	Step     int    `json:"step"`
	// Tier and Severity are those of the alert that started it, which began at
	// AlertSince.
	Tier       string `json:"tier"`
	Severity   string `json:"severity"`
	AlertSince Time   `json:"alert_since"`
	// Kind is shift, eject, …; What says it for people, as "shift 60% of v2 to v1".
	Kind string `json:"kind"`
	What string `json:"what"`
	// GatewayKind is haproxy, kong, …; Gateway the one, Target what is changed
	// there.
	GatewayKind string `json:"gateway_kind"`
	Gateway     string `json:"gateway"`
	Target      string `json:"target"`
	// DryRun: nothing is written. Drill: a person tries it, and it is taken back
	// at once. Escalated: people were called.
	DryRun    bool `json:"dry_run"`
	Drill     bool `json:"drill"`
	Escalated bool `json:"escalated"`
	// Effect is what it did: helped, ineffective, worse, burns_elsewhere or
	// not_verified; empty until that is known.
	Effect string `json:"effect"`
	// AnsweredBy approved or rejected it; UndoAskedBy wants it undone.
	AnsweredBy  string `json:"answered_by"`
	UndoAskedBy string `json:"undo_asked_by"`
	// Tries counts what went wrong in the state at hand.
	Tries int `json:"tries"`
	// SavedEvents estimates the bad events it has spared; nil: none, or not known.
	SavedEvents *float64 `json:"saved_events"`
	CreatedAt   Time     `json:"created_at"`
	UpdatedAt   Time     `json:"updated_at"`
	// EnteredAt is when it came into its state, ActedAt when the gateway had it.
	EnteredAt Time `json:"entered_at"`
	ActedAt   Time `json:"acted_at"`
	// ExpiresAt is when it ends unless it is renewed, or answered.
	ExpiresAt Time `json:"expires_at"`
}

// ActionDetail answers GET /api/v1/actions/{id}.
type ActionDetail struct {
	Action
	// Plan is what it changes, as it was before it acted; nil: there is none.
	Plan *Plan `json:"plan"`
	// Evidence is what was known when it was decided; nil: nothing.
	Evidence *Evidence `json:"evidence"`
	// Guarantees are the gateway's; nil: not known.
	Guarantees *Guarantees `json:"guarantees"`
	// Timeline is its part of the audit, the oldest first; of more than 1,000
	// entries the newest.
	Timeline []Deed `json:"timeline"`
}

// Plan is what an action changes at a gateway.
type Plan struct {
	Target string `json:"target"`
	// Before is what was live, After what is written, in the gateway's terms.
	Before  json.RawMessage `json:"before"`
	After   json.RawMessage `json:"after"`
	Members []Member        `json:"members"`
	// Requests are exactly what is sent, without secrets; Undo what takes it back.
	Requests []Request `json:"requests"`
	Undo     []Request `json:"undo"`
}

// Member is something that traffic goes to, with its share of it before and
// after; nil: it is not there then.
type Member struct {
	Name        string   `json:"name"`
	ShareBefore *float64 `json:"share_before"`
	ShareAfter  *float64 `json:"share_after"`
	// Healthy is what the gateway thinks of it; nil: it does not say.
	Healthy *bool `json:"healthy"`
}

// Request is one message to a gateway.
type Request struct {
	Line    string   `json:"line"`
	Headers []string `json:"headers"`
	Body    string   `json:"body"`
}

// Evidence is what was known when an action was decided.
type Evidence struct {
	// BurnRate is that of the events below, counted over Window seconds;
	// PredictedBurnRate what was predicted for after the action. nil: not known.
	BurnRate          *float64 `json:"burn_rate"`
	PredictedBurnRate *float64 `json:"predicted_burn_rate"`
	BadEvents         *float64 `json:"bad_events"`
	TotalEvents       *float64 `json:"total_events"`
	Window            *float64 `json:"window"`
	// Members are told apart by a label of the SLO's series; none where they are
	// not.
	Members []MemberCount `json:"members"`
	// Labels are the alert's.
	Labels map[string]string `json:"labels"`
}

// MemberCount counts the events of one member.
type MemberCount struct {
	Name        string   `json:"name"`
	BadEvents   *float64 `json:"bad_events"`
	TotalEvents *float64 `json:"total_events"`
}

// Guarantees are what a gateway can promise about a change.
type Guarantees struct {
	// Precondition is compare (the gateway refuses a write over another value) or
	// read_before (it is read immediately before and after).
	Precondition string `json:"precondition"`
	// Window says in which moment somebody else's write can still be lost; empty:
	// in none.
	Window string `json:"window"`
	// Expires: the gateway takes it back by itself when the engine is gone.
	// Survives: it outlives a restart of the gateway. Fenced: an engine that does
	// not lead any more can write nothing.
	Expires  bool `json:"expires"`
	Survives bool `json:"survives"`
	Fenced   bool `json:"fenced"`
}

// Deed is a line of the audit: who did what.
type Deed struct {
	At   Time   `json:"at"`
	Who  string `json:"who"`
	What string `json:"what"`
	// Reason is the action's at that time.
	Reason string `json:"reason"`
	// Data holds requests, answers, values, evidence; null where there is none.
	Data json.RawMessage `json:"data"`
}

// Noted is the body of what people say: POST /api/v1/actions/{id}/{approve,
// reject,undo} and /api/v1/actions/{pause,resume}.
type Noted struct {
	// Note is kept in the audit, at most 1,000 characters. Empty: nothing is said.
	Note string `json:"note"`
}

// AutonomyChange is the body of PUT /api/v1/autonomy/{service}.
type AutonomyChange struct {
	// Level is auto, approve (a person says yes to each action) or advise (nothing
	// is done, only said).
	Level string `json:"level"`
	Note  string `json:"note"`
}

// Autonomy answers GET and PUT /api/v1/autonomy/{service}.
type Autonomy struct {
	Service string `json:"service"`
	// Level is in force; SetLevel is what a person set, by whom and when. Actions
	// that did not help lower the one, and never the other.
	Level    string `json:"level"`
	SetLevel string `json:"set_level"`
	SetBy    string `json:"set_by"`
	SetAt    Time   `json:"set_at"`
	// Known: an SLO has this service, or an action of the last week.
	Known bool `json:"known"`
}

// DeadLetterList answers GET /api/v1/outbox/dead.
type DeadLetterList struct {
	Messages []DeadLetter `json:"messages"`
}

// ResendRequest is what POST /api/v1/outbox/resend takes: ids of dead messages.
type ResendRequest struct {
	IDs []string `json:"ids"`
}

// Resent says how many of the messages were dead, and are due once more.
type Resent struct {
	Resent int `json:"resent"`
}

// DeadLetter is a message that its receiver never took.
type DeadLetter struct {
	ID string `json:"id"`
	// To names the receiver; messages of one Key were sent in order.
	To     string `json:"to"`
	Key    string `json:"key"`
	MadeAt Time   `json:"made_at"`
	Tries  int    `json:"tries"`
	// Problem is what went wrong last.
	Problem string          `json:"problem"`
	Body    json.RawMessage `json:"body"`
}
