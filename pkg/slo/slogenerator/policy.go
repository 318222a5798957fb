package slogenerator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// DefaultPolicy is the policy of a document that names none.
const DefaultPolicy = "default"

// steps are a policy as the engine goes by it.
type steps struct {
	tiers   []slo.Tier // the fastest first
	longest time.Duration
}

// usual are the steps of the default policy in slo-generator's own examples.
func usual() steps {
	return newSteps([]slo.Tier{
		tier("1_hour", true, 9, time.Hour), tier("12_hours", true, 3, 12*time.Hour),
		tier("7_days", false, 1.5, 7*24*time.Hour), tier("28_days", false, 1, 28*24*time.Hour),
	})
}

func newSteps(tiers []slo.Tier) steps {
	slices.SortStableFunc(tiers, func(a, b slo.Tier) int { return int(a.Long/time.Second - b.Long/time.Second) })
	return steps{tiers, tiers[len(tiers)-1].Long}
}

// tier is a step. It has one window; the short one is the twelfth that the
// usual tiers have.
func tier(name string, alert bool, factor float64, window time.Duration) slo.Tier {
	t := slo.Tier{Name: name, Factor: factor, Long: window, Short: (window / 12).Round(time.Second), Fixed: true}
	if alert {
		t.Severity = "critical"
	}
	return t
}

// policy finds the steps of the document's policy. Where they cannot be used
// the usual ones stand in, so that no more is said about it.
func (r *reader) policy(in *slo.Library) steps {
	const field = "spec.error_budget_policy"
	name, configs := r.document.Spec.Policy, sharedConfigs(in)
	if name == "" {
		name = DefaultPolicy
	}
	r.checkBackend(configs)
	var found []*sharedPolicy
	for _, c := range configs {
		if p, ok := c.policies[name]; ok {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 1 && !found[0].faulty:
		return found[0].steps
	case len(found) == 1:
		r.add(slo.Error, field, fmt.Sprintf("the policy %q cannot be used: its own problem says why", name), "correct it in the shared configuration")
	case len(found) > 1:
		r.add(slo.Error, field, fmt.Sprintf("the policy %q is in %d shared configurations", name, len(found)), "keep one of them")
	case len(configs) > 0:
		r.add(slo.Error, field, fmt.Sprintf("the shared configuration has no policy %q", name), strictyaml.Suggest(name, policyNames(configs)))
	case name != DefaultPolicy:
		r.doubt(field, fmt.Sprintf("the policy %q is in no document that was read: the usual steps, up to 28 days, stand in", name),
			"give the shared configuration too")
	}
	return usual()
}

// checkBackend: slo-generator takes no backend that is not configured.
func (r *reader) checkBackend(configs []*config) {
	name := r.document.Spec.Backend
	known := func(c *config) bool { return slices.Contains(c.backends, name) }
	if len(configs) > 0 && r.measured() && !slices.ContainsFunc(configs, known) {
		r.doubt("spec.backend", fmt.Sprintf("the shared configuration has no backend %q", name), "add it there")
	}
}

// sharedConfigs are the shared configurations that were read.
func sharedConfigs(in *slo.Library) (configs []*config) {
	for _, name := range in.Names(shared) {
		if found, ok := in.Find(shared, name); ok {
			configs = append(configs, found.(*config))
		}
	}
	return configs
}

func policyNames(configs []*config) (names []string) {
	for _, c := range configs {
		names = append(names, slices.Sorted(maps.Keys(c.policies))...)
	}
	return names
}

// tierName is a step's name as a tier may be called: "1 hour" → "1_hour".
func tierName(name string) string {
	fold := func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}
	return strings.Trim(strings.Map(fold, strings.ToLower(name)), "_")
}
