package slo

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

var (
	spanKinds = []string{"internal", "server", "client", "producer", "consumer"}
	// spanWords are what stands under some names of spans. The Collector's span
	// metrics have them in capitals and with a prefix.
	spanWords = map[string]struct {
		prefix string
		words  []string
	}{
		"status.code": {"STATUS_CODE_", []string{"UNSET", "OK", "ERROR"}},
		"span.kind":   {"SPAN_KIND_", append([]string{"unspecified"}, spanKinds...)},
	}
	// logSeverities are in ascending order.
	logSeverities = []string{"trace", "debug", "info", "warn", "error", "fatal"}
)

// spans checks what counts spans: it must not be all that there are, nor take
// all that it selects for bad.
func (v *validator) spans(s *Spans) {
	const field = "spec.sli.spans"
	v.counted(field)
	if s.Kind != "" && !slices.Contains(spanKinds, s.Kind) {
		v.fail(field+".kind", fmt.Sprintf("%q is not a kind of span", shorten(s.Kind)), strictyaml.Suggest(s.Kind, spanKinds))
	}
	selecting := v.matchers(field+".attributes", s.Attributes)
	v.matchers(field+".bad", s.Bad)
	v.matchers(field+".ignore", s.Ignore)
	if s.Service == "" && s.Name == "" && selecting {
		v.fail(field, "selects nearly all spans there are", `write service, name, or attributes that a span must have, such as ['http.route="/pay"']`)
	}
	if len(s.Attributes) > 0 && slices.Equal(s.Attributes, s.Bad) {
		v.fail(field+".bad", "is the same as attributes: everything would be bad", "select the bad spans only")
	}
	if len(s.Attributes) > 0 && slices.Equal(s.Attributes, s.Ignore) {
		v.fail(field+".ignore", "is the same as attributes: nothing would be left to count", "select what is no event")
	}
	if s.SlowerThan < 0 {
		v.fail(field+".slowerThan", "must be above 0", "write a duration such as 300ms, or remove it")
	}
}

func (v *validator) logs(l *Logs) {
	const field = "spec.sli.logs"
	v.counted(field)
	everything := v.selection(field+".of", l.Of)
	allBad := v.selection(field+".bad", l.Bad)
	v.selection(field+".ignore", l.Ignore)
	if l.Service == "" && everything {
		v.fail(field, "selects nearly all log records there are", "write service, or of: with what a record must have: severity, attributes or body")
	}
	switch {
	case l.Bad.isEmpty():
		v.fail(field+".bad", "is missing", "write what bad records have, such as bad: {severity: error}")
	case l.Bad.Body != "" && allBad:
		v.fail(field+".bad.body", "matches every record: everything would be bad", "write what only bad records say")
	case reflect.DeepEqual(l.Bad, l.Of), l.Bad.severityAlone() && l.Of.Severity != "" && rank(l.Bad.Severity) <= rank(l.Of.Severity):
		v.fail(field+".bad", "selects all that of does: everything would be bad", "select the bad records only")
	}
	if !l.Ignore.isEmpty() && reflect.DeepEqual(l.Ignore, l.Of) {
		v.fail(field+".ignore", "is the same as of: nothing would be left to count", "select what is no event")
	}
}

// counted is what holds of all events that are looked at as they come.
func (v *validator) counted(field string) {
	if v.spec.Source != "" {
		v.fail("spec.source", "is of no use to "+field+": they are counted as they come in", "remove it")
	}
}

func (s LogSelection) isEmpty() bool {
	return s.Severity == "" && len(s.Attributes) == 0 && s.Body == ""
}

func (s LogSelection) severityAlone() bool {
	return s.Severity != "" && len(s.Attributes) == 0 && s.Body == ""
}

// rank is the place of a severity among the others; -1 for one that is none.
func rank(severity string) int { return slices.Index(logSeverities, severity) }

// selection reports whether it selects records that have nothing.
func (v *validator) selection(field string, s LogSelection) (everything bool) {
	if s.Severity != "" && rank(s.Severity) < 0 {
		v.fail(field+".severity", fmt.Sprintf("%q is not a severity", shorten(s.Severity)), strictyaml.Suggest(s.Severity, logSeverities))
	}
	bare := v.matchers(field+".attributes", s.Attributes)
	return v.pattern(field+".body", s.Body) && bare && s.Severity == ""
}

// matchers reports whether all of them match where no attribute is there.
func (v *validator) matchers(field string, texts []string) (bare bool) {
	number := 0
	bare = true
	for i, text := range texts {
		at := strictyaml.Index(field, i)
		if len(text) > MaxPatternBytes {
			v.tooLong(at, text)
			bare = false // not known
			continue
		}
		parsed, err := ParseMatchers(text)
		if err != nil {
			v.fail(at, err.Error(), `write a matcher in quotes, such as 'http.route="/pay"' or 'http.response.status_code=~"5.."'`)
			bare = false
		}
		number += len(parsed)
		for _, m := range parsed {
			v.matcher(at, m)
			bare = bare && m.Matches("")
		}
	}
	if number > MaxMatchers {
		v.fail(field, fmt.Sprintf("has %d matchers, more than the %d allowed", number, MaxMatchers), "write a regular expression in place of several")
	}
	return bare
}

func (v *validator) matcher(field string, m *labels.Matcher) {
	if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
		v.pattern(field, m.Value)
		return
	}
	known := spanWords[m.Name]
	means := func(word string) bool { return m.Value == word || m.Value == known.prefix+strings.ToUpper(word) }
	if len(known.words) > 0 && m.Value != "" && !slices.ContainsFunc(known.words, means) {
		v.fail(field, fmt.Sprintf("no span has the %s %q", m.Name, shorten(m.Value)), strictyaml.Suggest(m.Value, known.words))
	}
}
