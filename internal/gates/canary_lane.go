package gates

import (
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// laneKey names a lane: an instance whose events the engine tells apart by a label,
// or all instances of an SLO that is split by it and that differ in nothing else.
type laneKey struct{ id, label string }

// laneOf is the lane of an instance.
func laneOf(in *engine.Instance, label string) laneKey {
	if !groupedBy(in.Spec, label) {
		return laneKey{in.ID, label}
	}
	id := in.Spec.ID()
	for _, name := range in.Spec.GroupBy {
		if name != label {
			id += "\x00" + in.Group[name]
		}
	}
	return laneKey{id, label}
}

// groupedBy reports whether an SLO is split by a label.
func groupedBy(s *slo.Spec, label string) bool { return slices.Contains(s.GroupBy, label) }

// divisible reports whether the events of an SLO may be told apart: slices of time
// are nobody's, and too few.
func divisible(s *slo.Spec) bool {
	return s.Composite == nil && s.Budgeting.Method == slo.Occurrences && (s.SLI.Threshold == nil || s.SLI.Threshold.PerSample)
}

// seldom is a time between samples that is too long for what the engine remembers.
const seldom = remembered / 4

// lanesOf are the instances of the lanes in which something is compared.
func lanesOf(s *engine.Snapshot, trials []*trial) map[laneKey][]*engine.Instance {
	lanes := map[laneKey][]*engine.Instance{}
	if s == nil {
		return lanes
	}
	type split struct{ slo, label string }
	found := map[split]bool{}
	for _, t := range trials {
		if one := (split{t.slo, t.terms.By}); !found[one] {
			found[one] = true
			for _, in := range groupsOf(s, t.slo) {
				lane := laneOf(in, t.terms.By)
				lanes[lane] = append(lanes[lane], in)
			}
		}
	}
	return lanes
}

// groupsOf are the instances of an SLO.
func groupsOf(s *engine.Snapshot, id string) []*engine.Instance {
	find := func(id string) (int, bool) {
		return slices.BinarySearchFunc(s.Instances, id, func(in *engine.Instance, id string) int {
			return strings.Compare(in.ID, id)
		})
	}
	if at, alone := find(id); alone {
		return s.Instances[at : at+1]
	}
	from, _ := find(id + ":")
	to, _ := find(id + ";") // what follows the colon
	return s.Instances[from:to]
}
