package apitypes

// AdjustmentList answers GET /api/v1/adjustments.
type AdjustmentList struct {
	Adjustments []Adjustment `json:"adjustments"`
}

// Adjustment is a BudgetAdjustment document in force.
type Adjustment struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
	// Select are its matchers, all of which hold.
	Select []string `json:"select"`
	// Schedule is when it excludes time, as people read it.
	Schedule string `json:"schedule"`
	// Active: it excludes this moment.
	Active bool `json:"active"`
	// Spans are the stretches of time that are excluded, of the last 90 days
	// and the next 30.
	Spans []Span `json:"spans"`
	// SLOs are the ids, "service:slo", of those it selects; of one with groups
	// it may select some.
	SLOs   []string `json:"slos"`
	Origin Origin   `json:"origin"`
}

// Span is a stretch of time: (From, To].
type Span struct {
	From Time `json:"from"`
	To   Time `json:"to"`
}

// AuditList answers GET /api/v1/audit, the newest first.
type AuditList struct {
	Records []AuditRecord `json:"records"`
}

// AuditRecord is one change of what the engine goes by.
type AuditRecord struct {
	Time Time `json:"time"`
	// Kind is what happened: adjustment_applied, adjustment_changed,
	// adjustment_removed.
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	// By is who did it, such as "file: slos/shop.yaml:12".
	By string `json:"by"`
	// Before and After are what held, as text; empty for nothing.
	Before string   `json:"before"`
	After  string   `json:"after"`
	SLOs   []string `json:"slos"`
}
