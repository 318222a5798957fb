package api

import (
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// labelPairs are the labels of one series, sorted by name.
type labelPairs []*dto.LabelPair

// seriesLabels are the labels that all series of an instance carry: the fixed
// ones, the group's, and the SLO's. A group label whose name is taken is
// prefixed "group_", an SLO label "label_".
func seriesLabels(in *engine.Instance) labelPairs { return periodLabels(in, in.Spec.Window) }

// periodLabels are those of the series of one of its windows.
func periodLabels(in *engine.Instance, w slo.Window) labelPairs {
	set := newLabelSet()
	set.pairs = append(set.pairs,
		pair("service", in.Spec.Service), pair("slo", in.Spec.Name),
		pair("slo_id", in.ID), pair("period", w.String()))
	set.add("group_", in.Group)
	set.add("label_", in.Spec.Labels)
	set.pairs.sort()
	return set.pairs
}

// labelSet gives each label a name of its own. Names count as equal when they
// are so after escaping: a scraper that knows no UTF-8 names sees http.route
// and http_route as one, and would refuse the whole page.
type labelSet struct {
	pairs labelPairs
	taken map[string]bool
}

// newLabelSet reserves the names of the fixed labels, also of those that only
// some metrics have, and those that mean something to Prometheus.
func newLabelSet() *labelSet {
	s := &labelSet{taken: map[string]bool{}}
	for _, name := range []string{"service", "slo", "slo_id", "period", "window", "result", "tier", "state", "le", "quantile"} {
		s.taken[name] = true
	}
	return s
}

func (s *labelSet) add(prefix string, labels map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		free := s.freeName(prefix, name)
		s.taken[escaped(free)] = true
		s.pairs = append(s.pairs, pair(free, labels[name]))
	}
}

func (s *labelSet) freeName(prefix, name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	for name == "" || strings.HasPrefix(escaped(name), "__") || s.taken[escaped(name)] {
		name = prefix + name
	}
	return name
}

func escaped(name string) string { return model.EscapeName(name, model.UnderscoreEscaping) }

func pair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: proto.String(name), Value: proto.String(strings.ToValidUTF8(value, "\uFFFD"))}
}

func (l labelPairs) sort() {
	slices.SortFunc(l, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
}

// with is l and further labels, given as names and values. l stays as it is,
// and shares its pairs.
func (l labelPairs) with(extra ...string) labelPairs {
	if len(extra) == 0 {
		return l
	}
	all := make(labelPairs, 0, len(l)+len(extra)/2)
	all = append(all, l...)
	for i := 0; i < len(extra); i += 2 {
		all = append(all, pair(extra[i], extra[i+1]))
	}
	all.sort()
	return all
}
