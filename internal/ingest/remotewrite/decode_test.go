package remotewrite

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

const ms = 1_000_000 // nanoseconds

var staleNaN = math.Float64frombits(value.StaleNaN)

func nativeWhole() *histogram.Histogram {
	return &histogram.Histogram{
		Schema: 3, ZeroThreshold: 0.001, ZeroCount: 2, Count: 13, Sum: 7.5,
		PositiveSpans: []histogram.Span{{Offset: -2, Length: 2}, {Offset: 1, Length: 1}}, PositiveBuckets: []int64{3, 1, -2},
		NegativeSpans: []histogram.Span{{Offset: 0, Length: 1}}, NegativeBuckets: []int64{2},
		CounterResetHint: histogram.NotCounterReset,
	}
}

func nativeFloat() *histogram.FloatHistogram {
	return &histogram.FloatHistogram{
		Schema: -1, ZeroThreshold: 0.5, ZeroCount: 0.5, Count: 4, Sum: 3.25,
		PositiveSpans: []histogram.Span{{Offset: 1, Length: 2}}, PositiveBuckets: []float64{1.5, 2},
	}
}

func nativeCustom() *histogram.Histogram {
	return &histogram.Histogram{
		Schema: histogram.CustomBucketsSchema, Count: 6, Sum: 2,
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 3}}, PositiveBuckets: []int64{1, 1, 1},
		CustomValues: []float64{0.1, 0.3},
	}
}

// TestVersionsAgree: the same data give the same batch in both encodings.
func TestVersionsAgree(t *testing.T) {
	series := []sent{
		up("zone", "1"),
		{ // not sorted, with an empty value, and with samples and histograms
			labels: []string{"instance", "i:1", "le", "", "__name__", "mixed", "job", "j"},
			points: []sentPoint{
				{time: 5, value: math.NaN()}, {time: 6, value: staleNaN}, {time: 7, value: math.Inf(1)},
				{time: 5, whole: nativeWhole()}, {time: 6, float: nativeFloat()}, {time: 7, whole: nativeCustom()},
				{time: 8, whole: &histogram.Histogram{Sum: staleNaN}}, {time: 9, float: &histogram.FloatHistogram{Sum: staleNaN}},
			},
		},
	}
	want := []sli.Series{
		{
			Labels: labels.FromStrings("__name__", "up", "instance", "b", "job", "a", "zone", "1"),
			Target: "a\xffb", Points: []sli.Point{{Time: 1000 * ms, Value: 1}},
		},
		{
			Labels: labels.FromStrings("__name__", "mixed", "instance", "i:1", "job", "j"),
			Target: "j\xffi:1",
			Points: []sli.Point{{Time: 5 * ms, Value: math.NaN()}, {Time: 6 * ms, Stale: true}, {Time: 7 * ms, Value: math.Inf(1)}},
		},
		{
			Labels: labels.FromStrings("__name__", "mixed", "instance", "i:1", "job", "j"),
			Target: "j\xffi:1", Type: sli.TypeHistogram,
			Points: []sli.Point{
				{Time: 5 * ms, Histogram: nativeWhole().ToFloat(nil)}, {Time: 6 * ms, Histogram: nativeFloat()},
				{Time: 7 * ms, Histogram: nativeCustom().ToFloat(nil)}, {Time: 8 * ms, Stale: true}, {Time: 9 * ms, Stale: true},
			},
		},
	}
	for _, v := range versions {
		s := &sink{}
		wantCode(t, post(New(Options{Sink: s}), v, encode(t, v, series...)), 204)
		if diff := cmp.Diff(want, s.series(), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -want +got\n%s", v, diff)
		}
	}
}

