package scaler

import (
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// leastSeen is the share of a window that must have been seen for its burn rate
// to be one.
const leastSeen = 0.5

// calm is how old the figures of an instance may be in a snapshot where nothing
// new is heard of it.
const calm = 15 * time.Second

// burnOf is the greatest burn rate of a service's SLOs. Where one of them is not
// known, none is: it might be the one that burns.
func (s *Spec) burnOf(snapshot *engine.Snapshot, now time.Time, stale time.Duration) Reading {
	if snapshot == nil {
		return unknown("the engine has not judged anything yet")
	}
	if age := now.Sub(snapshot.At); age > stale {
		return unknown("the engine judged last %s ago", age.Round(time.Second))
	}
	instances := s.instances(snapshot)
	if len(instances) == 0 {
		return unknown("there is no SLO %s", s.slos())
	}
	var worst Reading
	for _, in := range instances {
		reading := s.burnIn(in, now, stale)
		if reading.Problem != "" {
			return reading
		}
		if worst.At.IsZero() || reading.Value > worst.Value {
			worst = reading
		}
	}
	return worst
}

// slos says which SLOs are meant.
func (s *Spec) slos() string {
	if s.SLO == "" {
		return "of the service " + s.Service
	}
	return s.Service + ":" + s.SLO
}

// instances are those of the scaler's SLOs. Those of a snapshot are in the order
// of their ids, which begin with the service.
func (s *Spec) instances(snapshot *engine.Snapshot) []*engine.Instance {
	all, prefix := snapshot.Instances, s.Service+":"
	from, _ := slices.BinarySearchFunc(all, prefix, func(in *engine.Instance, p string) int { return strings.Compare(in.ID, p) })
	to := from
	for to < len(all) && strings.HasPrefix(all[to].ID, prefix) {
		to++
	}
	if s.SLO == "" {
		return all[from:to]
	}
	return slices.DeleteFunc(slices.Clone(all[from:to]), func(in *engine.Instance) bool { return in.Spec.Name != s.SLO })
}

// burnIn is the burn rate of one instance. Samples that came and had no events
// burnt nothing; samples that did not come say nothing.
func (s *Spec) burnIn(in *engine.Instance, now time.Time, stale time.Duration) Reading {
	switch in.State {
	case engine.StateUnknown, engine.StateNoData, engine.StateError:
		return unknown("the SLO %s is in state %s", in.ID, in.State)
	}
	if age := now.Sub(in.LastSample); in.Spec.Composite == nil && age > stale+calm+2*in.Interval {
		return unknown("the newest sample of the SLO %s is %s old", in.ID, age.Round(time.Second))
	}
	window := slo.FormatDuration(s.Burn.Window)
	i := slices.IndexFunc(in.Windows, func(r engine.Reading) bool { return r.Window == s.Burn.Window })
	if i < 0 {
		return unknown("the SLO %s has no burn rate of %s", in.ID, window)
	}
	reading := in.Windows[i]
	if reading.Coverage < leastSeen {
		return unknown("of the last %s only %.0f %% were seen of the SLO %s", window, 100*reading.Coverage, in.ID)
	}
	if reading.Burn == nil {
		return Reading{At: reading.End}
	}
	return Reading{Value: max(0, *reading.Burn), At: reading.End}
}
