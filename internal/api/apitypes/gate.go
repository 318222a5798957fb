package apitypes

// GateVerdict answers GET /api/v1/gate: may this change ship?
type GateVerdict struct {
	// ID is the same for the same question about the same evidence; Explanation is
	// where it is explained: a URL, or a path of this server.
	ID          string `json:"id"`
	Explanation string `json:"explanation"`
	Service     string `json:"service"`
	// SLO is the one asked about, by name; empty: all of the service.
	SLO string `json:"slo"`
	// Kind is deploy, rollback, scale_up or fix_forward.
	Kind string `json:"kind"`
	// Version is what is to ship, Baseline what it is compared with; empty: nothing
	// was said.
	Version     string `json:"version"`
	Baseline    string `json:"baseline"`
	Environment string `json:"environment"`
	// Policy names the documents that were gone by, with ", " between them; empty:
	// the default policy.
	Policy string `json:"policy"`
	// Decision is allow, hold, deny or unknown.
	Decision string `json:"decision"`
	// IfUnknown is what to make of unknown where it cannot be said: allow, hold or
	// deny.
	IfUnknown string `json:"if_unknown"`
	// Reasons say why, the gravest first.
	Reasons []GateReason `json:"reasons"`
	// LeadingSLO is the id of the SLO with the least budget left, whose these
	// figures are; empty: no budget is known.
	LeadingSLO            string   `json:"leading_slo"`
	ErrorBudgetRemaining  *float64 `json:"error_budget_remaining"`
	ErrorBudgetConsumed1h *float64 `json:"error_budget_consumed_1h"`
	// BurnRates maps a window's text ("5m", "1h") to its burn rate.
	BurnRates map[string]*float64 `json:"burn_rates"`
	// At is when the evidence was known, ValidUntil how long the answer may be used.
	At         Time `json:"at"`
	ValidUntil Time `json:"valid_until"`
	// Canaries compare the version with its baseline, one for each SLO compared.
	Canaries []GateCanary `json:"canaries"`
	// Deploy is the newest one that was marked, and is still watched; nil: none is.
	Deploy *Deploy `json:"deploy"`
	// BreakGlass is one that holds for the service; nil: none.
	BreakGlass *Glass `json:"break_glass"`
}

// GateReason is one thing that speaks for a decision.
type GateReason struct {
	// Code names the kind of reason, and never changes: budget_remaining, burn_rate, …
	Code     string `json:"code"`
	Decision string `json:"decision"`
	// SLO is an id; empty: it is about all of the service.
	SLO     string `json:"slo"`
	Service string `json:"service"`
	// Window is that of a burn rate; empty: none.
	Window string `json:"window"`
	// Value was held against Threshold; nil: there is none.
	Value     *float64 `json:"value"`
	Threshold *float64 `json:"threshold"`
	// Overruled: it counted for nothing, as this kind of change passes, or glass was
	// broken.
	Overruled bool `json:"overruled"`
	// Text says it in one sentence.
	Text string `json:"text"`
}

// GateCanary is how a version compares with its baseline in one SLO.
type GateCanary struct {
	SLO string `json:"slo"` // its id
	// By is the label that tells versions apart.
	By        string     `json:"by"`
	Candidate CanarySide `json:"candidate"`
	Baseline  CanarySide `json:"baseline"`
	// Decision is allow (no worse), deny (worse), hold (cannot tell yet) or unknown
	// (nothing is seen of the candidate).
	Decision string `json:"decision"`
	// Evidence against the candidate; beyond Limit it is denied.
	Evidence *float64 `json:"evidence"`
	Limit    *float64 `json:"limit"`
	Since    Time     `json:"since"`
	Until    Time     `json:"until"`
	Note     string   `json:"note"`
}

// CanarySide is one side of a comparison.
type CanarySide struct {
	Version     string   `json:"version"` // empty: all others
	BadEvents   *float64 `json:"bad_events"`
	TotalEvents *float64 `json:"total_events"`
}

// GateToldList answers GET /api/v1/gate/verdicts, the newest first.
type GateToldList struct {
	Verdicts []GateTold `json:"verdicts"`
}

// GateTold is a verdict, and how often it was told.
type GateTold struct {
	GateVerdict
	FirstToldAt Time  `json:"first_told_at"`
	LastToldAt  Time  `json:"last_told_at"`
	TimesTold   int64 `json:"times_told"`
}

// GateExplanation answers GET /api/v1/gate/verdicts/{id}.
type GateExplanation struct {
	GateTold
	// Policies are those that were gone by.
	Policies []GateExplainedPolicy `json:"policies"`
	// Numbers are all that was looked at, with what they are held against.
	Numbers []GateNumber `json:"numbers"`
	// Budgets are what was known of the SLOs then.
	Budgets []GateBudget `json:"budgets"`
}

// GateExplainedPolicy is a policy that a verdict went by.
type GateExplainedPolicy struct {
	Name string `json:"name"` // empty: the default policy
	// InForce: a document of this name holds now, and it stands at Origin. Its
	// thresholds may have changed since the verdict; the reasons tell those of then.
	InForce bool   `json:"in_force"`
	Origin  Origin `json:"origin"`
}

// GateNumber is one number of one SLO.
type GateNumber struct {
	SLO  string `json:"slo"`  // its id
	Href string `json:"href"` // where it is shown as it is now
	// What is error_budget_remaining, error_budget_consumed_1h, burn_rate or
	// error_budget_consumed_since_deploy.
	What string `json:"what"`
	// Window is that of a burn rate; empty: none.
	Window string   `json:"window"`
	Value  *float64 `json:"value"`
	// At is when it was known.
	At Time `json:"at"`
	// Thresholds are what it is held against; none: it is only shown.
	Thresholds []GateThreshold `json:"thresholds"`
}

// GateThreshold is where a decision begins.
type GateThreshold struct {
	Decision string `json:"decision"`
	// Is says on which side of Value: below or above.
	Is    string   `json:"is"`
	Value *float64 `json:"value"`
	// ResumeAbove is where it ends; nil: where it begins.
	ResumeAbove *float64 `json:"resume_above"`
	// Policy is whose it is, Origin where that stands.
	Policy string `json:"policy"`
	Origin Origin `json:"origin"`
}

// GateBudget is what was known of one SLO.
type GateBudget struct {
	ID      string            `json:"id"`
	Href    string            `json:"href"`
	Service string            `json:"service"`
	SLO     string            `json:"slo"`
	Group   map[string]string `json:"group"`
	// State is that of the SLO: ok, burning, exhausted, idle, no_data, unknown or
	// error.
	State                 string              `json:"state"`
	ErrorBudgetRemaining  *float64            `json:"error_budget_remaining"`
	ErrorBudgetConsumed1h *float64            `json:"error_budget_consumed_1h"`
	BurnRates             map[string]*float64 `json:"burn_rates"`
	Coverage              *float64            `json:"coverage"`
	Alerts                []GateAlert         `json:"alerts"`
	LastSample            Time                `json:"last_sample"`
}

// GateAlert is a burn alert that fired then.
type GateAlert struct {
	Severity string `json:"severity"`
	Tier     string `json:"tier"`
	Since    Time   `json:"since"`
}
