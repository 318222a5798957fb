package engine

import (
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// policy is what a spec's instances are judged by.
type policy struct {
	tiers   []alerts.Tier
	gate    alerts.Gate
	windows []time.Duration // readings that the snapshot shows
}

// shown are the windows that every snapshot shows, where they are shorter
// than the SLO window.
var shown = []time.Duration{
	30 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour,
}

func newPolicy(spec *slo.Spec) *policy {
	tiers, _ := Tiers(spec)
	p := &policy{tiers: tiers, gate: alerts.DefaultGate()}
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
	return p
}

// Tiers are the tiers that a spec alerts by, and what did not suit it.
func Tiers(spec *slo.Spec) ([]alerts.Tier, []alerts.Misfit) {
	return alerts.Fit(alerts.Defaults(), spec.Window, spec.Objective.Budget(), sliceOf(spec))
}

// sliceOf is the length of one event of an SLI made of slices, or 0.
func sliceOf(spec *slo.Spec) time.Duration {
	t := spec.SLI.Threshold
	switch {
	case t == nil:
		return 0
	case t.Slice <= 0:
		return time.Minute
	}
	return t.Slice
}
