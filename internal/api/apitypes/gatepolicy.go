package apitypes

// GatePolicyList answers GET /api/v1/gate/policies, by name.
type GatePolicyList struct {
	Policies []GatePolicy `json:"policies"`
	// Default holds for a service that no policy selects.
	Default GatePolicy `json:"default"`
}

// GatePolicy says what budgets and alerts mean for whoever asks whether a change
// may go out. Durations are in seconds, shares of a budget run from 0 to 1.
type GatePolicy struct {
	Name string `json:"name"`
	// Select are its matchers, all of which hold.
	Select []string `json:"select"`
	// Environments are those it answers for; none: all.
	Environments []string `json:"environments"`
	// ErrorBudgetRemaining has the levels below which a decision holds.
	ErrorBudgetRemaining GateLevels `json:"error_budget_remaining"`
	// ErrorBudgetConsumed1h has the shares above which one does.
	ErrorBudgetConsumed1h GateShares `json:"error_budget_consumed_1h"`
	BurnRates             []GateBurn `json:"burn_rates"`
	// Alerts maps the severity of an alert that fires to a decision.
	Alerts       map[string]string `json:"alerts"`
	Dependencies []GateDependency  `json:"dependencies"`
	// Passes are the kinds of change that pass whatever is left.
	Passes    []string          `json:"passes"`
	IfUnknown string            `json:"if_unknown"`
	MaxAge    float64           `json:"max_age"`
	ValidFor  float64           `json:"valid_for"`
	Canary    *GateCanaryPolicy `json:"canary"` // nil: nothing is compared
	Deploy    *GateDeployPolicy `json:"deploy"` // nil: nothing is held against a deploy
	Origin    Origin            `json:"origin"`
}

// GateLevels are the levels of two decisions; nil: none.
type GateLevels struct {
	Hold *GateLevel `json:"hold"`
	Deny *GateLevel `json:"deny"`
}

// GateLevel begins to hold below one share, and ends above another.
type GateLevel struct {
	Below       float64 `json:"below"`
	ResumeAbove float64 `json:"resume_above"`
}

// GateShares are where two decisions begin; nil: nowhere.
type GateShares struct {
	Hold *float64 `json:"hold"`
	Deny *float64 `json:"deny"`
}

// GateBurn is a threshold on a burn rate.
type GateBurn struct {
	Window   string  `json:"window"`
	Above    float64 `json:"above"`
	Decision string  `json:"decision"`
}

// GateDependency is a service whose SLOs count too.
type GateDependency struct {
	Service string `json:"service"`
	// As is the gravest decision that comes of it.
	As string `json:"as"`
}

// GateCanaryPolicy says how a version is compared.
type GateCanaryPolicy struct {
	By           string  `json:"by"`
	MinEvents    float64 `json:"min_events"`
	FalseDenials float64 `json:"false_denials"`
	Margin       float64 `json:"margin"`
	Within       float64 `json:"within"`
	AtEnd        string  `json:"at_end"`
}

// GateDeployPolicy says what a marked deploy may burn.
type GateDeployPolicy struct {
	Watch       float64 `json:"watch"`
	MaxConsumed float64 `json:"max_consumed"`
	MinEvents   float64 `json:"min_events"`
}
