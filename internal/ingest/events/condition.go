package events

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// condition is tests that all hold. None always hold.
type condition []test

// test is a matcher and the place of what it matches.
type test struct {
	place int
	holds func(value string) bool
}

func (c condition) holds(cells []cell) bool {
	for _, t := range c {
		if !t.holds(cells[t.place].value) {
			return false
		}
	}
	return true
}

// add takes a matcher up, whose operator is one of = != =~ !~.
func (c *condition) add(columns *columns, name, operator string, holds func(string) bool) {
	if words := enumerated[name]; words != nil {
		holds = eitherSpelling(words, operator[0] == '!', holds)
	}
	*c = append(*c, test{columns.place(name), holds})
}

// written compiles matchers as documents have them.
func written(columns *columns, texts []string) (c condition, err error) {
	for _, text := range texts {
		matchers, err := slo.ParseMatchers(text)
		if err != nil {
			return nil, fmt.Errorf("read matchers: %w", err)
		}
		for _, m := range matchers {
			c.add(columns, m.Name, m.Type.String(), m.Matches)
		}
	}
	return c, nil
}

// selected compiles the matchers of a PromQL selector.
func selected(columns *columns, matchers []*labels.Matcher) (c condition) {
	for _, m := range matchers {
		c.add(columns, m.Name, m.Type.String(), m.Matches)
	}
	return c
}

// spelling is a value of an enumeration: as people write it, and as Prometheus
// has it.
type spelling struct{ short, long string }

var kinds = map[ptrace.SpanKind]spelling{
	ptrace.SpanKindUnspecified: {"unspecified", "SPAN_KIND_UNSPECIFIED"},
	ptrace.SpanKindInternal:    {"internal", "SPAN_KIND_INTERNAL"},
	ptrace.SpanKindServer:      {"server", "SPAN_KIND_SERVER"},
	ptrace.SpanKindClient:      {"client", "SPAN_KIND_CLIENT"},
	ptrace.SpanKindProducer:    {"producer", "SPAN_KIND_PRODUCER"},
	ptrace.SpanKindConsumer:    {"consumer", "SPAN_KIND_CONSUMER"},
}

var statuses = map[ptrace.StatusCode]spelling{
	ptrace.StatusCodeUnset: {"UNSET", "STATUS_CODE_UNSET"},
	ptrace.StatusCodeOk:    {"OK", "STATUS_CODE_OK"},
	ptrace.StatusCodeError: {"ERROR", "STATUS_CODE_ERROR"},
}

// The names that hold a value of an enumeration. What has a dot is spelt short.
const (
	spanKind, promSpanKind     = "span.kind", "span_kind"
	statusCode, promStatusCode = "status.code", "status_code"
)

// enumerated are the spellings of what stands under a name, of each both ways.
var enumerated = map[string]map[string]spelling{
	spanKind: bothWays(kinds), promSpanKind: bothWays(kinds),
	statusCode: bothWays(statuses), promStatusCode: bothWays(statuses),
}

func bothWays[K comparable](spellings map[K]spelling) map[string]spelling {
	words := map[string]spelling{}
	for _, s := range spellings {
		words[s.short], words[s.long] = s, s
	}
	return words
}

// eitherSpelling is a matcher that means a value however it is spelt: a matcher
// that wants something is content with either spelling, one that excludes
// something excludes both.
func eitherSpelling(words map[string]spelling, negative bool, holds func(string) bool) func(string) bool {
	answers := map[string]bool{}
	for word, s := range words {
		short, long := holds(s.short), holds(s.long)
		answers[word] = short && long || !negative && (short || long)
	}
	return func(value string) bool {
		answer, ok := answers[value]
		if !ok {
			return holds(value)
		}
		return answer
	}
}
