package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxSpan is how long one stretch of excluded time may be: an SLO without
// events for longer promises nothing.
const MaxSpan = 90 * day

// schedule is when an Adjustment excludes time: once, or by a rule.
type schedule struct {
	once Span
	rule *recurrence // nil: once
}

// spans are the stretches that end after from and begin before to: sorted,
// disjoint, not cut off. The caller does not change them.
func (s *schedule) spans(from, to time.Time) []Span {
	switch {
	case s.rule != nil:
		return s.rule.spans(from, to)
	case s.once.To.After(from) && s.once.From.Before(to):
		return []Span{s.once}
	}
	return nil
}

// String is the schedule in one line, as people read it.
func (s *schedule) String() string {
	if s.rule != nil {
		return s.rule.String()
	}
	return s.once.From.UTC().Format(time.RFC3339) + " to " + s.once.To.UTC().Format(time.RFC3339)
}

// String is the rule with what stands beside it in the document.
func (r *recurrence) String() string {
	text := fmt.Sprintf("%s from %s %s, %s", FormatDuration(r.duration), r.begin.Format(wallLayout), r.zone, r.text)
	if len(r.except) > 0 {
		text += ", except " + strings.Join(r.except, ", ")
	}
	return text
}

// merged joins stretches that touch or overlap; they come sorted by From.
func merged(spans []Span) []Span {
	var out []Span
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && !s.From.After(out[last].To) {
			out[last].To = later(out[last].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// within are those of sorted, disjoint spans that end after from and begin
// before to.
func within(spans []Span, from, to time.Time) []Span {
	first, _ := slices.BinarySearchFunc(spans, from, func(s Span, t time.Time) int {
		if s.To.After(t) {
			return 1
		}
		return -1
	})
	end, _ := slices.BinarySearchFunc(spans, to, func(s Span, t time.Time) int {
		if s.From.Before(t) {
			return -1
		}
		return 1
	})
	if end <= first {
		return nil
	}
	return spans[first:end:end]
}
