package otlp

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

const (
	isCumulative = pmetric.AggregationTemporalityCumulative
	isDelta      = pmetric.AggregationTemporalityDelta
)

func testRules() rules {
	return rules{limits: ingest.DefaultLimits(), promote: Options{}.promote()}
}

// request builds a request of one metric; resource attributes come in pairs.
func request(build func(pmetric.Metric), resource ...string) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	for i := 0; i < len(resource); i += 2 {
		rm.Resource().Attributes().PutStr(resource[i], resource[i+1])
	}
	build(rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty())
	return md
}

// timed sets the times that all points of these tests have.
func timed[P interface {
	SetTimestamp(pcommon.Timestamp)
	SetStartTimestamp(pcommon.Timestamp)
}](p P) P {
	p.SetTimestamp(2000)
	p.SetStartTimestamp(1000)
	return p
}

func aSum(m pmetric.Metric, name string, temporality pmetric.AggregationTemporality) pmetric.NumberDataPoint {
	m.SetName(name)
	s := m.SetEmptySum()
	s.SetIsMonotonic(true)
	s.SetAggregationTemporality(temporality)
	return timed(s.DataPoints().AppendEmpty())
}

func aGauge(m pmetric.Metric, name string) pmetric.NumberDataPoint {
	m.SetName(name)
	return timed(m.SetEmptyGauge().DataPoints().AppendEmpty())
}

func aHistogram(m pmetric.Metric, temporality pmetric.AggregationTemporality, count uint64, bounds []float64, counts ...uint64) pmetric.HistogramDataPoint {
	m.SetName("latency")
	h := m.SetEmptyHistogram()
	h.SetAggregationTemporality(temporality)
	p := timed(h.DataPoints().AppendEmpty())
	p.SetCount(count)
	p.ExplicitBounds().FromRaw(bounds)
	p.BucketCounts().FromRaw(counts)
	return p
}

func anExponential(m pmetric.Metric, scale int32) pmetric.ExponentialHistogramDataPoint {
	m.SetName("latency")
	h := m.SetEmptyExponentialHistogram()
	h.SetAggregationTemporality(isCumulative)
	p := timed(h.DataPoints().AppendEmpty())
	p.SetScale(scale)
	return p
}

// show writes a series as one line: names, kind, and points.
func show(s sli.Series) string {
	line := s.Labels.String()
	if len(s.Raw) > 0 {
		line += " as " + s.Raw.String()
	}
	line += " " + [...]string{"unknown", "counter", "gauge", "histogram"}[s.Type]
	if s.Temporality == sli.Delta {
		line += " delta"
	}
	for _, p := range s.Points {
		line += fmt.Sprintf(" @%d-%d=%s", p.Start, p.Time, value(p))
	}
	return line
}

func value(p sli.Point) string {
	switch {
	case p.Stale:
		return "stale"
	case p.Histogram != nil:
		return p.Histogram.String()
	case p.IsInt:
		return fmt.Sprintf("%di", p.Int)
	}
	return fmt.Sprint(p.Value)
}

