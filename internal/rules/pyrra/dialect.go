package pyrra

import (
	"fmt"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/pyrra"
)

// Options says what Pyrra's flags and the documents' ruleOutput say to it. The
// zero value is what `pyrra generate` does without flags.
type Options struct {
	// Generic adds the groups <slo>-generic, which its Grafana dashboards read.
	Generic bool
	// ExactBounds writes le="1" as it is. Otherwise rules match le="1.0" too,
	// as Prometheus 3 has it.
	ExactBounds bool
	// PerformanceOverAccuracy sums increases of 5 minutes over the window.
	PerformanceOverAccuracy bool
	// DescriptionLabel puts the description on generic rules as a label.
	DescriptionLabel bool
	// ExternalURL is where people reach Pyrra: alerts link there. May be empty.
	ExternalURL string
}

// Dialect writes rules as Pyrra does.
func Dialect(o Options) rules.Dialect {
	return func(specs []*slo.Spec) (groups []rules.Group, problems []slo.Problem) {
		names := pyrra.Names(specs)
		for _, s := range specs {
			of, found := o.groups(s, names[s])
			groups, problems = append(groups, of...), append(problems, found...)
		}
		return groups, problems
	}
}

// groups are those of one SLO; none when it cannot be said.
func (o Options) groups(s *slo.Spec, name string) ([]rules.Group, []slo.Problem) {
	p := problems{spec: s}
	w := writer{Options: o, spec: s, name: name, indicator: p.read(), windows: windowsOf(s.Window.Nominal())}
	if s.Budgeting.Method != slo.Occurrences {
		p.fail("spec.budgeting", "Pyrra counts occurrences, not "+s.Budgeting.Method.String())
	}
	if len(s.Alerting.Terms.Tiers) > 0 {
		p.warn("spec.alerting.tiers", "Pyrra has four tiers, the same for all SLOs: they are written instead")
	}
	p.all = append(p.all, s.OnlyHere("Pyrra's rules have")...)
	p.all = append(p.all, rules.AlertLimits(s, "Pyrra")...)
	if s.Window.Calendar() {
		p.warn("spec.window", fmt.Sprintf("Pyrra has no calendar windows: its rules look back over %s", slo.FormatDuration(s.Window.Nominal())))
	}
	if w.windows[0].short == 0 {
		p.fail("spec.window", fmt.Sprintf("of %s Pyrra would make ranges of 0s; it takes 2d19h12m at least", slo.FormatDuration(s.Window.Nominal())))
	}
	if name != s.Name {
		p.warn("metadata.name", fmt.Sprintf("other SLOs have this name too; Pyrra's rules call this one %q", name))
	}
	if p.failed {
		return nil, p.all
	}
	groups := append(w.increase(), w.burn())
	if generic, ok := w.generic(); ok {
		groups = append(groups, generic)
	} else if o.Generic {
		p.warn("spec.groupBy", "Pyrra has no generic rules for SLOs with groups")
	}
	return groups, p.all
}

// problems are those of one Spec.
type problems struct {
	spec   *slo.Spec
	all    []slo.Problem
	failed bool
}

func (p *problems) fail(field, message string) {
	p.failed = true
	p.add(slo.Error, field, message)
}

func (p *problems) warn(field, message string) { p.add(slo.Warning, field, message) }

func (p *problems) add(severity slo.Severity, field, message string) {
	p.all = append(p.all, p.spec.Problem(severity, field, message, ""))
}
