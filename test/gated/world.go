package gated

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// world is what the engine knows: one SLO for each service.
type world struct {
	mu      sync.Mutex
	says    map[string]slo.GateDecision
	specs   map[string]*slo.Spec
	current *engine.Snapshot // nil: something has changed
}

// window and objective are those of all SLOs.
const window = 30 * 24 * time.Hour

var objective, _ = slo.ParseObjective("99.9%")

func newWorld() *world {
	return &world{
		says: map[string]slo.GateDecision{
			Allowed: slo.GateAllow, Held: slo.GateHold, Denied: slo.GateDeny, Silent: slo.GateUnknown,
		},
		specs: map[string]*slo.Spec{},
	}
}

func (w *world) say(service string, d slo.GateDecision) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.says[service], w.current = d, nil
}

// snapshot is the newest one; as an engine's, it is never older than a second.
func (w *world) snapshot() *engine.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current == nil || time.Since(w.current.At) >= time.Second {
		w.current = w.look()
	}
	return w.current
}

func (w *world) look() *engine.Snapshot {
	now := time.Now()
	s := &engine.Snapshot{At: now}
	for _, service := range slices.Sorted(maps.Keys(w.says)) {
		s.Instances = append(s.Instances, instance(w.spec(service), w.says[service], now))
	}
	slices.SortFunc(s.Instances, func(a, b *engine.Instance) int { return cmp.Compare(a.ID, b.ID) })
	return s
}

func (w *world) spec(service string) *slo.Spec {
	if w.specs[service] == nil {
		w.specs[service] = &slo.Spec{Service: service, Name: "availability", Objective: objective, Window: slo.Window{Rolling: window}}
	}
	return w.specs[service]
}

// instance is an SLO of which the default policy says a decision.
func instance(spec *slo.Spec, d slo.GateDecision, now time.Time) *engine.Instance {
	in := &engine.Instance{
		ID: spec.Service + ":" + spec.Name, Spec: spec, State: engine.StateOK, LastSample: now,
		Period: engine.Reading{
			Window: window, Start: now.Add(-window), End: now,
			Counts: budget.Counts{Total: 1_000_000}, Coverage: 1,
		},
	}
	switch d {
	case slo.GateHold: // more than 2 % of the budget in an hour, not yet 5 %
		know(in, 0.6, 0.03)
	case slo.GateDeny:
		in.State = engine.StateExhausted
		know(in, -0.25, 0.4)
	case slo.GateUnknown:
		in.State, in.LastSample = engine.StateNoData, now.Add(-time.Hour)
	default:
		know(in, 0.9, 0.001)
	}
	return in
}

// know writes what is left of the budget of 1000 bad events, and what was spent in
// an hour.
func know(in *engine.Instance, left, spent float64) {
	burn := spent * window.Hours()
	in.Period.Counts.Bad = (1 - left) * 1000
	in.Remaining, in.Consumed1h = &left, &spent
	in.Windows = []engine.Reading{{Window: time.Hour, Start: in.Period.End.Add(-time.Hour), End: in.Period.End, Coverage: 1, Burn: &burn}}
}