func TestBadSeriesHurtOnlyThemselves(t *testing.T) {
	limits := ingest.DefaultLimits()
	limits.MaxLabels = 6
	var many []string
	for i := range limits.MaxLabels { // with the name, one too many
		many = append(many, fmt.Sprint("l", i), "x")
	}
	for _, test := range []struct {
		name   string
		labels []string
		reason sli.Reason
		says   string
	}{
		{"no name", []string{"job", "a"}, sli.ReasonBadLabels, "__name__ is missing"},
		{"empty metric name", []string{"__name__", "", "job", "a"}, sli.ReasonBadLabels, "__name__ is missing"},
		{"no labels at all", nil, sli.ReasonBadLabels, "__name__ is missing"},
		{"duplicate name", []string{"__name__", "m", "a", "1", "b", "2", "a", "3"}, sli.ReasonBadLabels, `label "a" is there twice`},
		{"duplicate, one empty", []string{"__name__", "m", "a", "", "a", "3"}, sli.ReasonBadLabels, `label "a" is there twice`},
		{"empty label name", []string{"__name__", "m", "", "1"}, sli.ReasonBadLabels, "a label name is empty"},
		{"value not UTF-8", []string{"__name__", "m", "a", "\xff\xfe"}, sli.ReasonBadLabels, `the value of label "a" is not UTF-8`},
		{"name not UTF-8", []string{"__name__", "m", "a\xff", "1"}, sli.ReasonBadLabels, "is not UTF-8"},
		{"metric name not UTF-8", []string{"__name__", "m\xff"}, sli.ReasonBadLabels, "is not UTF-8"},
		{"value of 1 MB", []string{"__name__", "m", "a", strings.Repeat("x", 1<<20)}, sli.ReasonLabelLimit, "max_label_value_bytes (4096)"},
		{"long name", []string{"__name__", "m", strings.Repeat("n", 1025), "1"}, sli.ReasonLabelLimit, "max_label_name_bytes (1024)"},
		{"many labels", append([]string{"__name__", "m"}, many...), sli.ReasonLabelLimit, "max_labels (6)"},
	} {
		for _, v := range versions {
			t.Run(test.name+" "+string(v), func(t *testing.T) {
				s := &sink{}
				bad := sent{labels: test.labels, points: []sentPoint{{time: 1, value: 1}, {time: 2, value: 2}}}
				w := post(New(Options{Sink: s, Limits: limits}), v, encode(t, v, up("n", "1"), bad, up("n", "2")))
				wantCode(t, w, 400)
				wantText(t, w, "2 samples were refused: "+string(test.reason), test.says, "2 samples were taken all the same")
				if w.Body.Len() > 1000 {
					t.Errorf("body has %d bytes", w.Body.Len())
				}
				var got []string
				for _, series := range s.series() {
					got = append(got, series.Labels.Get("n"))
				}
				if diff := cmp.Diff([]string{"1", "2"}, got); diff != "" {
					t.Errorf("handed on: %s", diff)
				}
			})
		}
	}
}

func TestLabelsAtTheLimitAreTaken(t *testing.T) {
	limits := ingest.DefaultLimits()
	series := sent{labels: []string{"__name__", "m"}, points: []sentPoint{{time: 1}}}
	for i := range limits.MaxLabels - 1 {
		series.labels = append(series.labels, fmt.Sprintf("%0*d", limits.MaxLabelNameBytes, i), strings.Repeat("v", limits.MaxLabelValueBytes))
	}
	for _, v := range versions {
		s := &sink{}
		wantCode(t, post(New(Options{Sink: s}), v, encode(t, v, series)), 204)
		if got := len(s.series()[0].Labels); got != limits.MaxLabels {
			t.Errorf("%s: %d labels, want %d", v, got, limits.MaxLabels)
		}
	}
}

func TestBadHistograms(t *testing.T) {
	for name, change := range map[string]func(*histogram.Histogram, *histogram.FloatHistogram){
		"schema": func(h *histogram.Histogram, f *histogram.FloatHistogram) { h.Schema, f.Schema = 9, 9 },
		"threshold": func(h *histogram.Histogram, f *histogram.FloatHistogram) {
			h.ZeroThreshold, f.ZeroThreshold = math.NaN(), -1
		},
		"spans without buckets": func(h *histogram.Histogram, f *histogram.FloatHistogram) {
			h.PositiveBuckets, f.PositiveBuckets = nil, nil
		},
		"negative bucket": func(h *histogram.Histogram, f *histogram.FloatHistogram) {
			h.PositiveBuckets[0], f.PositiveBuckets[0] = -1, -1
		},
		"count": func(h *histogram.Histogram, f *histogram.FloatHistogram) { h.Count, f.Count = 1, math.NaN() },
		"custom bounds": func(h *histogram.Histogram, f *histogram.FloatHistogram) {
			*h = *nativeCustom()
			h.CustomValues = []float64{0.3, 0.1}
			f.CustomValues = []float64{1}
		},
		"custom bound NaN": func(h *histogram.Histogram, f *histogram.FloatHistogram) {
			*h = *nativeCustom()
			*f = *h.ToFloat(nil)
			h.CustomValues = []float64{math.NaN(), 0.1}
			f.CustomValues = []float64{0.1, math.NaN()}
		},
	} {
		for _, v := range versions {
			t.Run(name+" "+string(v), func(t *testing.T) {
				whole, float := nativeWhole(), nativeFloat()
				change(whole, float)
				s := &sink{}
				w := post(New(Options{Sink: s}), v, encode(t, v, sent{
					labels: []string{"__name__", "h"},
					points: []sentPoint{{time: 1, whole: whole}, {time: 2, float: float}, {time: 3, whole: nativeWhole()}},
				}))
				wantCode(t, w, 400)
				wantText(t, w, "2 samples were refused: bad_value", `{__name__="h"}`, "1 sample was taken")
				if got := s.series()[0].Points; len(got) != 1 || got[0].Time != 3*ms {
					t.Errorf("handed on: %+v", got)
				}
			})
		}
	}
}

