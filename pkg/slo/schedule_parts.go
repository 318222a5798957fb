package slo

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxRuleBytes and maxInterval bound what a rule may ask of the search for its
// occurrences.
const (
	maxRuleBytes = 256
	maxInterval  = 1000
)

// ruleParts are the parts of a rule by their names.
type ruleParts map[string]string

const ruleExample = `write a rule such as "FREQ=WEEKLY;BYDAY=SU"`

// cutRule cuts a rule into its parts.
func cutRule(text string) (ruleParts, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if len(text) > maxRuleBytes {
		return nil, faultf("write a shorter rule, or several documents", "has %d bytes, more than the %d allowed", len(text), maxRuleBytes)
	}
	parts := ruleParts{}
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(text, "RRULE:"), ";"), ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || name == "" || value == "" || strings.ContainsAny(value, " \t\r\n=") {
			return nil, faultf(ruleExample, "%q is not a part of a recurrence rule", shorten(part))
		}
		if _, twice := parts[name]; twice {
			return nil, faultf("keep one of them", "has %s twice", name)
		}
		parts[name] = value
	}
	return parts, nil
}

// without is the rule without one of its parts.
func (p ruleParts) without(name string) string {
	var list []string
	for n, value := range p {
		if n != name {
			list = append(list, n+"="+value)
		}
	}
	return strings.Join(list, ";")
}

// check refuses by name what is not meant for people's calendars.
func (p ruleParts) check() error {
	switch freq := p["FREQ"]; {
	case freq == "":
		return faultf(ruleExample, "has no FREQ")
	case freq == "SECONDLY" || freq == "MINUTELY":
		return faultf("write FREQ=DAILY or slower", "FREQ=%s is too often for a maintenance", freq)
	case p["DTSTART"] != "":
		return faultf("write it as start", "has a DTSTART")
	case p["BYEASTER"] != "":
		return faultf("write the dates as documents of their own", "BYEASTER is not of RFC 5545")
	case p["COUNT"] != "" && p["UNTIL"] != "":
		return faultf("keep one of them", "has COUNT and UNTIL")
	}
	if err := p.number("INTERVAL", maxInterval); err != nil {
		return err
	}
	return p.number("COUNT", 1_000_000)
}

func (p ruleParts) number(name string, most int) error {
	text, there := p[name]
	if n, err := strconv.Atoi(text); there && (err != nil || n < 1 || n > most) {
		return faultf("write a whole number", "%s must be from 1 to %d, not %q", name, most, shorten(text))
	}
	return nil
}

// ruleFault is what is wrong with a rule, and what to write instead.
type ruleFault struct{ message, fix string }

// Error is the message alone.
func (f *ruleFault) Error() string { return f.message }

func faultf(fix, format string, args ...any) error {
	return &ruleFault{fmt.Sprintf(format, args...), fix}
}

// fixOf is what an error of a rule advises.
func fixOf(err error) string {
	var f *ruleFault
	if errors.As(err, &f) {
		return f.fix
	}
	return ""
}
