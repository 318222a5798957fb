package slo

import (
	"fmt"
	"slices"
	"time"
)

// Times that an Adjustment may name: what lies outside is a slip.
var (
	earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

const whenFix = "write from and to, or start and duration"

// schedule says the same as a schedule, and what is wrong with it.
func (n *nativeSchedule) schedule(v *validator) (s schedule) {
	fixed, clocked := n.From != nil || n.To != nil, n.Start != nil || n.Duration != nil
	switch {
	case fixed && clocked:
		v.fail("spec", "has from and to beside start and duration", "keep one of the two")
	case fixed:
		n.refuseBeside(v)
		s.once = n.fixed(v)
	case clocked:
		n.clocked(v, &s)
	default:
		v.fail("spec.from", "is missing: nothing says when", whenFix)
	}
	return s
}

// refuseBeside refuses what stands beside from and to and means nothing there.
func (n *nativeSchedule) refuseBeside(v *validator) {
	for field, there := range map[string]bool{"timeZone": n.TimeZone.Location != nil, "rrule": n.RRule != nil, "except": n.Except != nil} {
		if there {
			v.fail("spec."+field, "stands beside from and to", "write start and duration, or remove it")
		}
	}
}

func (n *nativeSchedule) fixed(v *validator) Span {
	switch {
	case n.From == nil:
		v.fail("spec.from", "is missing", whenFix)
	case n.To == nil:
		v.fail("spec.to", "is missing", whenFix)
	case n.From.IsZero() || n.To.IsZero(): // and said so
	case !n.From.Before(n.To.Time):
		v.fail("spec.to", "is not after from", "swap the two, or correct one")
	case n.To.Sub(n.From.Time) > MaxSpan:
		v.fail("spec.to", "is "+FormatDuration(n.To.Sub(n.From.Time))+" after from, more than the "+FormatDuration(MaxSpan)+" allowed", tooLongFix)
	case v.possible("spec.from", n.From.Time):
		return Span{n.From.UTC(), n.To.UTC()}
	}
	return Span{}
}

const tooLongFix = "write several documents, or remove the SLO"

// possible refuses times that nobody means.
func (v *validator) possible(field string, t time.Time) bool {
	if t.Before(earliest) || t.After(latest) {
		v.fail(field, fmt.Sprintf("%s is not of our time", t.Format(time.DateOnly)), "correct the year")
		return false
	}
	return true
}

// clocked is a schedule by the clocks of a zone.
func (n *nativeSchedule) clocked(v *validator, s *schedule) {
	before := len(v.problems)
	n.checkStart(v)
	n.checkDuration(v)
	if n.RRule == nil && n.Except != nil {
		v.fail("spec.except", "stands without rrule", "remove it")
	}
	if len(v.problems) > before || n.Start.IsZero() {
		return
	}
	r := &recurrence{begin: n.Start.Time, zone: n.zone(), duration: *n.Duration}
	if n.RRule == nil {
		s.once = r.span(r.begin)
		s.once.From, s.once.To = s.once.From.UTC(), s.once.To.UTC()
		return
	}
	for _, d := range n.Except {
		r.except = append(r.except, string(d))
	}
	slices.Sort(r.except)
	if n.readRule(v, r) {
		s.rule = r
	}
}

func (n *nativeSchedule) zone() *time.Location {
	if n.TimeZone.Location == nil {
		return time.UTC
	}
	return n.TimeZone.Location
}

func (n *nativeSchedule) checkStart(v *validator) {
	switch {
	case n.Start == nil:
		v.fail("spec.start", "is missing", whenFix)
	case n.Start.IsZero(): // and said so
	case n.Start.utc && n.zone() != time.UTC && n.zone().String() != "UTC":
		v.fail("spec.start", "is of UTC, and timeZone is another", "remove the Z, or the timeZone")
	case !n.Start.utc && n.TimeZone.Location == nil:
		v.fail("spec.timeZone", "is missing: start does not say it", "write timeZone: Europe/Berlin, or a Z behind start for UTC")
	default:
		v.possible("spec.start", n.Start.Time)
	}
}

func (n *nativeSchedule) checkDuration(v *validator) {
	const field = "spec.duration"
	switch d := valueOr(n.Duration, 0); {
	case n.Duration == nil:
		v.fail(field, "is missing", "write a duration such as 1h")
	case d <= 0:
		v.fail(field, "must not be 0", "write a duration such as 1h")
	case d%time.Second != 0:
		v.fail(field, FormatDuration(d)+" is not a whole number of seconds", "write "+FormatDuration(d.Round(time.Second)))
	case d > MaxSpan:
		v.fail(field, FormatDuration(d)+" is more than the "+FormatDuration(MaxSpan)+" allowed", tooLongFix)
	}
}
