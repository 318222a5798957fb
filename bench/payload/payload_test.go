package payload

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// small is a fleet whose requests end in the middle of a job.
var small = Fleet{Jobs: 3, PerJob: 7, Namespaces: 2, Begun: time.Unix(1_700_000_000, 0)}

const perRequest = 5

// read is one sample as a library decoded it.
type read struct {
	Job, Code string
	Labels    int
	At        int64 // ms
	Value     float64
}

// want is what a round must hold.
func want(at time.Time, round int, labels int) (all []read) {
	for i := range small.Series() {
		all = append(all, read{
			Job: Job(i / small.PerJob), Code: []string{"200", "503", "201", "500", "404"}[i%small.PerJob%5],
			Labels: labels, At: at.UnixMilli(), Value: small.Steady(i, round),
		})
	}
	return all
}

// rounds checks two rounds of a load, as the second is written over the first.
func rounds(t *testing.T, p Protocol, labels int, decode func(*testing.T, []byte) []read) {
	t.Helper()
	load := New(p, small, perRequest)
	for round := range 2 {
		at := time.UnixMilli(1_800_000_000_123).Add(time.Duration(round) * time.Second)
		var got []read
		for _, body := range load.Round(at, round+1, small.Steady) {
			got = append(got, decode(t, body)...)
		}
		if diff := cmp.Diff(want(at, round+1, labels), got); diff != "" {
			t.Errorf("round %d: (-want +got)\n%s", round, diff)
		}
	}
}

func TestRemoteWrite1(t *testing.T) {
	rounds(t, RemoteWrite1, 10, func(t *testing.T, body []byte) (all []read) {
		raw, err := snappy.Decode(nil, body)
		var request prompb.WriteRequest
		if err == nil {
			err = request.Unmarshal(raw)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, ts := range request.Timeseries {
			b := labels.NewScratchBuilder(0)
			all = append(all, fromLabels(t, ts.ToLabels(&b, nil), ts.Samples[0].Timestamp, ts.Samples[0].Value))
		}
		return all
	})
}

func TestRemoteWrite2(t *testing.T) {
	rounds(t, RemoteWrite2, 10, func(t *testing.T, body []byte) (all []read) {
		raw, err := snappy.Decode(nil, body)
		var request writev2.Request
		if err == nil {
			err = request.Unmarshal(raw)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, ts := range request.Timeseries {
			if ts.Metadata.Type != writev2.Metadata_METRIC_TYPE_COUNTER {
				t.Errorf("type %v", ts.Metadata.Type)
			}
			b := labels.NewScratchBuilder(0)
			all = append(all, fromLabels(t, ts.ToLabels(&b, request.Symbols), ts.Samples[0].Timestamp, ts.Samples[0].Value))
		}
		return all
	})
}

func fromLabels(t *testing.T, ls labels.Labels, at int64, value float64) read {
	t.Helper()
	var names []string
	ls.Range(func(l labels.Label) { names = append(names, l.Name) })
	if !slices.IsSorted(names) || ls.Get("__name__") != Metric {
		t.Errorf("labels %v", ls)
	}
	return read{Job: ls.Get("job"), Code: ls.Get("code"), Labels: ls.Len(), At: at, Value: value}
}

func TestOTLP(t *testing.T) {
	rounds(t, OTLP, 5+5, func(t *testing.T, body []byte) []read {
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		request := pmetricotlp.NewExportRequest()
		if err == nil {
			err = request.UnmarshalProto(raw)
		}
		if err != nil {
			t.Fatal(err)
		}
		return fromMetrics(t, request.Metrics())
	})
}

func fromMetrics(t *testing.T, m pmetric.Metrics) (all []read) {
	t.Helper()
	for _, rm := range m.ResourceMetrics().All() {
		job, _ := rm.Resource().Attributes().Get("service.name")
		metric := rm.ScopeMetrics().At(0).Metrics().At(0)
		if !metric.Sum().IsMonotonic() || metric.Sum().AggregationTemporality() != pmetric.AggregationTemporalityCumulative {
			t.Errorf("%s is no cumulative counter", metric.Name())
		}
		for _, p := range metric.Sum().DataPoints().All() {
			if !p.StartTimestamp().AsTime().Equal(small.Begun) {
				t.Errorf("start %v", p.StartTimestamp().AsTime())
			}
			code, _ := p.Attributes().Get("http.response.status_code")
			all = append(all, read{
				Job: job.Str(), Code: code.AsString(), Labels: rm.Resource().Attributes().Len() + p.Attributes().Len(),
				At: p.Timestamp().AsTime().UnixMilli(), Value: float64(p.IntValue()),
			})
		}
	}
	return all
}
