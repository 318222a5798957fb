package apitypes

// Detail answers GET /api/v1/slos/{id}: all of SLO, and where it comes from.
type Detail struct {
	SLO
	// SLILower counts events that nobody can judge (their histogram bucket
	// straddles the latency threshold) as bad, as SLI does; SLIUpper counts
	// them as good. nil unless the SLI is a latency, or there are such events.
	SLILower *float64 `json:"sli_lower"`
	SLIUpper *float64 `json:"sli_upper"`
	// Windows are all readings, the shortest first, the SLO window last.
	Windows []Reading `json:"windows"`
	// SinceStart counts all events since the engine began to count, without the
	// past that a backend told; nil until the first sample.
	SinceStart *Counts `json:"since_start"`
	// Pending names tiers that burn on evidence too thin to tell.
	Pending []string `json:"pending"`
	// Notices are named conditions a person should know.
	Notices []string `json:"notices"`
	// Traces are of the newest bad events, the newest first; none where the
	// senders tell none. They are forgotten over a restart.
	Traces     []Trace `json:"traces"`
	LastSample Time    `json:"last_sample"`
	// SampleInterval is the observed time between samples, in seconds.
	SampleInterval *float64 `json:"sample_interval"`
	// Backfill says how far its past is read; nil if nobody reads it.
	Backfill *Backfill `json:"backfill"`
	// Spec is what the user wrote; nil for a document that is not used.
	Spec *Spec `json:"spec"`
}

// Trace names a trace, and when a bad event of it happened.
type Trace struct {
	TraceID string `json:"trace_id"`
	At      Time   `json:"at"`
}

// Counts are numbers of events.
type Counts struct {
	GoodEvents  *float64 `json:"good_events"`
	BadEvents   *float64 `json:"bad_events"`
	TotalEvents *float64 `json:"total_events"`
}

// Reading is what one window counted: events in (WindowStart, WindowEnd].
type Reading struct {
	Window string `json:"window"`
	Counts
	WindowStart Time     `json:"window_start"`
	WindowEnd   Time     `json:"window_end"`
	Coverage    *float64 `json:"coverage"`
	BurnRate    *float64 `json:"burn_rate"`
}

// Spec sums up the document of an SLO.
type Spec struct {
	Description string `json:"description"`
	// Objective is in percent, such as "99.9%".
	Objective        string   `json:"objective"`
	Window           string   `json:"window"`
	SLI              SLI      `json:"sli"`
	GroupBy          []string `json:"group_by"`
	MaxGroups        int      `json:"max_groups"`
	AlertingDisabled bool     `json:"alerting_disabled"`
	Origin           Origin   `json:"origin"`
}

// SLI says how events are counted; exactly one field is set.
type SLI struct {
	Ratio     *Ratio     `json:"ratio,omitempty"`
	Latency   *Latency   `json:"latency,omitempty"`
	Threshold *Threshold `json:"threshold,omitempty"`
	Spans     *Spans     `json:"spans,omitempty"`
	Logs      *Logs      `json:"logs,omitempty"`
	PromQL    *Query     `json:"promql,omitempty"`
	LogQL     *Query     `json:"logql,omitempty"`
}

// Ratio counts events with counters: Total with one of Good and Bad, or
// ErrorRatio alone.
type Ratio struct {
	Total      string `json:"total,omitempty"`
	Good       string `json:"good,omitempty"`
	Bad        string `json:"bad,omitempty"`
	ErrorRatio string `json:"error_ratio,omitempty"`
}

// Latency counts events up to Below, such as "300ms", as good.
type Latency struct {
	Histogram string `json:"histogram"`
	Below     string `json:"below"`
	Errors    string `json:"errors,omitempty"`
}

// Threshold compares a gauge.
type Threshold struct {
	Metric string   `json:"metric"`
	Above  *float64 `json:"above,omitempty"`
	Below  *float64 `json:"below,omitempty"`
	Slice  string   `json:"slice"`
}

// Spans counts spans. Matchers are lists of which all hold; no Bad ones: spans
// whose status is an error are bad.
type Spans struct {
	Service    string   `json:"service,omitempty"`
	Name       string   `json:"name,omitempty"`
	Kind       string   `json:"kind,omitempty"`
	Attributes []string `json:"attributes,omitempty"`
	Bad        []string `json:"bad,omitempty"`
	Ignore     []string `json:"ignore,omitempty"`
	// SlowerThan, such as "300ms", makes spans bad that took longer.
	SlowerThan string `json:"slower_than,omitempty"`
}

// Logs counts log records.
type Logs struct {
	Service string        `json:"service,omitempty"`
	Of      *LogSelection `json:"of,omitempty"`
	Bad     *LogSelection `json:"bad,omitempty"`
	Ignore  *LogSelection `json:"ignore,omitempty"`
}

// LogSelection selects log records of which all holds that it says.
type LogSelection struct {
	// Severity is the least one.
	Severity   string   `json:"severity,omitempty"`
	Attributes []string `json:"attributes,omitempty"`
	Body       string   `json:"body,omitempty"`
}

// Query is what a server is asked every Step, such as "1m".
type Query struct {
	Ratio
	Step string `json:"step"`
}

// Origin is where a document stands.
type Origin struct {
	File     string `json:"file"`
	Document int    `json:"document"`
	Line     int    `json:"line"`
}
