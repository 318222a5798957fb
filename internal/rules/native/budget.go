package native

import (
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// budget are the records of the SLO window.
func (w *writer) budget() []rules.Rule {
	window := w.spec.Window
	name := slo.FormatDuration(window.Nominal())
	lost, all, seen := w.sumOf(bad, window.Rolling), w.sumOf(events, window.Rolling),
		w.coverageOf(w.of(events), text(max(window.Rolling, time.Second)), number(window.Rolling.Seconds()))
	if window.Calendar() {
		lost, all, seen = w.calendar()
		name = window.Period.String()
	}
	return []rules.Rule{
		w.record(burn, fmt.Sprintf("%s / (%s > 0) / %s", lost, all, number(w.spec.Objective.Budget())), "window", name),
		w.record(coverage, seen),
		w.record(remaining, "1 - "+w.of(burn, "window", name)+" * ignoring (window) "+w.of(coverage)),
	}
}

// longest is the greatest length of a calendar period.
var longest = map[slo.Period]time.Duration{
	slo.Day: 25 * time.Hour, slo.Week: 169 * time.Hour, slo.Month: 745 * time.Hour,
	slo.Quarter: 92*24*time.Hour + time.Hour, slo.Year: 366 * 24 * time.Hour,
}

// calendar adds up the records of the period that has begun. Each carries the
// period's number, so those of the period before fall out at once.
func (w *writer) calendar() (lost, all, seen string) {
	w.warnCalendar()
	key, length := periodKey(w.spec.Window), longest[w.spec.Window.Period]
	current := func(function, name string) string {
		return fmt.Sprintf("sum without (slo_period) (%s(%s[%s]) and on (slo_period) %s)", function, w.of(periodic(name)), text(length), key)
	}
	seconds := number(w.spec.Window.Nominal().Seconds())
	if w.spec.Window.Period == slo.Month {
		seconds = "on () group_left () (days_in_month(" + clock(w.spec.Window) + ") * 86400)"
	}
	return current("sum_over_time", bad), current("sum_over_time", events),
		fmt.Sprintf("clamp_max(%s * %s / %s, 1)", current("count_over_time", events), number(step.Seconds()), seconds)
}

// warnCalendar says what of the calendar Prometheus does not know.
func (w *writer) warnCalendar() {
	window := w.spec.Window
	if _, fixed := offset(window); !fixed {
		w.problem(slo.Warning, "spec.window.timeZone",
			fmt.Sprintf("PromQL knows no daylight saving time: the rules begin each period by the standard time of %s", window.Location), "")
	}
	if window.Period == slo.Quarter || window.Period == slo.Year {
		w.problem(slo.Warning, "spec.window",
			fmt.Sprintf("the rules take a %s for %s when they compute coverage, and Prometheus must keep samples for %s", window.Period,
				slo.FormatDuration(window.Nominal()), slo.FormatDuration(longest[window.Period])), "")
	}
}

// byPeriod records a series with the number of the period it lies in.
func (w *writer) byPeriod(name, key string) rules.Rule {
	return w.record(periodic(name), w.of(name)+" * on () group_left (slo_period) "+key)
}

func periodic(name string) string { return name + ":by_period" }

// periodKey is a vector of 1 whose label slo_period numbers the calendar
// period; empty for rolling windows.
func periodKey(w slo.Window) string {
	t := clock(w)
	formulas := map[slo.Period]string{
		slo.Day:     "floor(" + t + " / 86400)",
		slo.Week:    "floor((" + t + " / 86400 + 3) / 7)", // 1970 began on a Thursday
		slo.Month:   "year(" + t + ") * 12 + month(" + t + ")",
		slo.Quarter: "year(" + t + ") * 4 + floor((month(" + t + ") - 1) / 3)",
		slo.Year:    "year(" + t + ")",
	}
	if formulas[w.Period] == "" {
		return ""
	}
	return `count_values("slo_period", ` + formulas[w.Period] + `)`
}

// clock is the time as clocks of the window's zone show it, in seconds.
func clock(w slo.Window) string {
	seconds, _ := offset(w)
	switch {
	case seconds > 0:
		return fmt.Sprintf("vector(time() + %d)", seconds)
	case seconds < 0:
		return fmt.Sprintf("vector(time() - %d)", -seconds)
	}
	return "vector(time())"
}

// offset is how far the zone's standard time is ahead of UTC, in seconds;
// fixed reports whether that is all there is to know.
func offset(w slo.Window) (seconds int, fixed bool) {
	if w.Location == nil {
		return 0, true
	}
	const year = 2025 // any: rules cannot follow later changes anyway
	_, winter := time.Date(year, time.January, 15, 12, 0, 0, 0, w.Location).Zone()
	_, summer := time.Date(year, time.July, 15, 12, 0, 0, 0, w.Location).Zone()
	return min(winter, summer), winter == summer
}