func TestTranslate(t *testing.T) {
	cases := map[string]struct {
		resource []string
		build    func(m pmetric.Metric)
		want     []string
	}{
		"cumulative integer counter with a unit": {
			[]string{"service.name", "checkout", "service.namespace", "shop", "service.instance.id", "pod-1", "k8s.namespace.name", "prod"},
			func(m pmetric.Metric) {
				p := aSum(m, "http.server.requests", isCumulative)
				m.SetUnit("{request}")
				p.SetIntValue(1<<60 + 1)
				p.Attributes().PutStr("http.route", "/pay")
			},
			[]string{`{__name__="http_server_requests_total", http_route="/pay", instance="pod-1", job="shop/checkout", k8s_namespace_name="prod"}` +
				` as {__name__="http.server.requests", "http.route"="/pay", instance="pod-1", job="shop/checkout", "k8s.namespace.name"="prod", "service.instance.id"="pod-1", "service.name"="checkout", "service.namespace"="shop"}` +
				` counter @1000-2000=1152921504606846977i`},
		},
		"names that are the same in both": {
			nil,
			func(m pmetric.Metric) {
				p := aSum(m, "http_requests_total", isDelta)
				p.SetDoubleValue(1.5)
				p.Attributes().PutInt("code", 200)
			},
			[]string{`{__name__="http_requests_total", code="200"} counter delta @1000-2000=1.5`},
		},
		"a sum that may go down is a gauge": {
			nil,
			func(m pmetric.Metric) {
				p := aSum(m, "connections", isCumulative)
				m.Sum().SetIsMonotonic(false)
				p.SetIntValue(-2)
			},
			[]string{`{__name__="connections"} gauge @1000-2000=-2i`},
		},
		"gauge of unit 1": {
			nil,
			func(m pmetric.Metric) { aGauge(m, "cpu.utilization").SetDoubleValue(0.5); m.SetUnit("1") },
			[]string{`{__name__="cpu_utilization_ratio"} as {__name__="cpu.utilization"} gauge @1000-2000=0.5`},
		},
		"no recorded value": {
			nil,
			func(m pmetric.Metric) {
				p := aSum(m, "x_total", isCumulative)
				p.SetIntValue(9)
				p.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
			},
			[]string{`{__name__="x_total"} counter @1000-2000=stale`},
		},
		"start not set": {
			nil,
			func(m pmetric.Metric) {
				aGauge(m, "x").SetStartTimestamp(0)
				m.Gauge().DataPoints().At(0).SetIntValue(1)
			},
			[]string{`{__name__="x"} gauge @0-2000=1i`},
		},
		"start after the time is not believed": {
			nil,
			func(m pmetric.Metric) {
				p := aSum(m, "x_total", isCumulative)
				p.SetIntValue(1)
				p.SetStartTimestamp(2001)
			},
			[]string{`{__name__="x_total"} counter @0-2000=1i`},
		},
		"attributes of all kinds": {
			nil,
			func(m pmetric.Metric) {
				p := aGauge(m, "x")
				p.SetIntValue(1)
				p.Attributes().PutBool("bool", true)
				p.Attributes().PutDouble("double", 2.5)
				p.Attributes().PutEmpty("empty")
				p.Attributes().PutEmptyMap("map").PutStr("k", "v")
				p.Attributes().PutEmptySlice("slice").AppendEmpty().SetInt(1)
			},
			[]string{`{__name__="x", bool="true", double="2.5", map="{\"k\":\"v\"}", slice="[1]"} gauge @1000-2000=1i`},
		},
		"colliding attributes": {
			[]string{"a.b", "resource", "env", "prod", "r.x", "first", "r_x", "second", "service.name", "shop"},
			func(m pmetric.Metric) {
				p := aGauge(m, "x")
				p.SetIntValue(1)
				p.Attributes().PutStr("a_b", "2")
				p.Attributes().PutStr("a.b", "1")
				p.Attributes().PutStr("env", "test")
				p.Attributes().PutStr("job", "mine")
				p.Attributes().PutStr("instance", "here")
				p.Attributes().PutStr("__name__", "other")
			},
			[]string{`{__name__="x", a_b="1;2", env="test", instance="here", job="shop", r_x="first"}` +
				` as {__name__="x", "a.b"="1", a_b="2", env="test", instance="here", job="shop", "r.x"="first", r_x="second", "service.name"="shop"}` +
				` gauge @1000-2000=1i`},
		},
		"UTF-8 names": {
			nil,
			func(m pmetric.Metric) {
				p := aGauge(m, "größe")
				p.SetIntValue(1)
				p.Attributes().PutStr("straße", "ü")
				p.Attributes().PutStr("1st", "x")
			},
			[]string{`{__name__="gr_e", key_1st="x", stra_e="ü"} as {"1st"="x", __name__="größe", "straße"="ü"} gauge @1000-2000=1i`},
		},
		"a name without a letter that Prometheus knows": {
			nil,
			func(m pmetric.Metric) { aGauge(m, "請求").SetIntValue(1) },
			[]string{`{__name__="請求"} gauge @1000-2000=1i`},
		},
		"histogram": {
			nil,
			func(m pmetric.Metric) {
				p := aHistogram(m, isCumulative, 7, []float64{0.1, 25, 1e6}, 1, 2, 0, 4)
				p.SetSum(12.5)
				p.Attributes().PutStr("le", "mine")
				m.SetUnit("s")
			},
			[]string{
				`{__name__="latency_seconds_bucket", le="0.1"} as {__name__="latency_bucket", le="0.1"} counter @1000-2000=1i`,
				`{__name__="latency_seconds_bucket", le="25"} as {__name__="latency_bucket", le="25"} counter @1000-2000=3i`,
				`{__name__="latency_seconds_bucket", le="1000000"} as {__name__="latency_bucket", le="1000000"} counter @1000-2000=3i`,
				`{__name__="latency_seconds_bucket", le="+Inf"} as {__name__="latency_bucket", le="+Inf"} counter @1000-2000=7i`,
				`{__name__="latency_seconds_count", le="mine"} as {__name__="latency_count", le="mine"} counter @1000-2000=7i`,
				`{__name__="latency_seconds_sum", le="mine"} as {__name__="latency_sum", le="mine"} counter @1000-2000=12.5`,
			},
		},
		"delta histogram without a sum": {
			nil,
			func(m pmetric.Metric) { aHistogram(m, isDelta, 3, []float64{1}, 1, 2) },
			[]string{
				`{__name__="latency_bucket", le="1"} counter delta @1000-2000=1i`,
				`{__name__="latency_bucket", le="+Inf"} counter delta @1000-2000=3i`,
				`{__name__="latency_count"} counter delta @1000-2000=3i`,
			},
		},
		"histogram without buckets": {
			nil,
			func(m pmetric.Metric) { aHistogram(m, isCumulative, 3, nil) },
			[]string{
				`{__name__="latency_bucket", le="+Inf"} counter @1000-2000=3i`,
				`{__name__="latency_count"} counter @1000-2000=3i`,
			},
		},
		"stale histogram": {
			nil,
			func(m pmetric.Metric) {
				p := aHistogram(m, isCumulative, math.MaxUint64, []float64{1}, 9, 9)
				p.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
			},
			[]string{
				`{__name__="latency_bucket", le="1"} counter @1000-2000=stale`,
				`{__name__="latency_bucket", le="+Inf"} counter @1000-2000=stale`,
				`{__name__="latency_count"} counter @1000-2000=stale`,
			},
		},
		"exponential histogram with negative buckets": {
			nil,
			func(m pmetric.Metric) {
				p := anExponential(m, 0)
				p.SetCount(10)
				p.SetSum(3.5)
				p.SetZeroCount(1)
				p.Positive().SetOffset(-1)
				p.Positive().BucketCounts().FromRaw([]uint64{2, 0, 0, 3})
				p.Negative().BucketCounts().FromRaw([]uint64{4})
			},
			// OTLP's positive index -1 is (1/2, 1], index 2 is (4, 8];
			// its negative index 0 is [-2, -1).
			[]string{`{__name__="latency"} histogram @1000-2000={count:10, sum:3.5, [-2,-1):4, [-1e-128,1e-128]:1, (0.5,1]:2, (4,8]:3}`},
		},
		"summary": {
			nil,
			func(m pmetric.Metric) {
				m.SetName("rpc")
				p := timed(m.SetEmptySummary().DataPoints().AppendEmpty())
				p.SetCount(4)
				p.SetSum(8)
				q := p.QuantileValues().AppendEmpty()
				q.SetQuantile(0.99)
				q.SetValue(3)
			},
			[]string{
				`{__name__="rpc_count"} counter @1000-2000=4i`,
				`{__name__="rpc_sum"} counter @1000-2000=8`,
				`{__name__="rpc", quantile="0.99"} gauge @1000-2000=3`,
			},
		},
		"a metric without points": {nil, func(m pmetric.Metric) { m.SetName("x"); m.SetEmptyGauge() }, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			batch, receipt := translate(request(c.build, c.resource...), testRules())
			var got []string
			for _, s := range batch.Series {
				got = append(got, show(s))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("series (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(sli.Receipt{}, receipt); diff != "" {
				t.Errorf("receipt (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDownscale merges 2^12 buckets of scale 20 into one of scale 8.
func TestDownscale(t *testing.T) {
	md := request(func(m pmetric.Metric) {
		p := anExponential(m, 20)
		p.SetCount(6)
		p.Positive().SetOffset(4095) // the last one of scale 8's index 0
		p.Positive().BucketCounts().FromRaw([]uint64{1, 2, 3})
	})
	batch, receipt := translate(md, testRules())
	if len(receipt.Rejections) > 0 {
		t.Fatal(receipt)
	}
	h := batch.Series[0].Points[0].Histogram
	want := &histogram.FloatHistogram{
		Schema: 8, Count: 6, ZeroThreshold: defaultZeroThreshold,
		PositiveSpans: []histogram.Span{{Offset: 1, Length: 2}}, PositiveBuckets: []float64{1, 5},
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTargetIsTheWholeResource(t *testing.T) {
	target := func(resource ...string) string {
		batch, _ := translate(request(func(m pmetric.Metric) { aGauge(m, "x").SetIntValue(1) }, resource...), testRules())
		return batch.Series[0].Target
	}
	pod := target("service.name", "shop", "pod", "a")
	if other := target("pod", "a", "service.name", "shop"); other != pod {
		t.Errorf("the order of attributes matters: %s, %s", pod, other)
	}
	if other := target("service.name", "shop", "pod", "b"); other == pod {
		t.Error("two pods are one target")
	}
	if len(pod) != 16 || len(target()) != 16 {
		t.Errorf("target %q is not 64 bits in hex", pod)
	}
}

func TestPromoteOnlySome(t *testing.T) {
	r := testRules()
	r.promote = Options{PromoteResourceAttributes: []string{"env"}}.promote()
	md := request(func(m pmetric.Metric) { aGauge(m, "x").SetIntValue(1) }, "env", "prod", "pod", "a", "service.name", "shop")
	batch, _ := translate(md, r)
	if got, want := show(batch.Series[0]), `{__name__="x", env="prod", job="shop"} gauge @1000-2000=1i`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRefused(t *testing.T) {
	long := strings.Repeat("x", 5000)
	cases := map[string]struct {
		build  func(m pmetric.Metric)
		reason sli.Reason
		why    string
	}{
		"no time":               {func(m pmetric.Metric) { aGauge(m, "x").SetTimestamp(0) }, sli.ReasonBadValue, "x{}: the point has no time"},
		"time out of range":     {func(m pmetric.Metric) { aGauge(m, "x").SetTimestamp(math.MaxUint64) }, sli.ReasonBadValue, "out of range"},
		"no value":              {func(m pmetric.Metric) { aGauge(m, "x") }, sli.ReasonBadValue, "no value"},
		"no name":               {func(m pmetric.Metric) { aGauge(m, "").SetIntValue(1) }, sli.ReasonBadValue, "no name"},
		"no type":               {func(m pmetric.Metric) { m.SetName("x") }, sli.ReasonBadValue, "x: the metric's type is missing or not known"},
		"name not UTF-8":        {func(m pmetric.Metric) { aGauge(m, "\xff") }, sli.ReasonBadLabels, "not UTF-8"},
		"name too long":         {func(m pmetric.Metric) { aGauge(m, long) }, sli.ReasonLabelLimit, "name and unit have 5000 bytes"},
		"sum temporality":       {func(m pmetric.Metric) { aSum(m, "x", 0) }, sli.ReasonBadValue, "neither cumulative nor delta"},
		"histogram temporality": {func(m pmetric.Metric) { aHistogram(m, 0, 1, nil) }, sli.ReasonBadValue, "neither cumulative nor delta"},
		"bucket counts":         {func(m pmetric.Metric) { aHistogram(m, isDelta, 1, []float64{1}, 1) }, sli.ReasonBadValue, "1 bucket counts do not fit 1 bounds"},
		"bounds out of order":   {func(m pmetric.Metric) { aHistogram(m, isDelta, 1, []float64{2, 1}, 0, 0, 1) }, sli.ReasonBadValue, "increasing at 1"},
		"bound not a number":    {func(m pmetric.Metric) { aHistogram(m, isDelta, 1, []float64{math.NaN()}, 0, 1) }, sli.ReasonBadValue, "increasing at NaN"},
		"infinite bound":        {func(m pmetric.Metric) { aHistogram(m, isDelta, 1, []float64{math.Inf(1)}, 0, 1) }, sli.ReasonBadValue, "increasing at +Inf"},
		"more than the count":   {func(m pmetric.Metric) { aHistogram(m, isDelta, 1, []float64{1}, math.MaxUint64, 2) }, sli.ReasonBadValue, "more than the count 1"},
		"count out of range":    {func(m pmetric.Metric) { aHistogram(m, isDelta, 1<<63, nil) }, sli.ReasonBadValue, "out of range"},
		"too many bounds":       {func(m pmetric.Metric) { aHistogram(m, isDelta, 1, make([]float64, 1001)) }, sli.ReasonBadValue, "1001 bounds"},
		"scale":                 {func(m pmetric.Metric) { anExponential(m, -5) }, sli.ReasonBadValue, "latency{}: the scale is -5, coarser than -4"},
		"zero threshold":        {func(m pmetric.Metric) { anExponential(m, 0).SetZeroThreshold(math.NaN()) }, sli.ReasonBadValue, "zero threshold"},
		"zero count":            {func(m pmetric.Metric) { anExponential(m, 0).SetZeroCount(1) }, sli.ReasonBadValue, "more than the count 0"},
		"exponential buckets": {func(m pmetric.Metric) {
			anExponential(m, 0).Negative().BucketCounts().FromRaw([]uint64{1})
		}, sli.ReasonBadValue, "more than the count 0"},
		"bucket index": {func(m pmetric.Metric) {
			p := anExponential(m, 0)
			p.SetCount(1)
			p.Positive().SetOffset(math.MaxInt32)
			p.Positive().BucketCounts().FromRaw([]uint64{1})
		}, sli.ReasonBadValue, "index is out of range"},
		"attribute without a name": {func(m pmetric.Metric) { aGauge(m, "x").Attributes().PutStr("", "v") }, sli.ReasonBadLabels, "no name"},
		"attribute not UTF-8":      {func(m pmetric.Metric) { aGauge(m, "x").Attributes().PutStr("k", "\xff") }, sli.ReasonBadLabels, `attribute "k" is not UTF-8`},
		"attribute value too long": {func(m pmetric.Metric) { aGauge(m, "x").Attributes().PutStr("k", long) }, sli.ReasonLabelLimit, `label "k" has 5000 bytes, at most 4096`},
		"attribute name too long":  {func(m pmetric.Metric) { aGauge(m, "x").Attributes().PutStr(long, "v") }, sli.ReasonLabelLimit, "has 5000 bytes, at most 1024"},
		"too many labels":          {func(m pmetric.Metric) { attributes(aGauge(m, "x"), 128) }, sli.ReasonLabelLimit, "129 labels, at most 128"},
		"far too many attributes":  {func(m pmetric.Metric) { attributes(aGauge(m, "x"), 129) }, sli.ReasonLabelLimit, "129 attributes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			batch, receipt := translate(request(c.build), testRules())
			if len(batch.Series) > 0 {
				t.Errorf("made %s", show(batch.Series[0]))
			}
			if len(receipt.Rejections) != 1 {
				t.Fatalf("got %+v", receipt)
			}
			got := receipt.Rejections[0]
			if got.Reason != c.reason || got.Points != 1 || !strings.Contains(got.Example, c.why) {
				t.Errorf("got %+v, want %s with %q", got, c.reason, c.why)
			}
		})
	}
}

func attributes(p pmetric.NumberDataPoint, n int) {
	p.SetIntValue(1)
	for i := range n {
		p.Attributes().PutStr(fmt.Sprintf("k%d", i), "v")
	}
}

func TestBadResourceRefusesItsPointsOnly(t *testing.T) {
	md := request(func(m pmetric.Metric) { aGauge(m, "x").SetIntValue(1) }, "", "v")
	request(func(m pmetric.Metric) { aGauge(m, "y").SetIntValue(1) }).ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
	batch, receipt := translate(md, testRules())
	want := sli.Receipt{Rejections: []sli.Rejection{{Reason: sli.ReasonBadLabels, Points: 1, Example: "x{}: resource: an attribute has no name"}}}
	if diff := cmp.Diff(want, receipt); diff != "" {
		t.Errorf("receipt (-want +got):\n%s", diff)
	}
	if len(batch.Series) != 1 || batch.Series[0].Labels.Get("__name__") != "y" {
		t.Errorf("got %v", batch.Series)
	}
}

// TestExpansionIsBounded promotes a large resource into many small points.
func TestExpansionIsBounded(t *testing.T) {
	r := testRules()
	r.limits.MaxDecodedBytes = 32 << 10
	md := request(func(m pmetric.Metric) {
		aGauge(m, "x").SetIntValue(1)
		for range 999 {
			m.Gauge().DataPoints().At(0).CopyTo(m.Gauge().DataPoints().AppendEmpty())
		}
	})
	for i := range 100 {
		md.ResourceMetrics().At(0).Resource().Attributes().PutStr(fmt.Sprintf("k%d", i), "v")
	}
	batch, receipt := translate(md, r)
	if n := len(batch.Series); n == 0 || n > 50 {
		t.Errorf("%d series were made within 256 KiB", n)
	}
	if receipt.Rejections[0].Reason != sli.ReasonSeriesLimit || receipt.Refused()+len(batch.Series) != 1000 {
		t.Errorf("got %+v and %d series", receipt, len(batch.Series))
	}
}
