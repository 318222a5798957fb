package slo

import (
	"fmt"
	"time"
)

// DefaultMaxGroups is how many groupBy instances one SLO may have before
// further label values share its overflow instance.
const DefaultMaxGroups = 1000

// OverflowValue is the value every groupBy label takes in the instance that
// collects what lies beyond Spec.MaxGroups.
const OverflowValue = "__overflow__"

// Spec is one SLO as the user wrote it, decoded and validated.
// A Spec is never changed after it was loaded.
type Spec struct {
	// Service and Name identify the SLO; together they are unique.
	Service string
	Name    string
	// Description is free text for people; may be empty.
	Description string
	// Labels are copied to alerts and exported series.
	Labels map[string]string
	// Objective is the promised share of good events.
	Objective Objective
	// Earlier are the objectives that held before it, the oldest first. A
	// window that reaches back into their time has their budget for it.
	Earlier []Earlier
	// Window is the time the objective is promised over; burn rates and alerts
	// are about it.
	Window Window
	// Also are further windows over which the same is promised. Each has a
	// budget of its own, and no alerts.
	Also []Window
	// SLI says which events count, and which of them are bad. Empty where there
	// is a Composite.
	SLI SLI
	// Composite makes the SLO of others; nil for one with an SLI.
	Composite *Composite
	// GroupBy names the labels that split the SLO into instances, each with a
	// budget of its own. Empty: one instance.
	GroupBy []string
	// MaxGroups caps the instances; 0 was replaced by DefaultMaxGroups.
	MaxGroups int
	// Source names the PromQL backend that its samples are read from. Empty:
	// the only one there is, or none.
	Source string
	// Budgeting says how events become budget.
	Budgeting Budgeting
	// Alerting holds what the user said about alerts of this SLO, and what the
	// AlertPolicy documents that select it say where the SLO itself does not.
	Alerting Alerting
	// Adjustments are the BudgetAdjustment documents that select the SLO, or
	// may select a group of it, by name.
	Adjustments []*Adjustment
	// Origin says where the document stands.
	Origin Origin
	// At is the path of what in the document is of this SLO alone, such as
	// "slos[0]": errors there are no other SLO's. Empty: all of it.
	At string
	// Format is that of the document.
	Format Format
	// Dialect names the language of the queries where the document says that
	// they need not be PromQL, such as "MetricsQL". Empty: they are.
	Dialect string
	// Fields says where a document of another format has what the native one
	// writes at a path: "spec.sli.ratio.bad" → "slos[0].sli.events.error_query".
	// The longest path that leads counts. nil: the paths are the same.
	Fields map[string]string
}

// ID is "service:name", the first part of every instance id.
func (s *Spec) ID() string { return s.Service + ":" + s.Name }

// Earlier is an objective that held until a time.
type Earlier struct {
	Objective Objective
	// Until is when the next one took its place.
	Until time.Time
}

// Unserved is the severity of what an SLO asks for and cannot be measured here:
// an Error where somebody wrote it for this engine.
func (s *Spec) Unserved() Severity {
	if s.foreign() {
		return Unserved
	}
	return Error
}

// foreign reports whether it was written for another product.
func (s *Spec) foreign() bool { return s.Format.APIVersion != "" && s.Format.APIVersion != APIVersion }

// ObjectiveAt is the objective that holds at a time. The moment at which it
// changes is still the old one's: windows are (start, end].
func (s *Spec) ObjectiveAt(t time.Time) Objective {
	for _, e := range s.Earlier {
		if !t.After(e.Until) {
			return e.Objective
		}
	}
	return s.Objective
}

// Windows are all windows over which the objective is promised, Window first.
func (s *Spec) Windows() []Window { return append([]Window{s.Window}, s.Also...) }

// Method says what of an SLO uses its budget up.
type Method int

// The budgeting methods, as OpenSLO names them.
const (
	// Occurrences: each bad event.
	Occurrences Method = iota
	// Timeslices: each slice of time with fewer good events than promised.
	Timeslices
	// RatioTimeslices: the mean of the slices' error ratios.
	RatioTimeslices
)

var methodNames = map[Method]string{
	Occurrences: "occurrences", Timeslices: "timeslices", RatioTimeslices: "ratio_timeslices",
}

// String is the method's name as native specs write it.
func (m Method) String() string { return methodNames[m] }

// ParseMethod is the reverse of String.
func ParseMethod(s string) (Method, bool) {
	for m, name := range methodNames {
		if name == s {
			return m, true
		}
	}
	return Occurrences, false
}

// Budgeting says how events become budget. The zero value counts occurrences.
type Budgeting struct {
	Method Method
	// Slice is the length of a slice; 0 for Occurrences.
	Slice time.Duration
	// Target is the least share of good events in a good slice, 0 < Target
	// <= 1; 0 but for Timeslices.
	Target float64
}

