package remotewrite

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// sent is one time series, to be encoded in either version. What a version
// cannot say is left out.
type sent struct {
	labels  []string // name, value, name, value …
	points  []sentPoint
	family  writev2.Metadata_MetricType
	created int64 // milliseconds, as all times here
}

type sentPoint struct {
	time, start int64
	value       float64
	whole       *histogram.Histogram
	float       *histogram.FloatHistogram
}

// up is a plain series with one sample.
func up(labels ...string) sent {
	return sent{
		labels: append([]string{"__name__", "up", "job", "a", "instance", "b"}, labels...),
		points: []sentPoint{{time: 1000, value: 1}},
	}
}

func encode1(t testing.TB, series ...sent) []byte {
	t.Helper()
	var request prompb.WriteRequest
	for _, s := range series {
		var ts prompb.TimeSeries
		for l := range slices.Chunk(s.labels, 2) {
			ts.Labels = append(ts.Labels, prompb.Label{Name: l[0], Value: l[1]})
		}
		for _, p := range s.points {
			switch {
			case p.whole != nil:
				h := prompb.FromIntHistogram(p.time, p.whole)
				h.CustomValues = p.whole.CustomValues // the library forgets them
				ts.Histograms = append(ts.Histograms, h)
			case p.float != nil:
				h := prompb.FromFloatHistogram(p.time, p.float)
				h.CustomValues = p.float.CustomValues
				ts.Histograms = append(ts.Histograms, h)
			default:
				ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: p.time, Value: p.value})
			}
		}
		request.Timeseries = append(request.Timeseries, ts)
	}
	return marshal(t, &request)
}

func encode2(t testing.TB, series ...sent) []byte {
	t.Helper()
	request := request2(series...)
	return marshal(t, &request)
}

func request2(series ...sent) writev2.Request {
	symbols := writev2.NewSymbolTable()
	var request writev2.Request
	for _, s := range series {
		ts := writev2.TimeSeries{CreatedTimestamp: s.created, Metadata: writev2.Metadata{Type: s.family}}
		for _, l := range s.labels {
			ts.LabelsRefs = append(ts.LabelsRefs, symbols.Symbolize(l))
		}
		for _, p := range s.points {
			switch {
			case p.whole != nil:
				h := writev2.FromIntHistogram(p.time, p.whole)
				h.XXX_unrecognized = startField(17, p.start)
				ts.Histograms = append(ts.Histograms, h)
			case p.float != nil:
				h := writev2.FromFloatHistogram(p.time, p.float)
				h.XXX_unrecognized = startField(17, p.start)
				ts.Histograms = append(ts.Histograms, h)
			default:
				ts.Samples = append(ts.Samples, writev2.Sample{
					Timestamp: p.time, Value: p.value, XXX_unrecognized: startField(3, p.start),
				})
			}
		}
		request.Timeseries = append(request.Timeseries, ts)
	}
	request.Symbols = symbols.Symbols()
	return request
}

// startField is the start timestamp of newer senders, which the library does
// not know.
func startField(number protowire.Number, ms int64) []byte {
	if ms == 0 {
		return nil
	}
	b := protowire.AppendTag(nil, number, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(ms))
}

func marshal(t testing.TB, m interface{ Marshal() ([]byte, error) }) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatalf("marshal request: %v", err)
	}
	return b
}

// sink records what it is given, by copy, and answers as it is told.
type sink struct {
	batches []sli.Batch
	receipt func(*sli.Batch) sli.Receipt // nil: all accepted
	err     error
}

func (s *sink) Ingest(_ context.Context, b *sli.Batch) (sli.Receipt, error) {
	if s.err != nil {
		return sli.Receipt{}, s.err
	}
	s.batches = append(s.batches, copyBatch(b))
	if s.receipt != nil {
		return s.receipt(b), nil
	}
	n := 0
	for _, series := range b.Series {
		n += len(series.Points)
	}
	return sli.Receipt{Accepted: n}, nil
}

func copyBatch(b *sli.Batch) sli.Batch {
	var c sli.Batch
	for _, s := range b.Series {
		s.Labels = s.Labels.Copy()
		s.Points = slices.Clone(s.Points)
		c.Series = append(c.Series, s)
	}
	return c
}

// series returns all that the sink was given.
func (s *sink) series() []sli.Series {
	var all []sli.Series
	for _, b := range s.batches {
		all = append(all, b.Series...)
	}
	return all
}

func contentType(v version) string {
	if v == version2 {
		return "application/x-protobuf;proto=io.prometheus.write.v2.Request"
	}
	return "application/x-protobuf"
}

// newRequest is a well-formed request around any bytes.
func newRequest(v version, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType(v))
	r.Header.Set("Content-Encoding", "snappy")
	return r
}

// post sends a message, compressed.
func post(h http.Handler, v version, message []byte) *httptest.ResponseRecorder {
	return do(h, newRequest(v, snappy.Encode(nil, message)))
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func wantCode(t *testing.T, w *httptest.ResponseRecorder, code int) {
	t.Helper()
	if w.Code != code {
		t.Fatalf("code = %d, want %d; body: %s", w.Code, code, w.Body)
	}
}

func wantText(t *testing.T, w *httptest.ResponseRecorder, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !bytes.Contains(w.Body.Bytes(), []byte(part)) {
			t.Errorf("body = %q, want it to say %q", w.Body, part)
		}
	}
}

var discard = slog.New(slog.DiscardHandler)
