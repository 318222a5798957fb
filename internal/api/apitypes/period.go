package apitypes

// Period is the budget of one of an SLO's further windows.
type Period struct {
	// Window is as specs write it: "7d", or "month (Europe/Berlin)".
	Window string `json:"window"`
	// SLI is good over total events; nil without events.
	SLI                   *float64     `json:"sli"`
	GoodEvents            *float64     `json:"good_events"`
	TotalEvents           *float64     `json:"total_events"`
	Coverage              *float64     `json:"coverage"`
	WindowStart           Time         `json:"window_start"`
	BurnRate              *float64     `json:"burn_rate"`
	ErrorBudgetRemaining  *float64     `json:"error_budget_remaining"`
	ErrorBudgetExhaustion *float64     `json:"error_budget_exhaustion"`
	Adjustments           *Adjustments `json:"adjustments,omitempty"`
}

// Adjustments says what BudgetAdjustment documents took out of a window, and how
// it would be without them.
type Adjustments struct {
	// Names are those of the documents.
	Names []string `json:"names"`
	// Events and time up to now that do not count.
	ExcludedGoodEvents  *float64 `json:"excluded_good_events"`
	ExcludedTotalEvents *float64 `json:"excluded_total_events"`
	ExcludedSeconds     *float64 `json:"excluded_seconds"`

	SLIWithout                  *float64 `json:"sli_without"`
	ErrorBudgetRemainingWithout *float64 `json:"error_budget_remaining_without"`
}
