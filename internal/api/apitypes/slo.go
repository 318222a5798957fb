package apitypes

// SLOList answers GET /api/v1/slos.
type SLOList struct {
	SLOs []SLO `json:"slos"`
}

// SLO is one SLO, one group of it, or one document that could not be used.
type SLO struct {
	// ID is service:slo, for groups with ":" and 16 hex digits. Empty where a
	// faulty document did not get as far as its name.
	ID      string `json:"id"`
	Service string `json:"service"`
	Name    string `json:"slo"`
	// Group holds the groupBy labels; empty without groupBy.
	Group map[string]string `json:"group"`
	// Labels are the SLO's own labels.
	Labels map[string]string `json:"labels"`
	// Objective is the promised share of good events.
	Objective *float64 `json:"objective"`
	// Window is the SLO window as specs write it: "30d", or "month".
	Window string `json:"window"`
	// State is ok, burning, exhausted, idle, no_data, unknown or error.
	State string `json:"state"`
	// Error says why the document is not used; empty unless State is error.
	Error string `json:"error,omitempty"`
	// Problems are all that is wrong with the document.
	Problems []DocumentProblem `json:"problems,omitempty"`
	// SLI is good over total events of the SLO window; nil without events.
	SLI *float64 `json:"sli"`
	// GoodEvents and TotalEvents are exact counts since WindowStart; nil
	// until the first sample.
	GoodEvents  *float64 `json:"good_events"`
	TotalEvents *float64 `json:"total_events"`
	// UncertainEvents are those of the SLO window that nobody can judge, because
	// their histogram bucket straddles the threshold. They are not good; if they
	// were, the SLI would be higher by their share. nil if there are none.
	UncertainEvents *float64 `json:"uncertain_events,omitempty"`
	// Coverage is the share of the SLO window that has been observed.
	Coverage    *float64 `json:"coverage"`
	WindowStart Time     `json:"window_start"`
	// ErrorBudgetRemaining is the share of the budget left, below 0 when it
	// is overspent.
	ErrorBudgetRemaining *float64 `json:"error_budget_remaining"`
	// ErrorBudgetConsumed1h is the share of the budget spent in the last hour.
	ErrorBudgetConsumed1h *float64 `json:"error_budget_consumed_1h"`
	// ErrorBudgetExhaustion is in how many seconds the budget runs out at the
	// burn rate of the last six hours: 0 when spent, nil when never.
	ErrorBudgetExhaustion *float64 `json:"error_budget_exhaustion"`
	// Adjustments says what was excluded from the SLO window; nil if nothing was.
	Adjustments *Adjustments `json:"adjustments,omitempty"`
	// Periods are the SLO's further windows; none for most.
	Periods []Period `json:"periods,omitempty"`
	// BurnRates maps a window's text ("5m", "1h") to its burn rate; 1 spends
	// exactly the budget in the SLO window.
	BurnRates map[string]*float64 `json:"burn_rates"`
	// Alerts are those that fire now.
	Alerts    []AlertStatus `json:"alerts"`
	LastEvent Time          `json:"last_event"`
	// UpdatedAt is the time of the snapshot that answers.
	UpdatedAt Time `json:"updated_at"`
}

// AlertStatus is one firing alert of an SLO.
type AlertStatus struct {
	Name     string `json:"name"`
	Severity string `json:"severity"`
	// Tier is the tier that holds the alert, such as page_fast.
	Tier  string `json:"tier"`
	State string `json:"state"` // firing
	Since Time   `json:"since"`
	// Frozen says that samples stopped, so that the alert cannot end by itself.
	Frozen bool `json:"frozen"`
}

// DocumentProblem is one thing wrong with one document: what, where, and what
// to do.
type DocumentProblem struct {
	Severity string `json:"severity"` // error, warning or unserved
	File     string `json:"file"`
	// Document counts from 1 within the file.
	Document int `json:"document"`
	// Line is the document's first line; 0 if not known.
	Line    int    `json:"line"`
	Field   string `json:"field"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// Service answers GET /api/v1/services/{service}/slo. The worst of the
// service's SLOs leads: the figures are those of LeadingSLO, the one with the
// least budget left.
type Service struct {
	Service string `json:"service"`
	// LeadingSLO is the id of the SLO whose figures these are; empty while no
	// SLO of the service has a known budget.
	LeadingSLO           string   `json:"leading_slo"`
	SLOCompliance        *float64 `json:"slo_compliance"`
	ErrorBudgetRemaining *float64 `json:"error_budget_remaining"`
	// ErrorBudgetBurnRate is the burn rate of the last hour.
	ErrorBudgetBurnRate   *float64 `json:"error_budget_burn_rate"`
	ErrorBudgetConsumed1h *float64 `json:"error_budget_consumed_1h"`
	// State is the worst of all: error, exhausted, burning, no_data, unknown,
	// idle, ok in this order.
	State string `json:"state"`
	// Gate is what the release gate says about a deploy, where no environment is
	// named: allow, hold, deny or unknown; empty where that is not kept.
	Gate string `json:"gate,omitempty"`
	SLOs []SLO  `json:"slos"`
}
