package api

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// shown are the sound instances of a snapshot, no more than a number of them.
func shown(s *engine.Snapshot, most int) (sound []*engine.Instance) {
	if s == nil {
		return nil
	}
	for _, in := range s.Instances[:min(len(s.Instances), most)] {
		if in.State != engine.StateError {
			sound = append(sound, in)
		}
	}
	return sound
}

// foreignLabels are the labels of a series in another product's words: its own,
// then the group's and the SLO's.
func foreignLabels(in *engine.Instance, own ...*dto.LabelPair) labelPairs {
	set := &labelSet{pairs: own, taken: map[string]bool{}}
	for _, name := range []string{"sloth_id", "sloth_service", "sloth_slo", "sloth_window", "sloth_version", "sloth_mode", "sloth_spec", "sloth_objective", "slo"} {
		set.taken[name] = true
	}
	set.add("group_", in.Group)
	set.add("label_", in.Spec.Labels)
	set.pairs.sort()
	return set.pairs
}

// familySet makes families as series of them come.
type familySet struct {
	order  []*dto.MetricFamily
	byName map[string]*dto.MetricFamily
}

func newFamilySet() *familySet { return &familySet{byName: map[string]*dto.MetricFamily{}} }

func (s *familySet) gauge(name, help string, value *float64, base labelPairs, extra ...string) {
	f := s.byName[name]
	if f == nil {
		f = family(dto.MetricType_GAUGE, name, help)
		s.byName[name], s.order = f, append(s.order, f)
	}
	gauge(f, value, base, extra...)
}

// list is the families that have series, by name.
func (s *familySet) list() []*dto.MetricFamily {
	list := slices.DeleteFunc(s.order, func(f *dto.MetricFamily) bool { return len(f.Metric) == 0 })
	slices.SortFunc(list, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return list
}
