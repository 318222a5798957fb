package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// policy is what a spec's instances are judged by.
type policy struct {
	spec *slo.Spec
	*terms
}

// terms are what policies have in common. Most of ten thousand SLOs ask for
// one of a few objectives over one of a few windows, and what all of them read
// at every tick stays in the processor's cache.
type terms struct {
	window  slo.Window
	budget  float64 // 1 - objective
	tiers   []alerts.Tier
	gate    alerts.Gate
	silence time.Duration // the least that is called no data
	noData  slo.NoDataPolicy
	silent  alerts.Severity // of the alert about it
	windows []time.Duration // readings that the snapshot shows
	usual   *plan           // for samples so dense that every tier stays as it is
}

// termsKey is what terms follow from.
type termsKey struct {
	window   slo.Window
	budget   float64
	slice    time.Duration
	alerting string // what the SLO says of its tiers, gate and silences
}

// policiesOf are the policies of programs, by spec id.
func policiesOf(programs []*sli.Program) map[string]*policy {
	known, policies := map[termsKey]*terms{}, map[string]*policy{}
	for _, p := range programs {
		key := termsKey{p.Spec.Window, p.Spec.Objective.Budget(), sliceOf(p.Spec), asked(p.Spec)}
		if known[key] == nil {
			known[key] = newTerms(p.Spec)
		}
		policies[p.Spec.ID()] = &policy{spec: p.Spec, terms: known[key]}
	}
	return policies
}

// asked is what an SLO says about when it alerts, as a text; empty where it
// says nothing.
func asked(spec *slo.Spec) string {
	says, severities := spec.Alerting.Terms, spec.Alerting.Severities
	if len(says.Tiers)+len(severities) == 0 && says.Confidence == nil && says.MinBad == nil && says.NoData == (slo.NoData{}) {
		return ""
	}
	return fmt.Sprintf("%+v %+v %+v %q", alerts.TiersOf(spec), alerts.GateOf(says), says.NoData, severities[severityAbsent])
}

// severityAbsent is where Severities have that of the alert about a silence.
const severityAbsent = "absent"

// shown are the windows that every snapshot shows, where they are shorter
// than the SLO window.
var shown = []time.Duration{
	30 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour,
}

func newTerms(spec *slo.Spec) *terms {
	tiers, _ := Tiers(spec)
	says := spec.Alerting.Terms
	p := &terms{
		window: spec.Window, budget: spec.Objective.Budget(), tiers: tiers, gate: alerts.GateOf(says),
		silence: cmp.Or(says.NoData.After, slo.UsualSilence), noData: says.NoData.Policy,
		silent: alerts.SeverityOf(spec.Alerting.Severities[severityAbsent]),
	}
	for _, w := range shown {
		if w < spec.Window.Nominal() {
			p.windows = append(p.windows, w)
		}
	}
	for _, t := range tiers {
		p.windows = append(p.windows, t.Long, t.Short)
	}
	slices.Sort(p.windows)
	p.windows = slices.Compact(p.windows)
	p.usual = newPlan(p, tiers)
	return p
}

// Tiers are the tiers that a spec alerts by, and what did not suit it.
func Tiers(spec *slo.Spec) ([]alerts.Tier, []alerts.Misfit) {
	tiers, misfits := alerts.Fit(alerts.TiersOf(spec), spec.Window, spec.Objective.Budget(), sliceOf(spec))
	for i := range misfits {
		misfits[i].Field = cmp.Or(misfits[i].Field, sliceField(spec))
	}
	return tiers, misfits
}

// sliceField is where an SLO has its slice.
func sliceField(spec *slo.Spec) string {
	switch {
	case spec.Composite != nil:
		return "spec.composite.slice"
	case spec.Budgeting.Method != slo.Occurrences:
		return "spec.budgeting.slice"
	}
	return "spec.sli.threshold.slice"
}

// sliceOf is the length of one event of an SLI made of slices, or 0.
func sliceOf(spec *slo.Spec) time.Duration {
	t := spec.SLI.Threshold
	switch {
	case spec.Composite != nil:
		return spec.Composite.Slice
	case spec.Budgeting.Method != slo.Occurrences:
		return spec.Budgeting.Slice
	case t == nil || t.PerSample:
		return 0
	case t.Slice <= 0:
		return time.Minute
	}
	return t.Slice
}

// plan are terms whose tiers are widened to a sample interval: what is to be
// read at every tick, each window once, and what each reading is for.
// Instances that are sampled alike share one.
type plan struct {
	alerts.Policy
	terms   *terms
	windows []time.Duration // sorted
	// The following are positions in windows.
	shown          []int
	tiers          []tierWindows
	hour, forecast int
	period         int // -1: a calendar period
}

type tierWindows struct{ long, short int }

// forecastWindow is the burn that a forecast extrapolates.
const forecastWindow = 6 * time.Hour

// fit is the plan for a sample interval.
func (p *terms) fit(interval time.Duration) *plan {
	asTheyAre := !slices.ContainsFunc(p.tiers, func(t alerts.Tier) bool { return t.ForInterval(interval) != t })
	if asTheyAre {
		return p.usual
	}
	tiers := make([]alerts.Tier, len(p.tiers))
	for i, t := range p.tiers {
		tiers[i] = t.ForInterval(interval)
	}
	return newPlan(p, tiers)
}

func newPlan(p *terms, tiers []alerts.Tier) *plan {
	w := p.window
	forecast := min(forecastWindow, w.Nominal())
	out := &plan{
		terms: p,
		Policy: alerts.Policy{
			Tiers: tiers, Gate: p.gate, Budget: p.budget, NoData: p.noData, Silent: p.silent,
		},
		windows: slices.Concat(p.windows, []time.Duration{time.Hour, forecast}),
		period:  -1,
	}
	for _, t := range tiers {
		out.windows = append(out.windows, t.Long, t.Short)
	}
	if !w.Calendar() {
		out.windows = append(out.windows, w.Rolling)
	}
	slices.Sort(out.windows)
	out.windows = slices.Compact(out.windows)
	out.place(forecast)
	return out
}

// place finds where each window lies.
func (p *plan) place(forecast time.Duration) {
	at := func(w time.Duration) int { return slices.Index(p.windows, w) }
	for _, w := range p.terms.windows {
		p.shown = append(p.shown, at(w))
	}
	for _, t := range p.Tiers {
		p.tiers = append(p.tiers, tierWindows{at(t.Long), at(t.Short)})
	}
	p.hour, p.forecast = at(time.Hour), at(forecast)
	if w := p.terms.window; !w.Calendar() {
		p.period = at(w.Rolling)
	}
}
