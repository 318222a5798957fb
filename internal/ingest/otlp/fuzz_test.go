package otlp

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// FuzzTranslate feeds bytes as they may come from the network. Whatever can
// be read is translated without a panic into series that keep the promises of
// sli.Series.
func FuzzTranslate(f *testing.F) {
	for _, build := range []func(pmetric.Metric){
		func(m pmetric.Metric) { aSum(m, "http.server.requests", isDelta).SetIntValue(3) },
		func(m pmetric.Metric) { aGauge(m, "x").Attributes().PutStr("a.b", "c") },
		func(m pmetric.Metric) { aHistogram(m, isCumulative, 3, []float64{1}, 1, 2).SetSum(3) },
		func(m pmetric.Metric) {
			p := anExponential(m, 20)
			p.SetCount(6)
			p.Positive().BucketCounts().FromRaw([]uint64{1, 2, 3})
		},
		func(m pmetric.Metric) {
			m.SetName("rpc")
			timed(m.SetEmptySummary().DataPoints().AppendEmpty()).QuantileValues().AppendEmpty().SetQuantile(0.5)
		},
	} {
		body, err := pmetricotlp.NewExportRequestFromMetrics(request(build, "service.name", "shop", "pod", "a")).MarshalProto()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request := pmetricotlp.NewExportRequest()
		if metricsSignal.check(body) != nil || request.UnmarshalProto(body) != nil {
			return
		}
		batch, receipt := translate(request.Metrics(), testRules())
		for _, s := range batch.Series {
			checkSeries(t, s)
		}
		_ = refusedText(receipt)
	})
}

func checkSeries(t *testing.T, s sli.Series) {
	t.Helper()
	if !s.Labels.Has("__name__") || s.Target == "" || len(s.Points) != 1 {
		t.Fatalf("not a series: %+v", s)
	}
	for i, l := range s.Labels {
		if l.Name == "" || l.Value == "" || i > 0 && s.Labels[i-1].Name >= l.Name {
			t.Fatalf("labels are not sorted and unique: %v", s.Labels)
		}
	}
	p := s.Points[0]
	if p.Time <= 0 || p.Start < 0 || p.Start > p.Time {
		t.Fatalf("times: %+v", p)
	}
	if p.Histogram != nil {
		if err := p.Histogram.Validate(); err != nil {
			t.Fatal(err)
		}
	}
}
