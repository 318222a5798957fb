package slo

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/common/model"
)

// Period is a calendar unit.
type Period int

// The calendar units a Window can span. NoPeriod marks a rolling window.
const (
	NoPeriod Period = iota
	Day
	Week // Monday to Monday, as ISO 8601 has it
	Month
	Quarter
	Year
)

var periodNames = map[Period]string{
	Day: "day", Week: "week", Month: "month", Quarter: "quarter", Year: "year",
}

// String is the period's name as specs write it; empty for NoPeriod.
func (p Period) String() string { return periodNames[p] }

// ParsePeriod is the reverse of String.
func ParsePeriod(s string) (Period, bool) {
	for p, name := range periodNames {
		if name == s {
			return p, true
		}
	}
	return NoPeriod, false
}

const day = 24 * time.Hour

// nominal lengths, for burn arithmetic only: rates compare against them,
// counts never do.
var nominal = map[Period]time.Duration{
	Day: day, Week: 7 * day, Month: 30 * day, Quarter: 90 * day, Year: 365 * day,
}

// Window is the time an objective is promised over: the last Rolling, or the
// current calendar Period in Location. Exactly one of the two is set.
type Window struct {
	Rolling  time.Duration
	Period   Period
	Location *time.Location // nil is UTC
}

// Calendar reports whether the window is a calendar period.
func (w Window) Calendar() bool { return w.Period != NoPeriod }

// Nominal is the window's length for burn arithmetic: a month counts 30 days,
// a quarter 90, a year 365.
func (w Window) Nominal() time.Duration {
	if w.Calendar() {
		return nominal[w.Period]
	}
	return w.Rolling
}

// Bounds are the window's start and end at time t. A rolling window ends at t;
// a calendar window ends when its period does, and start <= t < end.
func (w Window) Bounds(t time.Time) (start, end time.Time) {
	if !w.Calendar() {
		return t.Add(-w.Rolling), t
	}
	location := w.Location
	if location == nil {
		location = time.UTC
	}
	year, month, date := t.In(location).Date()
	first := func(y int, m time.Month, d int) time.Time { return startOfDay(y, m, d, location) }
	switch w.Period {
	case Day:
		return first(year, month, date), first(year, month, date+1)
	case Week:
		monday := date - (int(t.In(location).Weekday())+6)%7
		return first(year, month, monday), first(year, month, monday+7)
	case Month:
		return first(year, month, 1), first(year, month+1, 1)
	case Quarter:
		opening := month - (month-1)%3
		return first(year, opening, 1), first(year, opening+3, 1)
	default:
		return first(year, 1, 1), first(year+1, 1, 1)
	}
}

// startOfDay is the first moment of a date. Where clocks change at midnight,
// that date may have two midnights (the first one counts) or none (it begins
// with the change); time.Date promises neither.
func startOfDay(year int, month time.Month, date int, location *time.Location) time.Time {
	midnight := time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
	noon := time.Date(year, month, date, 12, 0, 0, 0, location)
	change, _ := noon.ZoneBounds()
	byClock := func(t time.Time) time.Time {
		_, offset := t.Zone()
		return midnight.Add(-time.Duration(offset) * time.Second).In(location)
	}
	if early := byClock(change.Add(-1)); early.Before(change) {
		return early
	}
	if late := byClock(noon); late.After(change) {
		return late
	}
	return change
}

// String is the window as specs write it: "30d", or "month" with its zone.
func (w Window) String() string {
	if !w.Calendar() {
		return FormatDuration(w.Rolling)
	}
	if w.Location == nil || w.Location == time.UTC {
		return w.Period.String()
	}
	return fmt.Sprintf("%s (%s)", w.Period, w.Location)
}

// zones keeps one Location for each name.
var zones sync.Map // string → *time.Location

// LoadLocation is time.LoadLocation, with one Location for each name, so that
// Windows that mean the same are equal, across formats and reloads. No name
// and "Local" are errors: they mean something else on each machine.
func LoadLocation(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q does not name a time zone", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	kept, _ := zones.LoadOrStore(name, location)
	return kept.(*time.Location), nil
}

// ParseDuration reads a duration in Prometheus's syntax: "30d", "1h30m".
func ParseDuration(s string) (time.Duration, error) {
	d, err := model.ParseDuration(s)
	return time.Duration(d), err
}

// FormatDuration writes d in Prometheus's syntax, without weeks and years:
// people say 30d and 84d. Below a millisecond it falls back to Go's syntax.
func FormatDuration(d time.Duration) string {
	if d%time.Millisecond != 0 {
		return d.String()
	}
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return model.Duration(d).String()
}
