package gate

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Request is what somebody asks.
type Request struct {
	// Service is whose change it is. Never empty.
	Service string
	// SLO narrows it to one SLO of the service, by name; empty: all.
	SLO string
	// Kind is the kind of change; empty: a deploy.
	Kind slo.ChangeKind
	// Version is what is to ship, and the candidate of a canary. Baseline is what it
	// is compared with; empty: all other versions.
	Version, Baseline string
	// Environment chooses among policies; empty: those for all environments.
	Environment string
	// Now is when it is asked.
	Now time.Time
}

// Evidence is what is known.
type Evidence struct {
	// At is when it was known; zero: nothing has been yet.
	At time.Time
	// Budgets are those of the service's SLOs that the policy selects and of the
	// services it depends on, by ID.
	Budgets []Budget
	// Canaries are the comparisons of the candidate, one for each SLO that is
	// compared.
	Canaries []Canary
	// Deploy is the newest marked deploy of the service in the environment; nil:
	// none is watched.
	Deploy *Deploy
	// Glass is a break-glass that holds for the service; nil: none.
	Glass *Glass
}

// Budget is what is known of one SLO, or of one group of it.
type Budget struct {
	ID      string            `json:"id"` // service:slo, for groups with ":" and a hash
	Service string            `json:"service"`
	SLO     string            `json:"slo"`
	Group   map[string]string `json:"group,omitempty"`
	// State is ok, burning, exhausted, idle, no_data, unknown or error.
	State string `json:"state"`
	// Remaining is the share of the error budget that is left, ConsumedIn1h the
	// share spent in the last hour; nil: not known.
	Remaining    *float64 `json:"error_budget_remaining"`
	ConsumedIn1h *float64 `json:"error_budget_consumed_1h"`
	// Burns are the burn rates, by window.
	Burns []Burn `json:"burn_rates,omitempty"`
	// Coverage is the share of the SLO window that has been observed.
	Coverage float64 `json:"coverage"`
	// Window is the nominal length of the SLO window; 0: not said.
	Window time.Duration `json:"-"`
	// Alerts are its burn alerts that fire.
	Alerts []Alert `json:"alerts,omitempty"`
	// LastSample is the time of the newest sample; zero: there was none.
	LastSample time.Time `json:"last_sample,omitzero"`
}

// Burn is a burn rate over a window; nil: not known.
type Burn struct {
	Window time.Duration `json:"-"`
	Rate   *float64      `json:"rate"`
	// Quiet says why there is no Rate: the window was observed, and there were no
	// events in it.
	Quiet bool `json:"-"`
}

// Alert is a burn alert that fires.
type Alert struct {
	Severity string    `json:"severity"`
	Tier     string    `json:"tier"`
	Since    time.Time `json:"since"`
}

// Canary is how a candidate compares with its baseline in one SLO.
type Canary struct {
	SLO                 string // its id
	By                  string // the label
	Candidate, Baseline Side
	// Decision is GateAllow (no worse), GateDeny (worse), GateHold (cannot tell yet)
	// or GateUnknown (nothing is seen of the candidate).
	Decision slo.GateDecision
	// Evidence is the strength of what speaks against the candidate: a ratio of
	// likelihoods that an equal one exceeds Limit with, by chance, hardly ever.
	Evidence, Limit float64
	// Since is when the comparison began, Until when it ends.
	Since, Until time.Time
	// Note says it in words.
	Note string
}

// Side is one side of a comparison.
type Side struct {
	Version    string // empty: all others
	Bad, Total float64
}

// Deploy is a marked deploy, and what has burned since.
type Deploy struct {
	ID                            string
	Service, Environment, Version string
	At                            time.Time
	// SLOs are what it did to each.
	SLOs []DeployBurn
}

// DeployBurn is what has burned since a deploy, and before it, over equal times.
type DeployBurn struct {
	SLO string // its id
	// Since and Before are the burn rates; nil without events.
	Since, Before *float64
	// Events counts the events since.
	Events float64
	// Consumed is the share of the whole error budget spent since; nil: not known.
	Consumed *float64
}

// Glass is a break-glass: somebody has taken it upon themselves.
type Glass struct {
	ID string
	// Service it holds for, and Environment; empty: all environments.
	Service, Environment string
	Reason, By           string
	At, Until            time.Time
}

// Verdict is the answer.
type Verdict struct {
	// ID names the explanation: the same for the same question about the same
	// evidence. Who keeps verdicts sets it.
	ID       string
	Request  Request
	Policy   string // its name; empty: the default
	Decision slo.GateDecision
	// Reasons say why, the gravest first. Of an allow they say what was looked at
	// and passed over.
	Reasons []Reason
	// Leading is the id of the SLO with the least budget left, whose Remaining,
	// ConsumedIn1h and Burns these are; empty: no budget is known.
	Leading                 string
	Remaining, ConsumedIn1h *float64
	Burns                   []Burn
	// At is when the evidence was known, ValidUntil how long the answer may be used.
	At, ValidUntil time.Time
	// IfUnknown is what to do with unknown where it cannot be said.
	IfUnknown slo.GateDecision
	// Evidence is all that was looked at.
	Evidence Evidence
}

// Reason is one thing that speaks for a decision.
type Reason struct {
	Code     Code
	Decision slo.GateDecision
	// SLO is the id of the SLO, Service whose it is; empty: about all of it.
	SLO, Service string
	// Window is that of a burn rate; 0: none.
	Window time.Duration
	// Value is the number, Threshold what it was held against; nil: none.
	Value, Threshold *float64
	// Overruled says that the reason counted for nothing: the kind of change passes,
	// or glass was broken.
	Overruled bool
	// Text says it in one sentence, with the numbers.
	Text string
}

// Code names a kind of reason.
type Code string

// The kinds of reasons.
const (
	CodeUnknownService Code = "unknown_service" // no SLO speaks of it
	CodeNoEvidence     Code = "no_evidence"     // the engine has not looked yet
	CodeStale          Code = "stale"           // the newest evidence is too old
	CodeColdStart      Code = "cold_start"      // nothing has been seen of it yet
	CodeNoData         Code = "no_data"         // samples have stopped
	CodeFaulty         Code = "faulty"          // its document is quarantined
	CodeNotKnown       Code = "not_known"       // a number that the policy asks for is not known yet
	CodeBudget         Code = "budget_remaining"
	CodeConsumed       Code = "budget_consumed_1h"
	CodeBurn           Code = "burn_rate"
	CodeAlert          Code = "alert_firing"
	CodeCanary         Code = "canary"
	CodeDeploy         Code = "deploy_burn"
	CodePasses         Code = "change_passes" // this kind of change passes
	CodeBreakGlass     Code = "break_glass"
	CodeIdle           Code = "idle" // there were no events: nothing is spent
	CodeGood           Code = "good" // everything looked at is within its thresholds
)
