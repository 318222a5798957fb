package apitypes

// GlassList answers GET /api/v1/gate/glass: those that hold now.
type GlassList struct {
	Glasses []Glass `json:"glasses"`
}

// Glass is a break-glass: somebody has taken it upon themselves. It answers POST
// /api/v1/gate/glass.
type Glass struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	// Environment it holds in; empty: all.
	Environment string `json:"environment"`
	Reason      string `json:"reason"`
	By          string `json:"by"`
	At          Time   `json:"at"`
	Until       Time   `json:"until"`
}

// GlassRequest is the body of POST /api/v1/gate/glass.
type GlassRequest struct {
	Service string `json:"service"`
	// Environment it is to hold in; empty: all.
	Environment string `json:"environment"`
	// Reason is kept in the audit.
	Reason string `json:"reason"`
	// For is for how long, as 30m.
	For string `json:"for"`
}

// GlassMended answers DELETE /api/v1/gate/glass/{id}.
type GlassMended struct {
	ID string `json:"id"`
	// By is who ended it.
	By string `json:"by"`
}

// DeployList answers GET /api/v1/deploys, the newest first.
type DeployList struct {
	Deploys []Deploy `json:"deploys"`
}

// Deploy is a marked deploy, and what has burned since. It answers POST
// /api/v1/events/deploy.
type Deploy struct {
	ID          string `json:"id"`
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Version     string `json:"version"`
	At          Time   `json:"at"`
	// SLOs are what it did to each; none: nothing is known of it yet.
	SLOs []DeployBurn `json:"slos"`
}

// DeployBurn is what has burned in one SLO since a deploy, and over as long a time
// before it.
type DeployBurn struct {
	SLO string `json:"slo"` // its id
	// BurnRateSince and BurnRateBefore are nil without events.
	BurnRateSince  *float64 `json:"burn_rate_since"`
	BurnRateBefore *float64 `json:"burn_rate_before"`
	// EventsSince counts those since the deploy.
	EventsSince *float64 `json:"events_since"`
	// ErrorBudgetConsumed is the share of the whole budget spent since.
	ErrorBudgetConsumed *float64 `json:"error_budget_consumed"`
}

// DeployEvent is the body of POST /api/v1/events/deploy.
type DeployEvent struct {
	// ID is the sender's: the same twice counts once. Empty: the engine makes one.
	ID      string `json:"id,omitempty"`
	Service string `json:"service"`
	// Environment may be empty.
	Environment string `json:"environment,omitempty"`
	Version     string `json:"version"`
	// At is when it happened; the zero Time: now.
	At Time `json:"at,omitzero"`
}