// TestStart: a point's own start goes before the series'.
func TestStart(t *testing.T) {
	series := sent{labels: []string{"__name__", "m"}, points: []sentPoint{
		{time: 50}, {time: 60, start: 20}, {time: 70, whole: nativeWhole()}, {time: 80, start: 30, float: nativeFloat()},
	}}
	starts := func(v version) (got []int64) {
		s := &sink{}
		wantCode(t, post(New(Options{Sink: s}), v, encode(t, v, series)), 204)
		for _, series := range s.series() {
			for _, p := range series.Points {
				got = append(got, p.Start)
			}
		}
		return got
	}
	if diff := cmp.Diff([]int64{0, 20 * ms, 0, 30 * ms}, starts(version2)); diff != "" {
		t.Error(diff)
	}
	series.created = 10
	if diff := cmp.Diff([]int64{10 * ms, 20 * ms, 10 * ms, 30 * ms}, starts(version2)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{0, 0, 0, 0}, starts(version1)); diff != "" {
		t.Error(diff)
	}
}

func TestTimesDoNotWrapAround(t *testing.T) {
	for wire, want := range map[int64]int64{
		0: 0, 1: ms, -1: -ms,
		math.MaxInt64: math.MaxInt64, math.MinInt64: math.MinInt64,
		math.MaxInt64 / ms:     math.MaxInt64 / ms * ms,
		math.MaxInt64/ms + 1:   math.MaxInt64,
		-(math.MaxInt64 / ms):  -(math.MaxInt64 / ms * ms),
		-math.MaxInt64/ms - 1:  math.MinInt64,
		math.MaxInt64/1000 + 1: math.MaxInt64,
	} {
		if got := nanoseconds(uint64(wire)); got != want {
			t.Errorf("nanoseconds(%d) = %d, want %d", wire, got, want)
		}
	}
}

func TestTypes(t *testing.T) {
	for _, test := range []struct {
		family writev2.Metadata_MetricType
		name   string
		want   sli.Type
	}{
		{writev2.Metadata_METRIC_TYPE_UNSPECIFIED, "m", sli.TypeUnknown},
		{writev2.Metadata_METRIC_TYPE_COUNTER, "m_total", sli.TypeCounter},
		{writev2.Metadata_METRIC_TYPE_GAUGE, "m", sli.TypeGauge},
		{writev2.Metadata_METRIC_TYPE_HISTOGRAM, "m_bucket", sli.TypeCounter},
		{writev2.Metadata_METRIC_TYPE_HISTOGRAM, "m_count", sli.TypeCounter},
		{writev2.Metadata_METRIC_TYPE_HISTOGRAM, "m_sum", sli.TypeCounter},
		{writev2.Metadata_METRIC_TYPE_HISTOGRAM, "m", sli.TypeUnknown},
		{writev2.Metadata_METRIC_TYPE_GAUGEHISTOGRAM, "m_bucket", sli.TypeGauge},
		{writev2.Metadata_METRIC_TYPE_SUMMARY, "m", sli.TypeGauge},
		{writev2.Metadata_METRIC_TYPE_SUMMARY, "m_count", sli.TypeCounter},
		{writev2.Metadata_METRIC_TYPE_SUMMARY, "m_sum", sli.TypeCounter},
		{writev2.Metadata_METRIC_TYPE_INFO, "m_info", sli.TypeGauge},
		{writev2.Metadata_METRIC_TYPE_STATESET, "m", sli.TypeGauge},
		{99, "m", sli.TypeUnknown},
	} {
		s := &sink{}
		message := encode2(t, sent{labels: []string{"__name__", test.name}, family: test.family, points: []sentPoint{{time: 1}}})
		wantCode(t, post(New(Options{Sink: s}), version2, message), 204)
		if got := s.series()[0].Type; got != test.want {
			t.Errorf("%v %s: type %v, want %v", test.family, test.name, got, test.want)
		}
	}
	quantile := labels.FromStrings("__name__", "queue_count", "quantile", "0.9")
	if got := familySummary.typeOf(quantile); got != sli.TypeGauge {
		t.Errorf("a summary's quantile is %v, want a gauge", got)
	}
}

