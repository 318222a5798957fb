package sli

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// wanted is a Want that can be compared.
type wanted struct {
	Metric   string
	Matchers []string
	Labels   []string
	Bounds   []string
}

func wantsOf(t *testing.T, s *slo.Spec) (list []wanted) {
	t.Helper()
	for _, w := range compileAll(t, s)[0].Wants() {
		var matchers []string
		for _, m := range w.Matchers {
			matchers = append(matchers, m.String())
		}
		if w.Reach != 30*24*time.Hour {
			t.Errorf("%s reaches back %v", w.Metric, w.Reach)
		}
		list = append(list, wanted{w.Metric, matchers, w.Labels, w.Bounds})
	}
	return list
}

func spansRatio(bad, total string, groupBy ...string) *slo.Spec {
	return spec("a", slo.SLI{Ratio: &slo.Ratio{Bad: bad, Total: total}}, groupBy...)
}

// Programs say which labels and bounds they ask for, of which metrics.
func TestWants(t *testing.T) {
	const of = `{service_name="shop"}`
	calls := func(labels, bad []string) []wanted {
		return []wanted{{SpanCalls, append([]string{`service_name="shop"`}, bad...), labels, nil}}
	}
	cases := map[string]struct {
		spec *slo.Spec
		want []wanted
	}{
		"calls, by route": {
			spansRatio(SpanCalls+`{service_name="shop",status_code="STATUS_CODE_ERROR"}`, SpanCalls+of, "http_route"),
			append(calls([]string{"http_route", "service_name", "status_code"}, []string{`status_code="STATUS_CODE_ERROR"`}),
				calls([]string{"http_route", "service_name"}, nil)...),
		},
		"buckets in each spelling": {
			spansRatio(SpanSeconds+`_bucket{le=~"0\\.30|1\\.0|\\+Inf"}`, SpanMilliseconds+"_count"),
			[]wanted{
				{SpanSeconds + "_bucket", nil, nil, []string{"0.3", "1", "+Inf"}},
				{SpanMilliseconds + "_count", nil, nil, nil},
			},
		},
		"a pattern for the name": {
			spansRatio(`{__name__=~"log_.*",severity_text="ERROR"}`, `{__name__=~"log_.+"}`),
			[]wanted{
				{LogRecords, []string{`severity_text="ERROR"`}, []string{"severity_text"}, nil},
				{LogRecords, nil, nil, nil},
			},
		},
		"any name":         {spansRatio(`{job="shop",code="500"}`, `{job="shop"}`), nil},
		"anything but one": {spansRatio(`{__name__!="up",code="500"}`, `{__name__!="up",job="shop"}`), nil},
		"any bound":        {spansRatio(SpanSeconds+`_bucket{le=~"0.3"}`, SpanSeconds+"_count"), nil},
		"another metric":   {spansRatio("errors_total", "requests_total"), nil},
		"latency":          {spec("a", slo.SLI{Latency: &slo.Latency{Histogram: SpanSeconds, Below: time.Second}}), nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, wantsOf(t, c.spec)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			c.spec.Source = "main"
			if got := wantsOf(t, c.spec); len(got) > 0 {
				t.Errorf("read from a server, it wants %v", got)
			}
		})
	}
}

func latencyOfSpans(l slo.Latency) *slo.Spec { return spec("a", slo.SLI{Latency: &l}) }

func TestSpanLatency(t *testing.T) {
	for _, c := range []struct {
		latency slo.Latency
		want    time.Duration
	}{
		{slo.Latency{Histogram: SpanSeconds + `{service_name="x"}`, Below: 300 * time.Millisecond}, 300 * time.Millisecond},
		{slo.Latency{Histogram: SpanMilliseconds + `{service_name="x"}`, Below: 300 * time.Millisecond, Unit: time.Millisecond}, 300 * time.Millisecond},
		{slo.Latency{Histogram: SpanMilliseconds + `{service_name="x"}`, Below: 7 * time.Second, Unit: time.Second}, 7 * time.Millisecond},
	} {
		got := compileAll(t, latencyOfSpans(c.latency))[0].SpanLatency()
		if got == nil || got.Below != c.want || len(got.Matchers) != 1 || got.Matchers[0].String() != `service_name="x"` || got.Errors != nil {
			t.Errorf("%+v gives %+v", c.latency, got)
		}
	}
	failed := slo.Latency{Histogram: SpanSeconds, Below: time.Second, Errors: SpanSeconds + `{status_code="STATUS_CODE_ERROR"}`}
	if got := compileAll(t, latencyOfSpans(failed))[0].SpanLatency(); got == nil || len(got.Matchers) != 0 || len(got.Errors) != 1 {
		t.Errorf("errors give %+v", got)
	}
	elsewhere := latencyOfSpans(failed)
	elsewhere.Source = "main"
	for _, s := range []*slo.Spec{elsewhere, latencyOfSpans(slo.Latency{Histogram: "x_seconds", Below: time.Second})} {
		if got := compileAll(t, s)[0].SpanLatency(); got != nil {
			t.Errorf("%s gives %+v", s.SLI.Latency.Histogram, got)
		}
	}
}

// A latency of spans counts what it is told, keeps the traces of bad ones, and
// counts the histogram where that arrives; no server is asked for what is told.
func TestLatencyIsToldAndCounted(t *testing.T) {
	s := latencyOfSpans(slo.Latency{Histogram: SpanSeconds + `{service_name="x"}`, Below: 300 * time.Millisecond})
	b := newBench(t, s)
	good, bad := ClassifiedSeries(s, labels.Labels{}, false), ClassifiedSeries(s, labels.Labels{}, true)
	bad.Traces = []Trace{{ID: [16]byte{7}, Time: at(10)}}
	b.ingest(10, happened(good, map[float64]float64{10: 5}), happened(bad, map[float64]float64{10: 2}))
	b.want("shop:a", 2, 7)
	if got := b.instance("shop:a").Traces(); len(got) != 1 {
		t.Errorf("traces %v", got)
	}
	for _, second := range []float64{20, 30} {
		n := int64(second - 20)
		b.ingest(second,
			Series{Labels: mustLabels(SpanSeconds + `_bucket{le="0.3",service_name="x"}`), Target: "t", Type: TypeCounter, Points: []Point{{Time: at(second), Int: 4 * n, IsInt: true}}},
			Series{Labels: mustLabels(SpanSeconds + `_count{service_name="x"}`), Target: "t", Type: TypeCounter, Points: []Point{{Time: at(second), Int: 5 * n, IsInt: true}}})
	}
	b.want("shop:a", 2+10, 7+50)
	program := compileAll(t, s)[0]
	if got := program.Served(); len(got) != 4 || got[3] != "spans, judged as they arrive" {
		t.Errorf("served as %q", got)
	}
	if got := program.Selectors(); slices.ContainsFunc(got, func(s Selector) bool { return s.matchers[0].Value == ClassifiedMetric }) || len(got) != 3 {
		t.Errorf("a server would be asked for %v", got)
	}
}
