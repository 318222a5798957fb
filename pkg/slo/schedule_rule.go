package slo

import (
	"fmt"
	"time"

	"github.com/teambition/rrule-go"
)

// parseRule reads a recurrence rule of RFC 5545, which begins at a time of the
// wall. until is zero where the rule does not say it; the rule itself does not
// know it, for it may be given in UTC.
func parseRule(text string, begin time.Time, zone *time.Location) (rule *rrule.RRule, until time.Time, err error) {
	parts, err := cutRule(text)
	if err == nil {
		err = parts.check()
	}
	if err != nil {
		return nil, until, err
	}
	if parts["UNTIL"] != "" {
		if until, err = parseUntil(parts["UNTIL"], zone); err != nil {
			return nil, until, err
		}
	}
	option, err := rrule.StrToROption(parts.without("UNTIL"))
	if err != nil {
		return nil, until, faultf("see RFC 5545, 3.3.10", "is not a recurrence rule: %v", err)
	}
	if err := checkDays(option); err != nil {
		return nil, until, err
	}
	option.Dtstart = begin
	if err := daily(option); err != nil {
		return nil, until, err
	}
	rule, err = rrule.NewRRule(*option)
	if err != nil {
		return nil, until, faultf("see RFC 5545, 3.3.10", "is not a recurrence rule: %v", err)
	}
	return rule, until, nil
}

// checkDays refuses numbered weekdays where RFC 5545 does, and where there
// cannot be so many.
func checkDays(o *rrule.ROption) error {
	most := 53
	if o.Freq == rrule.MONTHLY || len(o.Bymonth) > 0 {
		most = 5
	}
	for _, d := range o.Byweekday {
		switch n := max(d.N(), -d.N()); {
		case n == 0:
		case o.Freq > rrule.MONTHLY:
			return faultf("write FREQ=MONTHLY", "BYDAY=%s numbers a weekday, and FREQ=%s has no number of them", d, o.Freq)
		case n > most:
			return faultf(fmt.Sprintf("write at most %d%s", most, d.String()[len(d.String())-2:]), "BYDAY=%s never comes", d)
		}
	}
	return nil
}

// daily says an hourly rule as a daily one. The hours of a wall go round a day,
// and a rule may ask for hours that its interval never meets, which its own
// search would not end with.
func daily(o *rrule.ROption) error {
	if o.Freq != rrule.HOURLY {
		return nil
	}
	step := max(o.Interval, 1)
	if 24%step != 0 || len(o.Bysetpos) > 0 {
		return faultf("write FREQ=DAILY with BYHOUR", "FREQ=HOURLY is understood with an INTERVAL that divides 24, and without BYSETPOS")
	}
	asked := map[int]bool{}
	for _, h := range o.Byhour {
		asked[h] = true
	}
	var hours []int
	for h := o.Dtstart.Hour() % step; h < 24; h += step {
		if len(asked) == 0 || asked[h] {
			hours = append(hours, h)
		}
	}
	if len(hours) == 0 {
		return faultf("write FREQ=DAILY with BYHOUR", "never comes to an hour of BYHOUR")
	}
	o.Freq, o.Interval, o.Byhour = rrule.DAILY, 1, hours
	return nil
}

// parseUntil reads the end of a rule: in UTC, by the wall, or a date, which is
// meant with all of its day.
func parseUntil(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse("20060102T150405Z", text); err == nil {
		return t, nil
	}
	if t, err := time.Parse("20060102T150405", text); err == nil {
		return at(t, zone), nil
	}
	if t, err := time.Parse("20060102", text); err == nil {
		return at(t.AddDate(0, 0, 1), zone).Add(-time.Second), nil
	}
	return time.Time{}, faultf("write UNTIL=20261231T235959Z", "UNTIL=%s is not a time", shorten(text))
}
