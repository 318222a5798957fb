package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

func policiesText(list apitypes.GatePolicyList) string {
	var b strings.Builder
	for _, p := range list.Policies {
		fmt.Fprintf(&b, "%s (%s)\n", cell(p.Name), cell(place(p.Origin)))
		columns(&b, policyRows(p)...)
		b.WriteString("\n")
	}
	b.WriteString("the default, for services that no policy selects\n")
	columns(&b, policyRows(list.Default)...)
	return b.String()
}

// policyRows say what a policy says, and leave out what it does not.
func policyRows(p apitypes.GatePolicy) (rows [][]string) {
	add := func(name string, texts ...string) {
		if len(texts) > 0 {
			rows = append(rows, []string{"  " + name, strings.Join(texts, ", ")})
		}
	}
	add("selects", p.Select...)
	add("in", p.Environments...)
	add("budget left", levelTexts(p.ErrorBudgetRemaining)...)
	add("spent in 1h", shareTexts(p.ErrorBudgetConsumed1h)...)
	for _, l := range p.BurnRates {
		add("burn "+l.Window, l.Decision+" above "+strconv.FormatFloat(l.Above, 'g', -1, 64))
	}
	for _, severity := range slices.Sorted(maps.Keys(p.Alerts)) {
		add("alerts", severity+": "+p.Alerts[severity])
	}
	for _, d := range p.Dependencies {
		add("depends on", d.Service+" ("+d.As+" at most)")
	}
	add("passes", p.Passes...)
	add("if unknown", p.IfUnknown+" for those who cannot be told")
	add("answers", "are good for "+seconds(p.ValidFor)+", from what is "+seconds(p.MaxAge)+" old at most")
	if c := p.Canary; c != nil {
		add("canary", fmt.Sprintf("by %s, from %g events on, %s false denials, for %s, then %s", c.By, c.MinEvents, share(&c.FalseDenials, 2), seconds(c.Within), c.AtEnd))
	}
	if d := p.Deploy; d != nil {
		add("deploy", fmt.Sprintf("watched for %s; deny above %s of the budget, from %g events on", seconds(d.Watch), share(&d.MaxConsumed, 2), d.MinEvents))
	}
	return rows
}

func levelTexts(l apitypes.GateLevels) (texts []string) {
	for _, level := range []struct {
		decision string
		at       *apitypes.GateLevel
	}{{hold, l.Hold}, {deny, l.Deny}} {
		if level.at != nil {
			texts = append(texts, fmt.Sprintf("%s below %s until above %s", level.decision, share(&level.at.Below, 2), share(&level.at.ResumeAbove, 2)))
		}
	}
	return texts
}

func shareTexts(s apitypes.GateShares) (texts []string) {
	if s.Hold != nil {
		texts = append(texts, "hold above "+share(s.Hold, 2))
	}
	if s.Deny != nil {
		texts = append(texts, "deny above "+share(s.Deny, 2))
	}
	return texts
}

// seconds is a number of them as people write it: 30s, 1h.
func seconds(s float64) string {
	return model.Duration(time.Duration(s * float64(time.Second))).String()
}
