package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// gateText is the answer as people read it: the decision, why, the figures.
func gateText(o gateAnswer, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", cell(headline(o)))
	for _, r := range o.verdict.Reasons {
		fmt.Fprintf(&b, "  %s\n", cell(reasonText(r)))
	}
	rows := figures(o.verdict, now)
	if o.verdict.ID != "" {
		rows = append(rows, []string{"read on", "slo-engine gate explain " + o.verdict.ID})
	}
	if o.explanation != "" {
		rows = append(rows, []string{"", o.explanation})
	}
	if len(rows) > 0 {
		b.WriteString("\n")
		columns(&b, rows...)
	}
	return b.String()
}

// headline is the decision in one line.
func headline(o gateAnswer) string {
	what := map[string]string{allow: "may ship", hold: "has to wait", deny: "must not ship"}[o.verdict.Decision]
	text := o.verdict.Decision + ": " + change(o.verdict) + " " + cmp.Or(what, "may or may not ship, nothing can be said")
	if o.decision != o.verdict.Decision {
		text += "; taken as " + o.decision
	}
	return text
}

// change names what asks.
func change(v apitypes.GateVerdict) string {
	text := v.Service
	if v.SLO != "" {
		text += ":" + v.SLO
	}
	if v.Version != "" {
		text += " " + v.Version
	}
	if v.Kind != "" && v.Kind != "deploy" {
		text += " (" + v.Kind + ")"
	}
	return text + in(v.Environment)
}

func reasonText(r apitypes.GateReason) string {
	text := cmp.Or(r.Text, r.Code)
	if r.Overruled {
		return "overruled: " + text
	}
	return text
}

// figures are what is known, by name; what is not known is left out.
func figures(v apitypes.GateVerdict, now time.Time) (rows [][]string) {
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, []string{name, text})
		}
	}
	if v.LeadingSLO != "" {
		add("budget left", share(v.ErrorBudgetRemaining, 1)+" of "+v.LeadingSLO)
		add("spent in 1h", share(v.ErrorBudgetConsumed1h, 1))
		add("burn", burns(v.BurnRates))
	}
	for _, c := range v.Canaries {
		add("canary", canaryText(c))
	}
	if v.Deploy != nil {
		add("deploy", deployText(*v.Deploy, now))
	}
	if v.BreakGlass != nil {
		add("break-glass", glassText(*v.BreakGlass))
	}
	if v.ID != "" {
		add("policy", cmp.Or(v.Policy, "the default"))
	}
	if !v.At.IsZero() {
		add("known", moment(v.At)+", good until "+moment(v.ValidUntil))
	}
	return rows
}

// usualWindows are those whose burn rates people know; the tiers of an SLO have
// many more, which -o json and gate explain show.
var usualWindows = []string{"5m", "1h", "6h", "1d", "3d"}

// burns are burn rates, the shortest window first.
func burns(rates map[string]*float64) string {
	texts := []string{}
	for _, w := range usualWindows {
		if r, ok := rates[w]; ok {
			texts = append(texts, w+" "+rate(r))
		}
	}
	return strings.Join(texts, ", ")
}

func canaryText(c apitypes.GateCanary) string {
	text := fmt.Sprintf("%s in %s: %s; %s", c.Decision, c.SLO, sideText(c.Candidate), sideText(c.Baseline))
	if c.Note != "" {
		text += "; " + c.Note
	}
	return text
}

func sideText(s apitypes.CanarySide) string {
	return cmp.Or(s.Version, "the rest") + " has " + badOf(s.BadEvents, s.TotalEvents)
}

func deployText(d apitypes.Deploy, now time.Time) string {
	text := fmt.Sprintf("%s, %s ago", cmp.Or(d.Version, d.ID), ago(d.At, now))
	for _, s := range d.SLOs {
		text += fmt.Sprintf("; %s burns %s since, %s before, and has spent %s of its budget",
			s.SLO, rate(s.BurnRateSince), rate(s.BurnRateBefore), share(s.ErrorBudgetConsumed, 1))
	}
	return text
}

func glassText(g apitypes.Glass) string {
	return fmt.Sprintf("%s: broken%s by %s until %s: %s", g.ID, in(g.Environment), g.By, moment(g.Until), g.Reason)
}
