package pyrra

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// A selector is a metric and its matchers, without that of the name.
type selector struct {
	name     string
	matchers []*labels.Matcher
}

// String is the selector as PromQL writes it.
func (s selector) String() string {
	return (&parser.VectorSelector{Name: s.name, LabelMatchers: s.matchers}).String()
}

// as is the selector of another metric with further matchers.
func (s selector) as(name string, further ...*labels.Matcher) selector {
	return selector{name, append(slices.Clone(s.matchers), further...)}
}

func equal(label, value string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, label, value)
}

// anyFloat matches a bound in both spellings: le="1" becomes le=~"1(\.0)?".
func (s selector) anyFloat() selector {
	out := selector{name: s.name}
	for _, m := range s.matchers {
		if _, err := strconv.ParseInt(m.Value, 10, 64); err == nil && m.Name == labels.BucketLabel && m.Type == labels.MatchEqual {
			m = labels.MustNewMatcher(labels.MatchRegexp, m.Name, m.Value+`(\.0)?`)
		}
		out.matchers = append(out.matchers, m)
	}
	return out
}

// bound is the value of le, as it is written.
func (s selector) bound() (string, bool) {
	i := slices.IndexFunc(s.matchers, func(m *labels.Matcher) bool { return m.Name == labels.BucketLabel })
	if i < 0 {
		return "", false
	}
	return s.matchers[i].Value, true
}

// regexps are the labels that a regular expression selects.
func (s selector) regexps() (names []string) {
	for _, m := range s.matchers {
		if isRegexp(m) {
			names = append(names, m.Name)
		}
	}
	return names
}

func isRegexp(m *labels.Matcher) bool {
	return m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp
}

// names are the labels that the selector speaks of.
func (s selector) names() (names []string) {
	for _, m := range s.matchers {
		names = append(names, m.Name)
	}
	return names
}

// has reports whether the selector says something of a label.
func (s selector) has(label string) bool {
	return slices.ContainsFunc(s.matchers, func(m *labels.Matcher) bool { return m.Name == label })
}

// trimmed is the name without what says that it counts.
func trimmed(name string, suffixes ...string) string {
	for _, suffix := range suffixes {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}
