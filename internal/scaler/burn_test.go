package scaler

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// instance is one of an SLO that is measured, with a burn rate over five minutes.
func instance(id string, burn float64) *engine.Instance {
	service, name, _ := strings.Cut(id, ":")
	name, _, _ = strings.Cut(name, ":")
	return &engine.Instance{
		ID: id, Spec: &slo.Spec{Service: service, Name: name}, State: engine.StateOK,
		LastSample: noon.Add(-10 * time.Second), Interval: 15 * time.Second,
		Windows: []engine.Reading{
			{Window: time.Minute, End: noon, Coverage: 1, Burn: new(float64)},
			{Window: 5 * time.Minute, End: noon, Coverage: 1, Burn: &burn},
		},
	}
}

// snapshot is one at noon, of instances in the order of an engine.
func snapshot(all ...*engine.Instance) *engine.Snapshot {
	slices.SortFunc(all, func(a, b *engine.Instance) int { return strings.Compare(a.ID, b.ID) })
	return &engine.Snapshot{At: noon, Instances: all}
}

func TestBurnOf(t *testing.T) {
	change := func(f func(*engine.Instance)) *engine.Snapshot {
		bad := instance("checkout:latency", 1)
		f(bad)
		return snapshot(instance("checkout:availability", 3), bad, instance("zoo:availability", 50))
	}
	for name, c := range map[string]struct {
		slo      string
		snapshot *engine.Snapshot
		late     time.Duration // after noon
		want     float64
		problem  string
	}{
		"the greatest":           {"", snapshot(instance("a:x", 99), instance("checkout:a", 3), instance("checkout:b", 7), instance("checkout-2:a", 99)), 0, 7, ""},
		"one SLO":                {"a", snapshot(instance("checkout:a", 3), instance("checkout:ab", 9), instance("checkout:b", 7)), 0, 3, ""},
		"its groups":             {"a", snapshot(instance("checkout:a:0123456789abcdef", 3), instance("checkout:a:1123456789abcdef", 4)), 0, 4, ""},
		"no snapshot":            {"", nil, 0, 0, "has not judged anything yet"},
		"an old one":             {"", snapshot(instance("checkout:a", 3)), 3 * time.Minute, 0, "the engine judged last 3m0s ago"},
		"no such service":        {"", snapshot(instance("other:a", 3)), 0, 0, "no SLO of the service checkout"},
		"no such SLO":            {"b", snapshot(instance("checkout:a", 3)), 0, 0, "no SLO checkout:b"},
		"cold start":             {"", change(func(in *engine.Instance) { in.State = engine.StateUnknown }), 0, 0, "checkout:latency is in state unknown"},
		"samples stopped":        {"", change(func(in *engine.Instance) { in.State = engine.StateNoData }), 0, 0, "checkout:latency is in state no_data"},
		"a faulty document":      {"", change(func(in *engine.Instance) { in.State = engine.StateError }), 0, 0, "checkout:latency is in state error"},
		"samples became old":     {"", change(func(in *engine.Instance) { in.LastSample = noon.Add(-3 * time.Minute) }), 0, 0, "newest sample of the SLO checkout:latency is 3m0s old"},
		"samples each 5 minutes": {"", change(func(in *engine.Instance) { in.LastSample, in.Interval = noon.Add(-9*time.Minute), 5*time.Minute }), 0, 3, ""},
		"made of others": {"", change(func(in *engine.Instance) {
			in.LastSample, in.Spec.Composite = noon.Add(-3*time.Minute), &slo.Composite{}
		}), 0, 3, ""},
		"hardly seen":    {"", change(func(in *engine.Instance) { in.Windows[1].Coverage = 0.49 }), 0, 0, "of the last 5m only 49 % were seen"},
		"no such window": {"", change(func(in *engine.Instance) { in.Windows = in.Windows[:1] }), 0, 0, "has no burn rate of 5m"},
		"no events":      {"", change(func(in *engine.Instance) { in.State, in.Windows[1].Burn = engine.StateIdle, nil }), 0, 3, ""},
	} {
		s := everything()
		s.SLO = c.slo
		got := s.burnOf(c.snapshot, noon.Add(c.late), 2*time.Minute)
		if got.Value != c.want || !strings.Contains(got.Problem, c.problem) || (got.Problem == "") != (c.problem == "") {
			t.Errorf("%s: %+v", name, got)
		}
		if c.problem == "" && !got.At.Equal(noon) {
			t.Errorf("%s: it is of %v", name, got.At)
		}
	}
}