func TestMalformedMessages(t *testing.T) {
	valid1, valid2 := encode1(t, up()), encode2(t, up())
	for _, test := range []struct {
		name    string
		version version
		message []byte
		says    string
	}{
		{"truncated 1.0", version1, valid1[:len(valid1)-2], "unexpected EOF"},
		{"truncated 2.0", version2, valid2[:len(valid2)-2], "unexpected EOF"},
		{"text 1.0", version1, []byte("up 1"), "remote write 1.0 message"},
		{"text 2.0", version2, []byte("up 1"), "remote write 2.0 message"},
		{"series is a number 1.0", version1, []byte{1 << 3, 7}, "field 1 is of an unexpected wire type"},
		{"series is a number 2.0", version2, []byte{5 << 3, 7}, "field 5 is of an unexpected wire type"},
		{"symbol is a number", version2, []byte{4 << 3, 7}, "field 4 is of an unexpected wire type"},
		{"label beyond its series 1.0", version1, []byte{1<<3 | 2, 3, 1<<3 | 2, 9, 2<<3 | 2, 1<<3 | 2, 7, 0, 0, 0, 0, 0, 0, 0}, "time series 1: unexpected EOF"},
		{"references beyond their series", version2, []byte{5<<3 | 2, 3, 1<<3 | 2, 9, 2<<3 | 2, 2<<3 | 2, 7, 0, 0, 0, 0, 0, 0, 0}, "time series 1: unexpected EOF"},
		{"sample beyond its series 2.0", version2, []byte{5<<3 | 2, 4, 1<<3 | 2, 0, 2<<3 | 2, 7, 2<<3 | 2, 5, 0, 0, 0, 0, 0}, "time series 1: unexpected EOF"},
		{"the 40th series", version1, append(bytes.Repeat([]byte{1<<3 | 2, 0}, 39), 1<<3|2, 1, 1<<3|2), "time series 40: unexpected EOF"},
		{"bad sample 1.0", version1, []byte{1<<3 | 2, 4, 2<<3 | 2, 2, 1 << 3, 7}, "time series 1: sample: field 1"},
		{"bad label 1.0", version1, []byte{1<<3 | 2, 4, 1<<3 | 2, 2, 1 << 3, 7}, "time series 1: label: field 1"},
		{"bad histogram 1.0", version1, []byte{1<<3 | 2, 4, 4<<3 | 2, 2, 3 << 3, 7}, "time series 1: histogram: field 3"},
		{"bad metadata 2.0", version2, []byte{5<<3 | 2, 4, 5<<3 | 2, 2, 1<<3 | 2, 0}, "time series 1: metadata: field 1"},
		{"half a reference", version2, []byte{5<<3 | 2, 3, 1<<3 | 2, 1, 0x80}, "time series 1: unexpected EOF"},
		{"2.0 sent as 1.0", version1, valid2, "looks like a 2.0 message"},
		{"1.0 sent as 2.0", version2, valid1, "looks like a 1.0 message"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, book := range []*sli.Book{nil, newTracker(t, benchTime, everything).Book()} {
				s := &sink{}
				w := post(New(Options{Sink: s, Book: book}), test.version, test.message)
				wantCode(t, w, 400)
				wantText(t, w, test.says)
				if len(s.batches) > 0 {
					t.Error("the sink was called")
				}
			}
		})
	}
}

