package native

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Options say what the specs leave open. The zero value is usable.
type Options struct {
	// Templates say how SLIs are read.
	Templates rules.TemplateOptions
	// Tiers are those that an SLO alerts by. nil: those it asks for, fitted.
	Tiers func(*slo.Spec) []alerts.Tier
}

const (
	// step is the time between two records.
	step = time.Minute
	// base is how far a record looks back.
	base = 5 * time.Minute
	// direct is the longest window that is read from the SLI itself.
	direct = time.Hour
)

// Names of the series.
const (
	events    = "slo:events:increase5m"
	bad       = "slo:bad_events:increase5m"
	badSum    = "slo:bad_events:sum"
	covered   = "slo:coverage:ratio"
	burn      = "slo_burn_rate"
	objective = "slo_objective_ratio"
	coverage  = "slo_coverage_ratio"
	remaining = "slo_error_budget_remaining_ratio"
)

// Dialect writes rules in the engine's own dialect.
func Dialect(o Options) rules.Dialect {
	if o.Tiers == nil {
		o.Tiers = defaultTiers
	}
	return func(specs []*slo.Spec) (groups []rules.Group, problems []slo.Problem) {
		for _, spec := range specs {
			w := &writer{spec: spec, options: o}
			groups = append(groups, w.groups()...)
			problems = append(problems, w.problems...)
		}
		return groups, problems
	}
}

func defaultTiers(spec *slo.Spec) []alerts.Tier {
	slice := time.Duration(0)
	if t := spec.SLI.Threshold; t != nil && !t.PerSample {
		slice = t.Slice
	}
	tiers, _ := alerts.Fit(alerts.TiersOf(spec), spec.Window, spec.Objective.Budget(), slice)
	return tiers
}

// writer writes the rules of one SLO.
type writer struct {
	spec     *slo.Spec
	options  Options
	problems []slo.Problem
	failed   bool
	sli      counts
	labels   map[string]string
	tiers    []alerts.Tier
}

func (w *writer) problem(severity slo.Severity, field, message, fix string) {
	w.failed = w.failed || severity == slo.Error
	w.problems = append(w.problems, slo.Problem{
		Origin: w.spec.Origin, Severity: severity, SLO: w.spec.ID(), Field: field, Message: message, Fix: fix,
	})
}

// groups are none when the SLO cannot be said.
func (w *writer) groups() []rules.Group {
	w.check()
	template, problems := rules.TemplateWith(w.spec, w.options.Templates)
	w.problems = append(w.problems, problems...)
	for _, p := range problems {
		w.failed = w.failed || p.Severity == slo.Error
	}
	if w.failed || !w.split(template) {
		return nil
	}
	w.labels = w.seriesLabels()
	for _, t := range w.options.Tiers(w.spec) {
		if w.severity(t) != alerts.None {
			w.tiers = append(w.tiers, t.ForInterval(step))
		}
	}
	name := "slo-engine-" + w.spec.Service + "-" + w.spec.Name
	return []rules.Group{
		{Name: name, Interval: step, Rules: append(w.minutely(), w.burnAlerts()...)},
		{Name: name + "-budget", Interval: base, Rules: append(w.budget(), w.budgetAlerts()...)},
	}
}

// check names what the dialect does not say at all.
func (w *writer) check() {
	if m := w.spec.Budgeting.Method; m != slo.Occurrences {
		w.problem(slo.Error, "spec.budgeting.method", "the rules count occurrences, not "+m.String(), "let the engine compute it, or write occurrences")
	}
	if t := w.spec.SLI.Threshold; t != nil && t.Slice > base {
		w.problem(slo.Error, "spec.sli.threshold.slice",
			fmt.Sprintf("a slice of %s is longer than the %s that each record covers", slo.FormatDuration(t.Slice), slo.FormatDuration(base)),
			"write at most "+slo.FormatDuration(base))
	}
	if q := w.spec.SLI.Query; q != nil && q.Step > base {
		w.problem(slo.Error, "spec.sli."+q.Language+".step",
			fmt.Sprintf("a step of %s is longer than the %s that each record covers", slo.FormatDuration(q.Step), slo.FormatDuration(base)),
			"write at most "+slo.FormatDuration(base))
	}
	w.checkNoData()
	w.problems = append(w.problems, w.spec.OnlyHere("the rules have")...)
	for _, label := range w.spec.GroupBy {
		if reserved(label) {
			w.problem(slo.Error, "spec.groupBy", fmt.Sprintf("the recorded series have a label %s of their own", label), "rename the label when it is scraped")
		}
	}
}

func reserved(label string) bool {
	return slices.Contains([]string{"service", "slo", "slo_id", "period", "window", "slo_period", "severity", "alertname"}, label)
}

// seriesLabels are those of the engine's series. An SLO's label whose name is
// taken is prefixed, as there.
func (w *writer) seriesLabels() map[string]string {
	set := map[string]string{
		"service": w.spec.Service, "slo": w.spec.Name, "slo_id": w.spec.ID(), "period": w.spec.Window.String(),
	}
	for _, name := range slices.Sorted(maps.Keys(w.spec.Labels)) {
		free := name
		for free == "" || set[free] != "" || reserved(free) || slices.Contains(w.spec.GroupBy, free) {
			free = "label_" + free
		}
		set[free] = w.spec.Labels[name]
	}
	return set
}

// record is a rule that records; further labels come in pairs.
func (w *writer) record(name, expr string, more ...string) rules.Rule {
	set := maps.Clone(w.labels)
	for i := 0; i < len(more); i += 2 {
		set[more[i]] = more[i+1]
	}
	return rules.Rule{Record: name, Expr: expr, Labels: set}
}

// of selects a recorded series of this SLO; matchers come in pairs.
func (w *writer) of(name string, more ...string) string {
	matchers := []string{fmt.Sprintf("slo_id=%q", w.spec.ID())}
	for i := 0; i < len(more); i += 2 {
		matchers = append(matchers, fmt.Sprintf("%s=%q", more[i], more[i+1]))
	}
	return name + "{" + strings.Join(matchers, ",") + "}"
}

// text writes a length of time as PromQL has it.
func text(d time.Duration) string {
	if d%(24*time.Hour) == 0 && d > 72*time.Hour {
		return slo.FormatDuration(d)
	}
	return model.Duration(d).String()
}
