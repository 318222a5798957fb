package gates

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// holdings are what a snapshot knows of a service. They are never changed.
type holdings struct {
	// instances and budgets stand side by side, by ID.
	instances []*engine.Instance
	budgets   []gate.Budget
	// faulty are its documents that are quarantined.
	faulty []gate.Budget
}

// instancesOf are those of a service. They stand together in a snapshot, which is
// sorted by ID, so that nothing needs to be built to find them.
func instancesOf(s *engine.Snapshot, service string) []*engine.Instance {
	prefix := service + ":"
	rest := s.Instances[from(s, prefix):]
	n := sort.Search(len(rest), func(i int) bool { return !strings.HasPrefix(rest[i].ID, prefix) })
	return rest[:n:n]
}

// from is the place of the first instance whose ID is not before one.
func from(s *engine.Snapshot, id string) int {
	return sort.Search(len(s.Instances), func(i int) bool { return s.Instances[i].ID >= id })
}

// has reports whether a snapshot has an instance of an ID.
func has(s *engine.Snapshot, id string) bool {
	i := from(s, id)
	return i < len(s.Instances) && s.Instances[i].ID == id
}

// holdingsOf is what a snapshot knows of a service.
func holdingsOf(s *engine.Snapshot, service string, faults faults) *holdings {
	h := &holdings{instances: instancesOf(s, service)}
	h.budgets = make([]gate.Budget, len(h.instances))
	for i, in := range h.instances {
		h.budgets[i] = budgetOf(in)
	}
	for _, name := range faults[service] {
		if !slices.ContainsFunc(h.instances, func(in *engine.Instance) bool { return in.Spec.Name == name }) {
			h.faulty = append(h.faulty, gate.Budget{
				ID: service + ":" + name, Service: service, SLO: name, State: string(engine.StateError),
			})
		}
	}
	return h
}

// budgetOf is what is known of an instance.
func budgetOf(in *engine.Instance) gate.Budget {
	return gate.Budget{
		ID: in.ID, Service: in.Spec.Service, SLO: in.Spec.Name, Group: in.Group, State: string(in.State),
		Remaining: in.Remaining, ConsumedIn1h: in.Consumed1h, Burns: burnsOf(in.Windows),
		Coverage: in.Period.Coverage, Window: in.Period.Window,
		Alerts: alertsOf(in.Alerts), LastSample: utc(in.LastSample),
	}
}

// observed is the share of a window from which on silence in it means that there
// were no events.
const observed = 0.9

func burnsOf(readings []engine.Reading) []gate.Burn {
	burns := make([]gate.Burn, len(readings))
	for i, r := range readings {
		burns[i] = gate.Burn{Window: r.Window, Rate: r.Burn, Quiet: r.Burn == nil && r.Counts.Total <= 0 && r.Coverage >= observed}
	}
	return burns
}

// alertsOf are those that burn. That samples have stopped, or that the budget is
// spent, the state says.
func alertsOf(firing []engine.AlertStatus) (burning []gate.Alert) {
	for _, a := range firing {
		if a.Name == alerts.NameBurn {
			burning = append(burning, gate.Alert{Severity: a.Severity, Tier: a.Tier, Since: utc(a.Since)})
		}
	}
	return burning
}

// utc is a time without a zone and without the machine's own clock: it is the same
// after it was written down.
func utc(t time.Time) time.Time { return t.UTC().Round(0) }

// faults are the quarantined documents' SLOs by service. What is sound, and only
// cannot be measured here, is none: people were told so when it was loaded.
type faults map[string][]string

func faultsOf(problems []slo.Problem) faults {
	f := faults{}
	for _, p := range problems {
		service, name, _ := strings.Cut(p.SLO, ":")
		if p.Severity == slo.Error && service != "" && !slices.Contains(f[service], name) {
			f[service] = append(f[service], name)
		}
	}
	for _, names := range f {
		slices.Sort(names)
	}
	return f
}

// sorted are budgets by ID.
func sorted(budgets []gate.Budget) []gate.Budget {
	slices.SortFunc(budgets, func(a, b gate.Budget) int { return cmp.Compare(a.ID, b.ID) })
	return budgets
}
