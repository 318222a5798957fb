package api

import (
	"math"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// sloGatherer makes the series of /metrics/slo from the newest snapshot.
//
// It is a Gatherer and no Collector, because each SLO brings its own label
// names: a registry would want a descriptor for each and check each series of
// each scrape for what holds here by construction (slo_id is unique).
type sloGatherer struct {
	snapshot func() *engine.Snapshot
	tiers    func(*slo.Spec) []string
	max      int
}

// Gather implements prometheus.Gatherer.
func (g sloGatherer) Gather() ([]*dto.MetricFamily, error) {
	var families sloFamilies
	var l *layout
	for _, in := range shown(g.snapshot(), g.max) {
		if l == nil || !l.fits(in, false) {
			l = newLayout(in, g.tiers(in.Spec), false)
		}
		families.add(in, l)
	}
	return families.list(), nil
}

// defaultTiers are the tiers of an SLO whose policy is the default one.
func defaultTiers(s *slo.Spec) []string {
	if s.Alerting.Disabled {
		return nil
	}
	return []string{"heal", "page_fast", "page_slow", "ticket_fast", "ticket_slow", "budget", "no_data"}
}

// sloFamilies are the series of each metric.
type sloFamilies [len(sloMetrics)][]*dto.Metric

func (f *sloFamilies) add(in *engine.Instance, l *layout) {
	values := l.values(in, make([]float64, 0, len(l.figures)))
	bases := l.bases(in)
	for i, one := range l.figures {
		if math.IsNaN(values[i]) {
			continue
		}
		m := &dto.Metric{Label: bases[one.period].with(one.extra...)}
		if sloMetrics[one.metric].kind == dto.MetricType_COUNTER {
			m.Counter = &dto.Counter{Value: &values[i]}
		} else {
			m.Gauge = &dto.Gauge{Value: &values[i]}
		}
		f[one.metric] = append(f[one.metric], m)
	}
}

// list is the families that have series, by name.
func (f *sloFamilies) list() (present []*dto.MetricFamily) {
	for i, series := range f {
		if len(series) > 0 {
			of := family(sloMetrics[i].kind, sloMetrics[i].name, sloMetrics[i].help)
			of.Metric = series
			present = append(present, of)
		}
	}
	return present
}

func family(kind dto.MetricType, name, help string) *dto.MetricFamily {
	return &dto.MetricFamily{Name: proto.String(name), Help: proto.String(help), Type: kind.Enum()}
}

// gauge adds a series; a value that is not known adds none.
func gauge(f *dto.MetricFamily, value *float64, base labelPairs, extra ...string) {
	if v := apitypes.Optional(value); v != nil {
		f.Metric = append(f.Metric, &dto.Metric{Label: base.with(extra...), Gauge: &dto.Gauge{Value: v}})
	}
}
