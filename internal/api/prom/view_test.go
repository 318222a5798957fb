package prom

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/store/history"
)

// view is a history.View that says what a page in Prometheus's format says.
// Each series is a subject of its own.
type view struct {
	at       time.Time
	families map[string]*dto.MetricFamily
	series   map[string]*dto.Metric // by key
	metrics  map[string]string      // their names, by key
	keys     []string
}

func said(t testing.TB, at time.Time, text string) history.View {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	v := &view{at: at, families: families, series: map[string]*dto.Metric{}, metrics: map[string]string{}}
	for name, f := range families {
		for _, m := range f.Metric {
			key := name
			for _, l := range m.Label {
				key += "," + l.GetName() + "=" + l.GetValue()
			}
			v.series[key], v.metrics[key] = m, name
		}
	}
	v.keys = slices.Sorted(maps.Keys(v.series))
	return v
}

func (v *view) At() time.Time    { return v.at }
func (v *view) Len() int         { return len(v.keys) }
func (v *view) Key(i int) string { return v.keys[i] }

func (v *view) Read(i int, _ any, values []float64) (any, []float64) {
	m := v.series[v.keys[i]]
	return nil, append(values, m.GetCounter().GetValue()+m.GetGauge().GetValue())
}

func (v *view) Series(i int, _ any, tell func(string, []string)) {
	var labels []string
	for _, l := range v.series[v.keys[i]].Label {
		labels = append(labels, l.GetName(), l.GetValue())
	}
	tell(v.metrics[v.keys[i]], labels)
}

func (v *view) Metrics(tell func(name, kind, help string)) {
	for name, f := range v.families {
		tell(name, strings.ToLower(f.GetType().String()), f.GetHelp())
	}
}
