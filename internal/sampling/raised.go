package sampling

import (
	"maps"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// Key is whose traces it is about: those of a service, or, where Operation is not
// empty, of one of its operations.
type Key struct{ Service, Operation string }

// Burning are those whose traces are wanted now: of services that burn, and of
// those for which an action is under way. label names operations among the
// labels of SLOs; empty: a service is one.
func Burning(v remediation.View, open []remediation.Record, label string) []Key {
	wanted := map[Key]bool{}
	for _, a := range v.Alerts {
		if a.Ours && a.Ended.IsZero() && a.Service() != "" && urgent(a) {
			wanted[Key{a.Service(), operation(a.Labels, label)}] = true
		}
	}
	for _, r := range open {
		if r.Service != "" && atWork(r.State) {
			wanted[Key{r.Service, operation(v.Instances[r.SLO].Labels, label)}] = true
		}
	}
	return slices.Collect(maps.Keys(wanted))
}

// urgent reports whether an alert burns so fast that it acts or wakes somebody.
func urgent(a remediation.Alert) bool {
	switch a.Tier() {
	case "", alerts.TierBudget, alerts.TierNoData:
		return false
	}
	switch alerts.Severity(a.Severity()) {
	case alerts.Warning, alerts.Info:
		return false
	}
	return true
}

// atWork reports whether it is being found out what an action does.
func atWork(s remediation.State) bool {
	return s == remediation.Applying || s == remediation.Verifying || s == remediation.Undoing
}

func operation(labels map[string]string, label string) string {
	if label == "" {
		return ""
	}
	return labels[label]
}

// Raised are those that are raised, each with when that ends unless it goes on.
type Raised map[Key]time.Time

// Step is what is raised at a time: what burns now, and what has burned no longer
// ago than hold. It changes nothing of r.
func (r Raised) Step(burning []Key, now time.Time, hold time.Duration) Raised {
	next := make(Raised, len(r)+len(burning))
	for key, until := range r {
		if until.After(now) {
			next[key] = until
		}
	}
	for _, key := range burning {
		next[key] = now.Add(hold)
	}
	return next
}
