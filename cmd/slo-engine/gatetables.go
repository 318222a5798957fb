package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// explanationText is a verdict with every number that was looked at.
func explanationText(e apitypes.GateExplanation, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", cell(headline(gateAnswer{verdict: e.GateVerdict, decision: e.Decision})))
	for _, r := range e.Reasons {
		fmt.Fprintf(&b, "  %s: %s\n", cell(r.Code), cell(reasonText(r)))
	}
	b.WriteString("\n")
	rows := figures(e.GateVerdict, now)
	rows = append(rows, []string{"told", fmt.Sprintf("%d times, first at %s, last at %s", e.TimesTold, moment(e.FirstToldAt), moment(e.LastToldAt))})
	for _, p := range e.Policies {
		rows = append(rows, []string{"went by", policyNow(p)})
	}
	columns(&b, rows...)
	writeNumbers(&b, e.Numbers)
	writeStates(&b, e.Budgets)
	return b.String()
}

// policyNow names a policy, and where it stands.
func policyNow(p apitypes.GateExplainedPolicy) string {
	switch {
	case p.Name == "":
		return "the default policy"
	case !p.InForce:
		return p.Name + ", which is not in force any more"
	}
	return p.Name + ", " + place(p.Origin)
}

// place is where a document stands.
func place(o apitypes.Origin) string {
	if o.File == "" {
		return "-"
	}
	return o.File + ":" + strconv.Itoa(o.Line)
}

func writeNumbers(b *strings.Builder, numbers []apitypes.GateNumber) {
	if len(numbers) == 0 {
		return
	}
	b.WriteString("\nThe numbers\n")
	rows := [][]string{{"  SLO", "WHAT", "WAS", "HELD AGAINST"}}
	for _, n := range numbers {
		what := strings.ReplaceAll(n.What, "_", " ")
		if n.Window != "" {
			what += " " + n.Window
		}
		rows = append(rows, []string{"  " + n.SLO, what, amount(n.What, n.Value), thresholds(n)})
	}
	columns(b, rows...)
}

// amount is a burn rate, or a share of a budget.
func amount(what string, f *float64) string {
	if what == "burn_rate" {
		return rate(f)
	}
	return share(f, 2)
}

func thresholds(n apitypes.GateNumber) string {
	texts := []string{}
	for _, t := range n.Thresholds {
		text := t.Decision + " " + t.Is + " " + amount(n.What, t.Value)
		if t.ResumeAbove != nil {
			text += " until above " + amount(n.What, t.ResumeAbove)
		}
		if t.Policy != "" {
			text += " (" + t.Policy + ")"
		}
		texts = append(texts, text)
	}
	return cmp.Or(strings.Join(texts, ", "), "nothing")
}

func writeStates(b *strings.Builder, budgets []apitypes.GateBudget) {
	if len(budgets) == 0 {
		return
	}
	b.WriteString("\nThe SLOs then\n")
	rows := [][]string{{"  SLO", "STATE", "COVERAGE", "LAST SAMPLE", "ALERTS"}}
	for _, s := range budgets {
		alerts := []string{}
		for _, a := range s.Alerts {
			alerts = append(alerts, a.Tier+" ("+a.Severity+")")
		}
		rows = append(rows, []string{"  " + s.ID, s.State, share(s.Coverage, 1), moment(s.LastSample), strings.Join(alerts, ", ")})
	}
	columns(b, rows...)
}

func verdictsTable(list []apitypes.GateTold, now time.Time) string {
	rows := [][]string{{"ID", "DECISION", "WHAT", "POLICY", "TOLD", "LAST", "BECAUSE"}}
	for _, v := range list {
		rows = append(rows, []string{
			v.ID, v.Decision, change(v.GateVerdict), cmp.Or(v.Policy, "-"), strconv.FormatInt(v.TimesTold, 10),
			ago(v.LastToldAt, now) + " ago", reasonText(firstReason(v.GateVerdict)),
		})
	}
	return tableOf(rows)
}

func glassesTable(list []apitypes.Glass, now time.Time) string {
	rows := [][]string{{"ID", "SERVICE", "ENVIRONMENT", "BY", "ENDS", "REASON"}}
	for _, g := range list {
		rows = append(rows, []string{g.ID, g.Service, cmp.Or(g.Environment, "all"), g.By, left(g.Until, now), g.Reason})
	}
	return tableOf(rows)
}

// deploysTable shows of each deploy the SLO that it has hurt most.
func deploysTable(list []apitypes.Deploy, now time.Time) string {
	rows := [][]string{{"ID", "SERVICE", "VERSION", "ENVIRONMENT", "SINCE", "BURN", "BEFORE", "BUDGET SPENT", "SLO"}}
	for _, d := range list {
		worst := apitypes.DeployBurn{SLO: "-"}
		if len(d.SLOs) > 0 {
			worst = slices.MaxFunc(d.SLOs, func(a, b apitypes.DeployBurn) int { return cmp.Compare(spent(a), spent(b)) })
		}
		rows = append(rows, []string{
			d.ID, d.Service, d.Version, cmp.Or(d.Environment, "-"), ago(d.At, now),
			rate(worst.BurnRateSince), rate(worst.BurnRateBefore), share(worst.ErrorBudgetConsumed, 1), worst.SLO,
		})
	}
	return tableOf(rows)
}

// spent orders: what is not known comes before all that is.
func spent(b apitypes.DeployBurn) float64 {
	if b.ErrorBudgetConsumed == nil {
		return -1e300
	}
	return *b.ErrorBudgetConsumed
}

func tableOf(rows [][]string) string {
	var b strings.Builder
	columns(&b, rows...)
	return b.String()
}
