package sloth

import (
	"fmt"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/sloth"
)

// pairs are the windows of all alerts.
func (r *ruleSet) pairs() []sloth.AlertWindow {
	return []sloth.AlertWindow{r.windows.PageQuick, r.windows.PageSlow, r.windows.TicketQuick, r.windows.TicketSlow}
}

// alerts are a page and a ticket, unless they are disabled.
func (r *ruleSet) alerts() (out []rules.Rule) {
	a := &r.spec.Alerting
	if !a.Disabled && !a.Critical.Disabled && !r.noPage {
		out = append(out, r.alert("page", a.Critical, r.windows.PageQuick, r.windows.PageSlow))
	}
	if !a.Disabled && !a.Warning.Disabled && !r.noTicket {
		out = append(out, r.alert("ticket", a.Warning, r.windows.TicketQuick, r.windows.TicketSlow))
	}
	return out
}

// alert fires when both windows of one of the pairs burn too fast.
func (r *ruleSet) alert(severity string, of slo.AlertingOf, quick, slow sloth.AlertWindow) rules.Rule {
	name := r.spec.Alerting.Name
	if name == "" {
		name = sloth.UsualAlertName
	}
	return rules.Rule{
		Alert:  name,
		Expr:   "(\n" + r.both(quick) + ")\nor\n(\n" + r.both(slow) + ")\n",
		Labels: merged(map[string]string{"sloth_severity": severity}, r.spec.Alerting.Labels, of.Labels),
		Annotations: merged(map[string]string{
			"title":   "(" + severity + ") {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.",
			"summary": "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.",
		}, r.spec.Alerting.Annotations, of.Annotations),
	}
}

// both are the conditions of a pair. The budget is what is left of 100 percent,
// as floats have it: 0.0009999999999999432 of 99.9.
func (r *ruleSet) both(pair sloth.AlertWindow) string {
	budget := (100 - r.objective) / 100
	above := func(window time.Duration) string {
		return fmt.Sprintf("    max(%s%s > (%s * %s)) without (sloth_window)\n", ratioName(window), r.filter, float(pair.Factor(r.windows.Period)), float(budget))
	}
	return strings.Join([]string{above(pair.Short), above(pair.Long)}, "    and\n")
}

// tiers are the engine's alert windows for a period: from 28 days on the usual
// windows with factors that scale, below the usual factors with windows that
// shrink, as everywhere in the engine.
func tiers(period time.Duration) sloth.AlertWindows {
	const usual, least = sloth.DefaultPeriod, 28 * 24 * time.Hour
	w := sloth.DefaultCatalog()[usual]
	w.Period = period
	if period >= least {
		return w
	}
	for _, pair := range []*sloth.AlertWindow{&w.PageQuick, &w.PageSlow, &w.TicketQuick, &w.TicketSlow} {
		pair.Short, pair.Long = shrunk(pair.Short, period), shrunk(pair.Long, period)
	}
	return w
}

// shrunk is a window of 30 days in a shorter period, in whole seconds.
func shrunk(window, period time.Duration) time.Duration {
	share := float64(window) * float64(period) / float64(sloth.DefaultPeriod)
	return max(time.Second, time.Duration(share).Round(time.Second))
}
