package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// readRule gives a recurrence its rule, and tries it out.
func (n *nativeSchedule) readRule(v *validator, r *recurrence) bool {
	const field = "spec.rrule"
	var err error
	r.text = strings.ToUpper(strings.TrimSpace(*n.RRule))
	if r.rule, r.until, err = parseRule(r.text, r.begin, r.zone); err != nil {
		v.fail(field, err.Error(), fixOf(err))
		return false
	}
	trial := r.try()
	switch {
	case trial.spans == 0:
		v.fail(field, "never occurs", "correct the rule, start or except")
	case trial.often:
		v.fail(field, "occurs more than 24 times a day", "write a slower rule")
	case trial.shortest <= r.duration:
		v.fail("spec.duration", fmt.Sprintf("%s is not shorter than the %s from one occurrence to the next", FormatDuration(r.duration), FormatDuration(trial.shortest)),
			"write a shorter one, or a slower rule: nothing would be left to count")
	case len(trial.idle) > 0:
		v.fail("spec.except", trial.idle[0]+" is not a date on which it would occur", "correct the date, or remove it")
	default:
		return true
	}
	return false
}

// trial is what the first occurrences of a rule show of it.
type trial struct {
	spans    int           // that count
	shortest time.Duration // from one to the next
	often    bool
	idle     []string // dates that except nothing
}

// tried is how many occurrences are looked at. A year of days shows what there
// is to see, or a day of hours.
const tried = 400

// try looks at occurrences from the first on, as far as dates are excepted.
func (r *recurrence) try() trial {
	out := trial{shortest: 1 << 62, idle: slices.Clone(r.except)}
	var last time.Time
	next := r.rule.Iterator()
	for n := 0; ; n++ {
		wall, any := next()
		date := wall.Format(time.DateOnly)
		beyond := len(out.idle) == 0 || date > out.idle[len(out.idle)-1]
		if !any || r.over(r.span(wall)) || n >= tried && beyond {
			return out
		}
		if r.takes(wall, r.span(wall)) {
			out.spans++
		}
		if n > 0 {
			out.shortest = min(out.shortest, wall.Sub(last))
		}
		out.idle = slices.DeleteFunc(out.idle, func(d string) bool { return d == date })
		out.often = out.often || n == 24 && wall.Sub(r.begin) < day
		last = wall
	}
}
