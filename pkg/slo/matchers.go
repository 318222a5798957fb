package slo

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Matchers select by labels, in Alertmanager's syntax: all of them must match.
// Documents select SLOs so, by service, slo, their labels and their groups', and
// SLOs select spans and log records by their attributes.
type Matchers []*labels.Matcher

// ParseMatchers reads one matcher, or several with commas between them:
// `team="payments", slo!~"test.*"`.
func ParseMatchers(text string) (Matchers, error) {
	parsed, err := parse.Matchers(text)
	if err != nil {
		return nil, fmt.Errorf("parse matcher %q: %w", shorten(text), err)
	}
	if len(parsed) == 0 {
		return nil, errors.New("there is no matcher")
	}
	return Matchers(parsed), nil
}

// Match reports whether all of them match. A label that is not there is an
// empty one, as in Alertmanager; no matchers match anything.
func (m Matchers) Match(set map[string]string) bool {
	for _, one := range m {
		if !one.Matches(set[one.Name]) {
			return false
		}
	}
	return true
}

// maySelect reports whether they select an SLO, or may select a group of it: what
// one asks of a label that splits the SLO is decided group by group.
func (m Matchers) maySelect(s *Spec) bool {
	set := s.Matchable(nil)
	for _, one := range m {
		if !slices.Contains(s.GroupBy, one.Name) && !one.Matches(set[one.Name]) {
			return false
		}
	}
	return len(m) > 0
}

// String lists them as ParseMatchers reads them.
func (m Matchers) String() string { return strings.Join(m.texts(), ", ") }

// texts are the matchers one by one, as documents write them.
func (m Matchers) texts() (texts []string) {
	for _, one := range m {
		texts = append(texts, one.String())
	}
	return texts
}

// Matchable is what Matchers see of an SLO and, where it is not nil, of one of
// its groups: the labels of both, service and slo.
func (s *Spec) Matchable(group map[string]string) map[string]string {
	set := make(map[string]string, len(s.Labels)+len(group)+2)
	maps.Copy(set, s.Labels)
	maps.Copy(set, group)
	set["service"], set["slo"] = s.Service, s.Name
	return set
}

// nativeMatchers is a list of matchers as documents write it; an item may hold
// several.
type nativeMatchers []nativeMatcher

// all are the matchers of all items.
func (list nativeMatchers) all() (m Matchers) {
	for _, item := range list {
		m = append(m, item...)
	}
	return m
}

type nativeMatcher Matchers

func (m *nativeMatcher) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	parsed, err := ParseMatchers(text)
	if err != nil {
		v.Report(err.Error(), `write a matcher in quotes, such as 'team="payments"' or 'service=~"check.*"'`)
		return
	}
	*m = nativeMatcher(parsed)
}
