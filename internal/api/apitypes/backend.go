package apitypes

// BackendList answers GET /api/v1/backends.
type BackendList struct {
	Backends []Backend `json:"backends"`
}

// Backend is a server that SLOs are read from.
type Backend struct {
	Name string `json:"name"`
	// Language is promql or logql.
	Language string `json:"language"`
	// URL has no password.
	URL string `json:"url"`
	// ClockAhead is by how many seconds the server's clock is ahead of the
	// engine's; nil until it was measured.
	ClockAhead *float64 `json:"clock_ahead"`
	// MaxQueriesPerSecond bounds what it is asked, the past included.
	MaxQueriesPerSecond *float64 `json:"max_queries_per_second"`
	// Polls are what it is asked again and again.
	Polls []Poll `json:"polls"`
	// Pasts are how far the SLOs' past is read, by id; none where the past is
	// not read.
	Pasts []Past `json:"pasts"`
}

// Poll is what is asked again and again, together.
type Poll struct {
	Queries []string `json:"queries"`
	// SLOs are the ids, "service:slo", of those it is for.
	SLOs []string `json:"slos"`
	// LastSuccess is when it was answered last.
	LastSuccess Time `json:"last_success"`
	// Series is how many the last answer had.
	Series int `json:"series"`
	// Problem is why the last answer could not be used; empty: it could.
	Problem string `json:"problem"`
}

// Past is the past of one SLO.
type Past struct {
	SLOID string `json:"slo_id"`
	Backfill
}

// Backfill says how far the past of an SLO is read.
type Backfill struct {
	// State is pending (it waits for the first poll), running, done or failed.
	State string `json:"state"`
	// Share is how much of what was missing has been read, 0 to 1.
	Share *float64 `json:"share"`
	// Reached is how far back it was read; null before anything was.
	Reached Time `json:"reached"`
	// Problem is why it failed, or why it is tried again; empty: nothing is
	// wrong.
	Problem string `json:"problem"`
}
