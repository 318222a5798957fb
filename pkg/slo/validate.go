package slo

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
)

// Bounds of what a Spec may say.
const (
	// MinRolling: below it the longest alert window, a tenth of the SLO
	// window, would be under half a minute: a handful of samples, whose burn
	// rate is noise.
	MinRolling = 5 * time.Minute
	// MaxRolling is how far back a ledger reaches.
	MaxRolling = 90 * day
	// MaxNameBytes bounds the names of services and SLOs.
	MaxNameBytes = 128
	// MaxGroupsLimit bounds Spec.MaxGroups.
	MaxGroupsLimit = 100_000
)

// Validate returns everything that is wrong with a Spec by itself: names,
// ranges, what must and must not stand together. Field paths are those of the
// native format. PromQL is not read.
func Validate(s *Spec) []Problem {
	v := validator{spec: s}
	v.name("metadata.name", s.Name)
	v.name("spec.service", s.Service)
	v.objective()
	v.earlier()
	v.windows()
	if s.Composite != nil {
		v.composite(s.Composite)
	} else {
		v.budgeting()
		v.sli()
	}
	v.groups()
	v.labels("metadata.labels", s.Labels)
	v.labels("spec.alerting.labels", s.Alerting.Labels)
	v.annotations("spec.alerting.annotations", s.Alerting.Annotations)
	v.labels("spec.alerting.critical.labels", s.Alerting.Critical.Labels)
	v.annotations("spec.alerting.critical.annotations", s.Alerting.Critical.Annotations)
	v.labels("spec.alerting.warning.labels", s.Alerting.Warning.Labels)
	v.annotations("spec.alerting.warning.annotations", s.Alerting.Warning.Annotations)
	v.terms("spec.alerting", s.Alerting.Terms)
	return v.problems
}

type validator struct {
	spec     *Spec
	problems []Problem
}

// fail adds an error.
func (v *validator) fail(field, message, fix string) { v.add(Error, field, message, fix) }

