package openslo

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// defaultWindow is what lenient readers take when a document has none.
const defaultWindow = 30 * day

// window reads the one window of an SLO.
func (c *checker) window(field string, windows []timeWindow) slo.Window {
	switch len(windows) {
	case 0:
		c.odd(field, "is missing", "the last 30d are taken", "write [{duration: 30d, isRolling: true}]")
		return slo.Window{Rolling: defaultWindow}
	case 1:
		return c.oneWindow(strictyaml.Index(field, 0), windows[0])
	}
	c.fail(field, "has several windows", "keep one; write an SLO for each other")
	return slo.Window{Rolling: defaultWindow}
}

func (c *checker) oneWindow(field string, w timeWindow) slo.Window {
	rolling := w.IsRolling != nil && *w.IsRolling
	switch {
	case w.Calendar != nil && rolling:
		c.odd(field+".calendar", "stands beside isRolling: true", "the window rolls", "remove one of the two")
	case w.Calendar != nil:
		return c.calendarWindow(field, w)
	case w.IsRolling == nil:
		c.odd(field+".isRolling", "is missing, and so is calendar", "the window rolls", "write isRolling: true")
	case !rolling:
		c.fail(field+".calendar", "is missing, and isRolling is false", "write isRolling: true, or calendar: with startTime and timeZone")
	}
	return slo.Window{Rolling: c.duration(field+".duration", w.Duration, "30d")}
}

// duration reads one that must be there and not be zero.
func (c *checker) duration(field string, d duration, example string) time.Duration {
	fix := "write a number and one of m, h, d, w, M, Q, Y, such as " + example
	length, known, ok := d.length()
	switch {
	case d.text == "":
		c.fail(field, "is missing", fix)
	case known && !ok:
		c.fail(field, fmt.Sprintf("%q is too long", shorten(d.text)), fix)
	case !ok:
		c.fail(field, fmt.Sprintf("%q is not a duration", shorten(d.text)), fix)
	case length == 0 && !known:
		c.fail(field, fmt.Sprintf("%q is not a duration of OpenSLO, and no time at all", shorten(d.text)), fix)
	case length == 0:
		c.fail(field, fmt.Sprintf("%q is no time at all", shorten(d.text)), fix)
	case !known:
		c.odd(field, fmt.Sprintf("%q is not a duration of OpenSLO", shorten(d.text)), "it is read as Prometheus reads it", fix)
	default:
		c.unit(field, d, fmt.Sprintf("%dd are taken", length/day))
	}
	return length
}

// unit says which units the version does not have.
func (c *checker) unit(field string, d duration, taken string) {
	if _, unit, _ := d.parts(); c.kube() && (unit == 'M' || unit == 'Q' || unit == 'Y') {
		c.odd(field, fmt.Sprintf("%q has a unit that is not in %s", shorten(d.text), V2Alpha), taken, "write m, h, d or w")
	}
}

// calendarWindow reads a window that begins anew with each period.
func (c *checker) calendarWindow(field string, w timeWindow) slo.Window {
	period := c.period(field+".duration", w.Duration)
	location := c.zone(field+".calendar.timeZone", w.Calendar.TimeZone)
	window := slo.Window{Period: period, Location: location}
	c.startTime(field+".calendar.startTime", w.Calendar.StartTime, window)
	return window
}

// periods are the calendar's, by number and unit.
var periods = map[string]slo.Period{
	"1d": slo.Day, "7d": slo.Week, "1w": slo.Week,
	"1M": slo.Month, "3M": slo.Quarter, "12M": slo.Year, "1Q": slo.Quarter, "4Q": slo.Year, "1Y": slo.Year,
}

func (c *checker) period(field string, d duration) slo.Period {
	const fix = "write 1d, 1w, 1M, 1Q or 1Y"
	n, unit, ok := d.parts()
	if !ok || n == 0 || n > math.MaxInt32 {
		c.duration(field, d, "1M")
		return slo.NoPeriod
	}
	text := fmt.Sprintf("%d%c", n, unit)
	switch period, ok := periods[text]; {
	case text == "1m" && !c.Strict:
		c.warn(field, "is one minute, which no calendar window can be: 1M, a month, is taken", fix)
		return slo.Month
	case !ok:
		c.unserved(field, "calendar windows of "+text+" are not supported by this version", fix)
		return slo.NoPeriod
	default:
		c.unit(field, d, "a "+period.String()+" is taken")
		return period
	}
}

func (c *checker) zone(field, name string) *time.Location {
	if name == "" {
		c.odd(field, "is missing", "UTC is taken", "write UTC, or a name such as Europe/Berlin")
		return time.UTC
	}
	location, err := slo.LoadLocation(name)
	if err != nil {
		c.fail(field, fmt.Sprintf("%q is not a time zone", shorten(name)), "write a name of the IANA database, such as Europe/Berlin or UTC")
		return nil
	}
	return location
}

// layouts are how people write a time; the schema has the first.
var layouts = []string{time.DateTime, time.DateOnly, "2006-01-02 15:04", "2006-01-02T15:04:05", time.RFC3339}

// edges say when periods begin.
var edges = map[slo.Period]string{
	slo.Day: "at midnight", slo.Week: "on Mondays at midnight", slo.Month: "on the first of each month at midnight",
	slo.Quarter: "on the first of January, April, July and October at midnight", slo.Year: "on the first of January at midnight",
}

// startTime warns when periods were meant to begin elsewhere than ours do. The
// window has no period or no location where these could not be read.
func (c *checker) startTime(field, text string, w slo.Window) {
	const fix = "write it as 2026-01-01 00:00:00"
	start, layout := parseStart(text, w.Location)
	switch {
	case text == "":
		c.odd(field, "is missing", "windows begin "+cmp.Or(edges[w.Period], "where the calendar has it"), fix)
		return
	case layout == "":
		c.fail(field, fmt.Sprintf("%q is not a date with a time", shorten(text)), fix)
		return
	case layout != layouts[0]:
		c.odd(field, fmt.Sprintf("%q is not a date with a time", shorten(text)), fmt.Sprintf("%s is taken", start.Format(time.DateTime)), fix)
	}
	if !w.Calendar() || w.Location == nil {
		return
	}
	if edge, _ := w.Bounds(start); !edge.Equal(start) {
		c.warn(field, fmt.Sprintf("%s, a %s, is not where a %s begins: windows of this version begin %s", text, start.Weekday(), w.Period, edges[w.Period]),
			"write "+edge.Format(time.DateTime)+" if that is meant")
	}
}

func parseStart(text string, location *time.Location) (start time.Time, layout string) {
	if location == nil {
		location = time.UTC
	}
	for _, layout := range layouts {
		if start, err := time.ParseInLocation(layout, text, location); err == nil {
			return start.In(location), layout
		}
	}
	return time.Time{}, ""
}
