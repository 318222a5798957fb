package sli

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Selectors are what a program counts, as PromQL selectors for somebody who
// has the samples: each once, and none whose series another one selects too.
// A composite has none, nor has what somebody else classifies.
func (p *Program) Selectors() []Selector {
	if p.Classified() {
		return nil
	}
	var list []Selector
	for _, t := range p.terms {
		if t.name == ClassifiedMetric {
			continue // a latency of spans is told so, too
		}
		t.matchers = slices.Clone(t.matchers)
		for i, m := range t.matchers {
			t.matchers[i] = spellings(m)
		}
		list = append(list, Selector{text: t.String(), matchers: t.matchers})
	}
	return Widest(list)
}

// spellings asks for both spellings of a bucket's bound that is a whole number:
// le="1" is written "1.0" by some servers, and means the same.
func spellings(m *labels.Matcher) *labels.Matcher {
	whole := canonical(m.Name, m.Value)
	if m.Name != labels.BucketLabel || strings.ContainsAny(whole, ".eIN") {
		return m
	}
	either := map[labels.MatchType]labels.MatchType{labels.MatchEqual: labels.MatchRegexp, labels.MatchNotEqual: labels.MatchNotRegexp}
	kind, plain := either[m.Type]
	if !plain {
		return m
	}
	return labels.MustNewMatcher(kind, m.Name, regexp.QuoteMeta(whole)+`(\.0)?`)
}

// Selector is a PromQL selector.
type Selector struct {
	text     string
	matchers []*labels.Matcher
}

// String is the selector as PromQL writes it.
func (s Selector) String() string { return s.text }

// Covers reports whether all that another selects, this one selects too. That
// is only said of a selector that has all its matchers.
func (s Selector) Covers(other Selector) bool {
	for _, m := range s.matchers {
		if !slices.ContainsFunc(other.matchers, func(o *labels.Matcher) bool {
			return o.Type == m.Type && o.Name == m.Name && o.Value == m.Value
		}) {
			return false
		}
	}
	return true
}

// Pins are the labels for which one value is asked, but for the name.
func (s Selector) Pins() []labels.Label {
	var pins []labels.Label
	for _, m := range (term{matchers: s.matchers}).pins() {
		pins = append(pins, labels.Label{Name: m.Name, Value: m.Value})
	}
	return pins
}

// Asking is the selector with any of these values in place of a pin's.
func (s Selector) Asking(label string, values []string) Selector {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	any := labels.MustNewMatcher(labels.MatchRegexp, label, strings.Join(quoted, "|"))
	matchers := slices.Clone(s.matchers)
	for i, m := range matchers {
		if m.Name == label && m.Type == labels.MatchEqual {
			matchers[i] = any
		}
	}
	return Selector{text: term{name: metricName(matchers), matchers: matchers}.String(), matchers: matchers}
}

// Widest leaves out selectors that another one covers.
func Widest(list []Selector) []Selector {
	var widest []Selector
	for _, s := range list {
		if slices.ContainsFunc(widest, func(w Selector) bool { return w.Covers(s) }) {
			continue
		}
		widest = slices.DeleteFunc(widest, s.Covers)
		widest = append(widest, s)
	}
	return widest
}

// Grain says how finely the past of a program must be read.
type Grain struct {
	// Slice is the length of the slices of time that are its events; 0: there
	// are none, and any step between two values of a counter will do.
	Slice time.Duration
	// Samples says that every sample is an event: none may be left out.
	Samples bool
}

// Grain is how finely the program's past must be read.
func (p *Program) Grain() Grain {
	g := Grain{Samples: p.threshold != nil && p.threshold.PerSample}
	switch {
	case p.Spec.Budgeting.Method != slo.Occurrences:
		g.Slice = p.Spec.Budgeting.Slice
	case p.threshold != nil && !p.threshold.PerSample:
		if g.Slice = p.threshold.Slice; g.Slice <= 0 {
			g.Slice = time.Minute
		}
	}
	return g
}

// Reach is how far back the program's SLO looks.
func (p *Program) Reach() time.Duration { return longest(p.Spec) }
