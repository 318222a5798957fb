package openslo

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// alphaUnits are the units of windows, as openslo/v1 writes them.
var alphaUnits = map[string]struct {
	length time.Duration
	later  string
}{
	"Second": {time.Second, ""}, "Day": {day, "d"}, "Week": {7 * day, "w"}, "Month": {30 * day, "M"}, "Quarter": {90 * day, "Q"},
}

// alphaWindow reads the window of an openslo/v1alpha document. Sloth takes
// what says nothing else as rolling, and so do lenient readers.
func (c *checker) alphaWindow(field string, windows []alphaWindow) slo.Window {
	switch len(windows) {
	case 0:
		c.odd(field, "is missing", "the last 30d are taken", "write [{count: 30, unit: Day, isRolling: true}]")
		return slo.Window{Rolling: defaultWindow}
	case 1:
	default:
		c.fail(field, "has several windows", "keep one; write an SLO for each other")
		return slo.Window{Rolling: defaultWindow}
	}
	at, w := strictyaml.Index(field, 0), windows[0]
	unit, count, ok := c.alphaLength(at, w)
	if !ok {
		return slo.Window{}
	}
	if later := alphaUnits[unit].later; w.Calendar != nil && (w.IsRolling == nil || !*w.IsRolling) && later != "" {
		return c.alphaCalendar(at, w, fmt.Sprintf("%d%s", count, later))
	}
	switch {
	case w.Calendar != nil:
		c.odd(at+".calendar", "does not go with a window that rolls or counts seconds", "the window rolls", "remove it")
	case w.IsRolling != nil && !*w.IsRolling:
		c.odd(at+".calendar", "is missing, and isRolling is false", "the window rolls", "write isRolling: true")
	case w.IsRolling == nil && c.Strict:
		c.fail(at+".isRolling", "is missing, and so is calendar", "write isRolling: true")
	}
	return slo.Window{Rolling: time.Duration(count) * alphaUnits[unit].length}
}

// alphaCalendar reads the window as openslo/v1 does.
func (c *checker) alphaCalendar(at string, w alphaWindow, length string) slo.Window {
	period, ok := periods[length]
	if !ok {
		c.unserved(at+".count", "calendar windows of "+length+" are not supported by this version", "write one Day, Week, Month or Quarter")
	}
	window := slo.Window{Period: period, Location: c.zone(at+".calendar.timeZone", w.Calendar.TimeZone)}
	c.startTime(at+".calendar.startTime", w.Calendar.StartTime, window)
	return window
}

func (c *checker) alphaLength(at string, w alphaWindow) (unit string, count int64, ok bool) {
	const fix = "write Day, Week, Month or Quarter"
	unit = w.Unit
	for name := range alphaUnits {
		if strings.EqualFold(name, w.Unit) {
			unit = name
		}
	}
	known, ok := alphaUnits[unit]
	switch {
	case w.Unit == "":
		c.fail(at+".unit", "is missing", fix)
	case !ok:
		c.fail(at+".unit", fmt.Sprintf("%q is not a unit", shorten(w.Unit)), fix)
	case unit != w.Unit:
		c.odd(at+".unit", fmt.Sprintf("%q is not a unit", shorten(w.Unit)), unit+" is taken", "write "+unit)
	}
	switch {
	case w.Count == nil:
		c.fail(at+".count", "is missing", "write 30")
		return unit, 0, false
	case *w.Count <= 0 || ok && int64(*w.Count) > int64(math.MaxInt64/known.length):
		c.fail(at+".count", fmt.Sprintf("%d is not a number of units", *w.Count), "write at least 1")
		return unit, 0, false
	}
	return unit, int64(*w.Count), ok
}
