package sloth

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// percent is an objective: a bare number of percent.
type percent struct {
	slo.Objective
	quoted bool // which Sloth refuses
}

// UnmarshalValue reads the decimals as they were written.
func (p *percent) UnmarshalValue(v strictyaml.Value) {
	text, bare := v.Number()
	if !bare {
		var ok bool
		if text, ok = v.String(); !ok {
			return
		}
	}
	parsed, err := parsePercent(strings.TrimSpace(strings.TrimSuffix(text, "%")))
	if err != nil {
		v.Report(err.Error(), "write a percentage above 0 and below 100, such as 99.9")
		return
	}
	*p = percent{Objective: parsed, quoted: !bare}
}

// parsePercent reads also what YAML takes for a number and people do not
// write: 9.99e1.
func parsePercent(text string) (slo.Objective, error) {
	o, err := slo.ParseObjective(text + "%")
	if err == nil {
		return o, nil
	}
	if f, notNumber := strconv.ParseFloat(text, 64); notNumber == nil {
		if o, err := slo.ParseObjective(strconv.FormatFloat(f, 'f', -1, 64) + "%"); err == nil {
			return o, nil
		}
	}
	return slo.Objective{}, err
}

// number is the objective in percent, as Sloth writes it.
func number(o slo.Objective) string { return strings.TrimSuffix(o.String(), "%") }

// doubt is what may be wrong with a number that can be read.
func (p percent) doubt() (message, fix string) {
	ratio := p.Ratio()
	switch {
	case p.quoted:
		return "is a text, and Sloth reads numbers only", "write " + number(p.Objective) + " without quotes"
	case ratio > 0 && ratio < 0.01:
		meant, err := slo.ParseObjective(number(p.Objective))
		if err == nil {
			return fmt.Sprintf("promises no more than %s of good events", p.Objective), fmt.Sprintf("write %s, if you mean %s", number(meant), meant)
		}
	}
	return "", ""
}