func (v *validator) add(severity Severity, field, message, fix string) {
	v.problems = append(v.problems, Problem{Severity: severity, Field: field, Message: message, Fix: fix})
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// name checks a name, which becomes part of ids and paths.
func (v *validator) name(field, name string) {
	const fix = "begin with a letter or digit, go on with letters, digits, '_', '.' and '-'"
	switch {
	case name == "":
		v.fail(field, "is empty", fix)
	case len(name) > MaxNameBytes:
		v.fail(field, fmt.Sprintf("has %d bytes, more than the %d allowed", len(name), MaxNameBytes), "shorten it")
	case !namePattern.MatchString(name):
		v.fail(field, fmt.Sprintf("%q is not a name", name), fix)
	}
}

func (v *validator) objective() {
	if v.spec.Objective.Budget() <= 0 {
		v.fail("spec.objective", "is missing", "write a percentage such as 99.9%")
	}
}

func (v *validator) window(field string, w Window) {
	switch {
	case w.Calendar() && w.Rolling != 0:
		v.fail(field, "is both rolling and a calendar period", "keep one of the two")
	case w.Calendar():
	case w.Rolling == 0:
		v.fail(field, "is missing", "write 30d, or {calendar: month}")
	case w.Rolling < MinRolling:
		v.fail(field, FormatDuration(w.Rolling)+" is too short for a burn rate to mean anything", "write at least "+FormatDuration(MinRolling))
	case w.Rolling > MaxRolling:
		v.add(v.spec.Unserved(), field, FormatDuration(w.Rolling)+" is longer than this version keeps", "write at most "+FormatDuration(MaxRolling)+", or a calendar period")
	case w.Rolling%time.Second != 0:
		v.fail(field, FormatDuration(w.Rolling)+" is not a whole number of seconds", "write "+FormatDuration(w.Rolling.Round(time.Second)))
	}
}

// sliKinds are the fields of spec.sli.
const sliKinds = "ratio, latency, threshold, spans, logs, promql, logql"

func (v *validator) sli() {
	s := v.spec.SLI
	var set []string
	if s.Ratio != nil {
		set = append(set, "ratio")
		v.ratio("spec.sli.ratio", "a counter", "http_requests_total", s.Ratio)
	}
	if s.Latency != nil {
		set = append(set, "latency")
		v.latency(s.Latency)
	}
	if s.Threshold != nil {
		set = append(set, "threshold")
		v.threshold(s.Threshold)
	}
	if s.Spans != nil {
		set = append(set, "spans")
		v.spans(s.Spans)
	}
	if s.Logs != nil {
		set = append(set, "logs")
		v.logs(s.Logs)
	}
	if s.Query != nil {
		set = append(set, s.Query.Language)
		v.query(s.Query)
	}
	switch len(set) {
	case 0:
		v.fail("spec.sli", "says nothing to measure", "write one of "+sliKinds)
	case 1:
	default:
		v.fail("spec.sli", "has "+strings.Join(set, " and "), "keep one of them; write an SLO for each other")
	}
}

// ratio checks what counts events, without reading the expressions. The noun
// says what each of them is, and the example is one of all events.
func (v *validator) ratio(field, noun, example string, r *Ratio) {
	if r.ErrorRatio != "" {
		v.errorRatio(field, r)
		return
	}
	if strings.TrimSpace(r.Total) == "" {
		v.fail(field+".total", "is missing", "write "+noun+" of all events, such as "+example)
	}
	good, bad := strings.TrimSpace(r.Good), strings.TrimSpace(r.Bad)
	switch {
	case r.Good != "" && r.Bad != "":
		v.fail(field, "has both good and bad", "keep one of the two")
	case r.Good == "" && r.Bad == "":
		v.fail(field, "has neither good nor bad", "write bad: with "+noun+" of bad events, or good: with one of good events")
	case r.Good != "" && good == strings.TrimSpace(r.Total):
		v.allGood(field + ".good")
	case r.Bad != "" && bad == strings.TrimSpace(r.Total):
		v.fail(field+".bad", "is the same as total: everything would be bad", "select the bad events only")
	case good+bad == "":
		v.fail(field, "has a blank expression", "write "+noun)
	}
}

// allGood speaks of good events that are all events. Examples of other products
// have it, and it wakes nobody: there it is counted as it is written.
func (v *validator) allGood(field string) {
	severity := Error
	if v.spec.foreign() {
		severity = Warning
	}
	v.add(severity, field, "is the same as total: nothing could ever be bad", "select the good events only")
}

func (v *validator) errorRatio(field string, r *Ratio) {
	v.expression(field+".errorRatio", r.ErrorRatio)
	if r.Total != "" || r.Good != "" || r.Bad != "" {
		v.fail(field, "has errorRatio beside total, good or bad", "keep errorRatio alone, or total with good or bad")
	}
}

func (v *validator) latency(l *Latency) {
	const field = "spec.sli.latency"
	v.expression(field+".histogram", l.Histogram)
	if l.Below <= 0 {
		v.fail(field+".below", "must be above 0", "write a duration such as 300ms")
	}
	if l.Unit <= 0 {
		v.fail(field+".unit", "must be above 0", "write s or ms")
	}
	if l.Errors != "" {
		v.expression(field+".errors", l.Errors)
	}
}

func (v *validator) threshold(t *Threshold) {
	const field = "spec.sli.threshold"
	v.expression(field+".metric", t.Metric)
	v.finite(field+".above", t.Above)
	v.finite(field+".below", t.Below)
	switch {
	case t.Above == nil && t.Below == nil:
		v.fail(field, "has neither above nor below", "write below: with the highest good value, or above: with the lowest")
	case t.Above != nil && t.Below != nil && *t.Above > *t.Below:
		v.fail(field, fmt.Sprintf("above %v and below %v leave no good value", *t.Above, *t.Below), "swap them: good values lie between above and below")
	}
	switch {
	case !t.PerSample:
		v.slice(field+".slice", t.Slice)
	case t.Slice != 0:
		v.fail(field+".slice", "stands beside perSample", "keep one of the two")
	}
}

// budgeting checks what an SLO of slices needs.
func (v *validator) budgeting() {
	const field = "spec.budgeting"
	b := v.spec.Budgeting
	switch {
	case b.Method == Occurrences && b != Budgeting{}:
		v.fail(field, "has a slice or a target, and counts occurrences", "write method: timeslices, or remove budgeting")
		return
	case b.Method == Occurrences:
		return
	case b.Method == Timeslices && b.Target == 0:
		v.fail(field+".target", "is missing", "write the least share of good events in a good slice, such as 95%")
	case b.Method == Timeslices && (b.Target < 0 || b.Target > 1):
		v.fail(field+".target", "must be above 0% and at most 100%", "write a percentage such as 95%")
	case b.Method == RatioTimeslices && b.Target != 0:
		v.fail(field+".target", "is of no use to ratio_timeslices, whose slices are neither good nor bad", "remove it")
	}
	v.slice(field+".slice", b.Slice)
}

func (v *validator) finite(field string, bound *float64) {
	if bound != nil && (math.IsNaN(*bound) || math.IsInf(*bound, 0)) {
		v.fail(field, "must be a finite number", "write a number, or remove it")
	}
}

func (v *validator) slice(field string, slice time.Duration) {
	switch longest := v.shortest(); {
	case slice < time.Second:
		v.fail(field, FormatDuration(slice)+" is shorter than a second", "write at least 1s")
	case slice%time.Second != 0:
		v.fail(field, FormatDuration(slice)+" is not a whole number of seconds", "write "+FormatDuration(slice.Round(time.Second)))
	case longest > 0 && slice > longest:
		v.fail(field, FormatDuration(slice)+" is longer than the window of "+FormatDuration(longest), "write a shorter slice, such as 1m")
	}
}

// expression checks only that there is one.
func (v *validator) expression(field, text string) {
	if strings.TrimSpace(text) == "" {
		v.fail(field, "is empty", "write an expression")
	}
}
