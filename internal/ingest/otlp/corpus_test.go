package otlp

import (
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	metricsv1 "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// opening is when the shop of these tests opens.
var opening = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// story is what a shop exports in one round, of every kind of metric. Counts
// grow from round to round.
func story(round int) pmetric.Metrics {
	md := pmetric.NewMetrics()
	for pod := range 2 {
		rm := md.ResourceMetrics().AppendEmpty()
		rm.SetSchemaUrl("https://opentelemetry.io/schemas/1.26.0")
		rm.Resource().Attributes().PutStr("service.name", "checkout")
		rm.Resource().Attributes().PutStr("service.instance.id", fmt.Sprint("pod-", pod))
		rm.Resource().SetDroppedAttributesCount(1)
		sm := rm.ScopeMetrics().AppendEmpty()
		sm.Scope().SetName("shop")
		sm.Scope().Attributes().PutStr("a", "b")
		for _, tell := range []func(pmetric.Metric, int){tellRequests, tellDeltas, tellFloats, tellGauge, tellDurations, tellSizes, tellSummary} {
			tell(sm.Metrics().AppendEmpty(), round)
		}
	}
	return md
}

// at sets the times of a point of some round.
func at[P interface {
	SetTimestamp(pcommon.Timestamp)
	SetStartTimestamp(pcommon.Timestamp)
}](p P, round int) P {
	p.SetTimestamp(pcommon.NewTimestampFromTime(opening.Add(time.Duration(round) * 15 * time.Second)))
	p.SetStartTimestamp(pcommon.NewTimestampFromTime(opening.Add(-time.Hour)))
	return p
}

func tellRequests(m pmetric.Metric, round int) {
	m.SetName("http.server.requests")
	m.SetUnit("{request}")
	m.SetDescription("Requests served.")
	m.Metadata().PutStr("k", "v")
	s := m.SetEmptySum()
	s.SetIsMonotonic(true)
	s.SetAggregationTemporality(isCumulative)
	for i, code := range []int64{200, 404, 500} {
		p := at(s.DataPoints().AppendEmpty(), round)
		p.SetIntValue(int64((round + 1) * (i + 1) * 7))
		p.Attributes().PutInt("code", code)
		p.Attributes().PutStr("http.route", "/pay")
		e := p.Exemplars().AppendEmpty()
		e.SetIntValue(1)
		e.SetTraceID([16]byte{1})
		e.SetSpanID([8]byte{2})
		e.FilteredAttributes().PutStr("user", "7")
	}
	if round%4 == 3 {
		s.DataPoints().At(1).SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
	}
}

func tellDeltas(m pmetric.Metric, round int) {
	m.SetName("orders_total")
	s := m.SetEmptySum()
	s.SetIsMonotonic(true)
	s.SetAggregationTemporality(isDelta)
	p := at(s.DataPoints().AppendEmpty(), round)
	p.SetStartTimestamp(p.Timestamp() - pcommon.Timestamp(15*time.Second))
	p.SetIntValue(3)
}

func tellFloats(m pmetric.Metric, round int) {
	m.SetName("http.server.io")
	m.SetUnit("By")
	s := m.SetEmptySum()
	s.SetIsMonotonic(true)
	s.SetAggregationTemporality(isCumulative)
	at(s.DataPoints().AppendEmpty(), round).SetDoubleValue(float64(round) * 1.5)
}

func tellGauge(m pmetric.Metric, round int) {
	m.SetName("queue.length")
	g := m.SetEmptyGauge()
	at(g.DataPoints().AppendEmpty(), round).SetIntValue(int64(round % 3))
	p := at(g.DataPoints().AppendEmpty(), round)
	p.SetDoubleValue(0.5)
	p.Attributes().PutEmptySlice("list").AppendEmpty().SetStr("x")
}

func tellDurations(m pmetric.Metric, round int) {
	m.SetName("http.server.request.duration")
	m.SetUnit("s")
	h := m.SetEmptyHistogram()
	h.SetAggregationTemporality(isCumulative)
	for _, code := range []int64{200, 500} {
		p := at(h.DataPoints().AppendEmpty(), round)
		n := uint64(round + 1)
		p.SetCount(6 * n)
		p.SetSum(float64(n))
		p.SetMin(0.1)
		p.SetMax(9)
		p.ExplicitBounds().FromRaw([]float64{0.1, 0.3, 1})
		p.BucketCounts().FromRaw([]uint64{n, 2 * n, 0, 3 * n})
		p.Attributes().PutInt("code", code)
		p.Exemplars().AppendEmpty().SetDoubleValue(0.2)
	}
}

func tellSizes(m pmetric.Metric, round int) {
	m.SetName("http.response.size")
	h := m.SetEmptyExponentialHistogram()
	h.SetAggregationTemporality(isCumulative)
	p := at(h.DataPoints().AppendEmpty(), round)
	p.SetScale(3)
	p.SetZeroCount(1)
	p.SetCount(uint64(round) + 3)
	p.Positive().SetOffset(-2)
	p.Positive().BucketCounts().FromRaw([]uint64{1, uint64(round) + 1})
}

func tellSummary(m pmetric.Metric, round int) {
	m.SetName("rpc")
	p := at(m.SetEmptySummary().DataPoints().AppendEmpty(), round)
	p.SetCount(uint64(round))
	p.SetSum(2)
	q := p.QuantileValues().AppendEmpty()
	q.SetQuantile(0.99)
	q.SetValue(1)
}

// ascending writes a request's fields in the order of their numbers, as most
// SDKs do; the library that these tests build requests with writes the
// highest first.
func ascending(t testing.TB, descending []byte) []byte {
	t.Helper()
	var request metricsv1.ExportMetricsServiceRequest
	if err := proto.Unmarshal(descending, &request); err != nil {
		t.Fatal(err)
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(&request)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// corpus is a story in both orders, and each of its metrics alone.
func corpus(t testing.TB) [][]byte {
	var bodies [][]byte
	for round := range 5 {
		bodies = append(bodies, marshal(t, story(round)), ascending(t, marshal(t, story(round))))
	}
	for _, tell := range []func(pmetric.Metric, int){tellRequests, tellDeltas, tellFloats, tellGauge, tellDurations, tellSizes, tellSummary} {
		body := marshal(t, request(func(m pmetric.Metric) { tell(m, 3) }, "service.name", "checkout"))
		bodies = append(bodies, body, ascending(t, body))
	}
	return append(bodies, oddities()...)
}