func TestSymbolReferences(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*writev2.Request)
		says   string
	}{
		{"label out of range", func(r *writev2.Request) { r.Timeseries[1].LabelsRefs[3] = 100 }, "time series 2: label reference 100"},
		{"label just out of range", func(r *writev2.Request) { r.Timeseries[1].LabelsRefs[3] = uint32(len(r.Symbols)) }, "is beyond"},
		{"label far out of range", func(r *writev2.Request) { r.Timeseries[0].LabelsRefs[0] = math.MaxUint32 }, "label reference 4294967295"},
		{"no symbols", func(r *writev2.Request) { r.Symbols = nil }, "(0)"},
		{"help out of range", func(r *writev2.Request) { r.Timeseries[0].Metadata.HelpRef = 100 }, "metadata reference 100"},
		{"unit out of range", func(r *writev2.Request) { r.Timeseries[0].Metadata.UnitRef = 100 }, "metadata reference 100"},
		{"odd", func(r *writev2.Request) { r.Timeseries[0].LabelsRefs = r.Timeseries[0].LabelsRefs[:5] }, "bad_labels, for example"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := request2(up("n", "1"), up("n", "2"))
			test.change(&request)
			for _, book := range []*sli.Book{nil, newTracker(t, benchTime, everything).Book()} {
				w := post(New(Options{Sink: &sink{}, Book: book}), version2, marshal(t, &request))
				wantCode(t, w, 400)
				wantText(t, w, test.says)
			}
		})
	}
}

// TestSymbolsMayComeLast: protobuf does not promise an order of fields.
func TestSymbolsMayComeLast(t *testing.T) {
	request := request2(up())
	series := writev2.Request{Timeseries: request.Timeseries}
	symbols := writev2.Request{Symbols: request.Symbols}
	s := &sink{}
	wantCode(t, post(New(Options{Sink: s}), version2, append(marshal(t, &series), marshal(t, &symbols)...)), 204)
	if got := s.series()[0].Labels.Get("__name__"); got != "up" {
		t.Errorf("name = %q", got)
	}
}

// TestUnpackedFields: writers may send repeated numbers one by one.
func TestUnpackedFields(t *testing.T) {
	message := []byte{
		4<<3 | 2, 8, '_', '_', 'n', 'a', 'm', 'e', '_', '_', 4<<3 | 2, 1, 'm',
		5<<3 | 2, 8, 1 << 3, 0, 1 << 3, 1, 2<<3 | 2, 2, 2 << 3, 7,
	}
	s := &sink{}
	wantCode(t, post(New(Options{Sink: s}), version2, message), 204)
	want := []sli.Series{{Labels: labels.FromStrings("__name__", "m"), Target: "\xff", Points: []sli.Point{{Time: 7 * ms}}}}
	if diff := cmp.Diff(want, s.series()); diff != "" {
		t.Error(diff)
	}
}

// TestRequestsDoNotMix: buffers are reused, what the sink copied is not.
func TestRequestsDoNotMix(t *testing.T) {
	s := &sink{}
	h := New(Options{Sink: s})
	for _, v := range []version{version1, version2, version1, version2} {
		post(h, v, encode(t, v, up("n", "first"), up("n", "second")))
		post(h, v, encode(t, v, up("", "bad"), sent{labels: []string{"__name__", "h"}, points: []sentPoint{{time: 1, whole: nativeWhole()}}}))
		post(h, v, encode(t, v, up("n", "XXXXX")))
	}
	for i := 0; i < len(s.batches); i += 3 {
		var got []string
		for _, b := range s.batches[i : i+3] {
			for _, series := range b.Series {
				got = append(got, series.Labels.Get("__name__")+series.Labels.Get("n"))
			}
		}
		if diff := cmp.Diff([]string{"upfirst", "upsecond", "h", "upXXXXX"}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestInternerForgets(t *testing.T) {
	var in interner
	for i := range 100_000 {
		if s := fmt.Sprint("value ", i); in.of([]byte(s)) != s {
			t.Fatalf("of(%q) is another string", s)
		}
	}
	if in.bytes > maxInterner || len(in.known)*32 > maxInterner {
		t.Errorf("the interner holds %d strings, %d bytes", len(in.known), in.bytes)
	}
	long := strings.Repeat("x", maxInternedBytes+1)
	before := len(in.known)
	if in.of([]byte(long)) != long || len(in.known) != before {
		t.Error("a long string is kept")
	}
}
