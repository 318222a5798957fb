package slo

import (
	"strings"
	"time"
)

// nativeSpans is how spans are counted, as it is written.
type nativeSpans struct {
	Service    string         `yaml:"service"`
	Name       string         `yaml:"name"`
	Kind       string         `yaml:"kind"`
	Attributes []string       `yaml:"attributes"`
	Bad        []string       `yaml:"bad"`
	Ignore     []string       `yaml:"ignore"`
	SlowerThan *time.Duration `yaml:"slowerThan"`
}

type nativeLogs struct {
	Service string          `yaml:"service"`
	Of      nativeSelection `yaml:"of"`
	Bad     nativeSelection `yaml:"bad"`
	Ignore  nativeSelection `yaml:"ignore"`
}

type nativeSelection struct {
	Severity   string   `yaml:"severity"`
	Attributes []string `yaml:"attributes"`
	Body       string   `yaml:"body"`
}

// nativeQuery is a query of either language.
type nativeQuery struct {
	nativeRatio `yaml:",inline"`
	Step        *time.Duration `yaml:"step"`
}

// The languages of queries.
const (
	PromQL = "promql"
	LogQL  = "logql"
)

// DefaultStep is the time between two questions of a Query that says none.
const DefaultStep = time.Minute

func (n *nativeSpans) spans() *Spans {
	if n == nil {
		return nil
	}
	return &Spans{
		Service: n.Service, Name: n.Name, Kind: spanKind(n.Kind),
		Attributes: some(n.Attributes), Bad: some(n.Bad), Ignore: some(n.Ignore), SlowerThan: valueOr(n.SlowerThan, 0),
	}
}

// spanKind takes a kind as OpenTelemetry's own documents write it, too:
// SPAN_KIND_SERVER.
func spanKind(text string) string {
	return strings.TrimPrefix(strings.ToLower(text), "span_kind_")
}

func (n *nativeLogs) logs() *Logs {
	if n == nil {
		return nil
	}
	return &Logs{Service: n.Service, Of: n.Of.selection(), Bad: n.Bad.selection(), Ignore: n.Ignore.selection()}
}

func (n nativeSelection) selection() LogSelection {
	return LogSelection{Severity: strings.ToLower(n.Severity), Attributes: some(n.Attributes), Body: n.Body}
}

// some makes nothing of an empty list.
func some(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

func (n *nativeQuery) query(language string) *Query {
	return &Query{Language: language, Ratio: *n.ratio(), Step: valueOr(n.Step, DefaultStep)}
}

// problems are those of fields that a Spec has in one place, or without a
// difference between nothing and 0.
func (n *nativeSLI) problems(add func(field, message, fix string)) {
	n.Ratio.problems("spec.sli.ratio", "write a counter, or remove it", add)
	if s := n.Spans; s != nil && s.SlowerThan != nil && *s.SlowerThan == 0 {
		add("spec.sli.spans.slowerThan", "must be above 0", "write a duration such as 300ms, or remove it")
	}
	for language, q := range map[string]*nativeQuery{PromQL: n.PromQL, LogQL: n.LogQL} {
		if q == nil {
			continue
		}
		field := "spec.sli." + language
		q.problems(field, "write a query, or remove it", add)
		if q.Step != nil && *q.Step == 0 {
			add(field+".step", "must be at least "+FormatDuration(MinStep), "remove it for the default of "+FormatDuration(DefaultStep))
		}
	}
	if n.PromQL != nil && n.LogQL != nil {
		add("spec.sli", "has promql and logql", "keep one of them; write an SLO for each other")
	}
}

// problems are the expressions that are there and empty.
func (r *nativeRatio) problems(field, fix string, add func(field, message, fix string)) {
	if r == nil {
		return
	}
	for name, text := range map[string]*string{"total": r.Total, "good": r.Good, "bad": r.Bad, "errorRatio": r.ErrorRatio} {
		if text != nil && *text == "" {
			add(field+"."+name, "is empty", fix)
		}
	}
}

func (r *nativeRatio) ratio() *Ratio {
	if r == nil {
		return nil
	}
	return &Ratio{Total: valueOr(r.Total, ""), Good: valueOr(r.Good, ""), Bad: valueOr(r.Bad, ""), ErrorRatio: valueOr(r.ErrorRatio, "")}
}