// Alerting is the alerting section of a Spec.
type Alerting struct {
	// Disabled switches the SLO's alerts off; burn is still computed.
	Disabled bool
	// Name is the burn alert's alertname. Empty: the usual one.
	Name string
	// Labels are added to the SLO's alerts, and to nothing else.
	Labels map[string]string
	// Annotations are added to the SLO's alerts, runbook_url among them.
	Annotations map[string]string
	// Critical and Warning are said of alerts of one severity only.
	Critical, Warning AlertingOf
	// Severities replace those of tiers: "page_slow" → "warning". A tier that
	// is not there keeps its own.
	Severities map[string]string
	// NoAbsent switches the alert off that says that no samples come.
	NoAbsent bool
	// AbsentName is that alert's alertname. Empty: the usual one.
	AbsentName string
	// Policy names the AlertPolicy document that the SLO goes by. Empty: the
	// first by name that selects it, if any.
	Policy string
	// Terms say when the alerts fire.
	Terms AlertTerms
}

// AlertingOf is what a Spec says about its alerts of one severity.
type AlertingOf struct {
	Disabled            bool
	Labels, Annotations map[string]string
}

// SLI says how events are counted. Exactly one field is set.
type SLI struct {
	Ratio     *Ratio
	Latency   *Latency
	Threshold *Threshold
	Spans     *Spans
	Logs      *Logs
	Query     *Query
}

// Ratio counts events with counters: Total with one of Good and Bad, or
// ErrorRatio alone. Each is a PromQL expression. {{.window}} in it stands for
// the range that is looked at; a selector without functions is meant to be
// summed over that range.
type Ratio struct {
	Total string
	Good  string
	Bad   string
	// ErrorRatio is the share of bad events.
	ErrorRatio string
}

// Latency counts an event as good when it took at most Below, read from a
// histogram: classic, native or exponential.
type Latency struct {
	// Histogram is a PromQL selector of the histogram by its base name,
	// without _bucket or _count.
	Histogram string
	// Below is the threshold; an event of exactly this duration is good.
	Below time.Duration
	// Unit is what one unit of the histogram's values means. Default a second.
	Unit time.Duration
	// Errors optionally selects, by the same base name, the part of the
	// histogram whose events are bad however fast they were.
	Errors string
}

// Threshold compares a gauge: each slice of time in which a sample lies
// outside is one bad event, each other slice with samples is one good event.
type Threshold struct {
	// Metric is a PromQL selector of the gauge.
	Metric string
	// Above and Below bound the good values; at least one is set. With
	// Below = 100, a sample of 101 is bad.
	Above *float64
	Below *float64
	// Exclusive makes the bounds themselves bad; otherwise they are good.
	Exclusive bool
	// Slice is the length of one event. Default one minute.
	Slice time.Duration
	// PerSample makes each sample an event; Slice is 0 then.
	PerSample bool
}

// Spans counts spans of OpenTelemetry traces: all that Service, Name, Kind and
// Attributes select, but those that Ignore selects. Empty fields select all; at
// least one is set.
//
// Matchers are written in Alertmanager's syntax, over the attributes of the
// span, then those of its resource: 'http.route="/pay"'. They may use the names
// that Prometheus would give them (http_route), and the spans' own: span.name,
// span.kind, status.code, status.message. An attribute that is not there is "".
type Spans struct {
	// Service is the service.name.
	Service string
	// Name is the span's name.
	Name string
	// Kind is internal, server, client, producer or consumer.
	Kind string
	// Attributes are matchers that all hold.
	Attributes []string
	// Bad are matchers that all hold of bad spans. Empty: the status is an
	// error.
	Bad []string
	// Ignore are matchers that all hold of spans that are no events.
	Ignore []string
	// SlowerThan makes spans bad that took longer, whatever Bad says. 0: how
	// long it took does not matter.
	SlowerThan time.Duration
}

// Logs counts log records of OpenTelemetry: all of Service that Of selects, but
// those that Ignore selects. A record that Bad selects is bad.
type Logs struct {
	// Service is the service.name. Empty: any.
	Service string
	Of      LogSelection
	Bad     LogSelection
	Ignore  LogSelection
}

// LogSelection selects log records of which all holds that it says. The zero
// value says nothing: in Logs.Of that is every record, in Ignore none.
type LogSelection struct {
	// Severity is the least severity: trace, debug, info, warn, error or fatal.
	// A record without severity has none of them.
	Severity string
	// Attributes are matchers, as in Spans, over the record's attributes, then
	// those of its resource; its own names are severity.text and event.name.
	Attributes []string
	// Body is a regular expression (RE2) that matches somewhere in the body.
	Body string
}

// Query asks a server at regular times, and counts what it answers.
type Query struct {
	// Language is promql or logql.
	Language string
	// Ratio holds the expressions: Total with one of Good and Bad, or
	// ErrorRatio alone, of which every Step counts as one event. {{.window}} in
	// them stands for the Step.
	Ratio Ratio
	// Step is the time between two questions. Default one minute.
	Step time.Duration
}

// Origin is where a document stands.
type Origin struct {
	// File is the path as it was given.
	File string
	// Document counts from 1 within the file; 0 for the file as a whole.
	Document int
	// Line is the document's first line, counted from 1; 0 if not known.
	Line int
}

// String is "file:line (document n)", as far as these are known.
func (o Origin) String() string {
	if o.Document == 0 {
		return o.File
	}
	return fmt.Sprintf("%s:%d (document %d)", o.File, o.Line, o.Document)
}
