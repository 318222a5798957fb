package remotewrite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

var versions = []version{version1, version2}

func encode(t testing.TB, v version, series ...sent) []byte {
	t.Helper()
	if v == version2 {
		return encode2(t, series...)
	}
	return encode1(t, series...)
}

func TestHeaders(t *testing.T) {
	for _, test := range []struct {
		method, contentType, encoding string
		code                          int
		says                          []string
	}{
		{"POST", "application/x-protobuf", "snappy", 204, nil},
		{"POST", "application/x-protobuf", "Snappy", 204, nil},
		{"POST", "Application/X-Protobuf; proto=prometheus.WriteRequest", "snappy", 204, nil},
		{"POST", `application/x-protobuf; charset=x; proto="io.prometheus.write.v2.Request"`, "snappy", 204, nil},
		{"GET", "application/x-protobuf", "snappy", 405, []string{"POST"}},
		{"PUT", "application/x-protobuf", "snappy", 405, []string{"POST"}},
		{"POST", "", "snappy", 415, []string{`""`, "application/x-protobuf", "io.prometheus.write.v2.Request"}},
		{"POST", "application/json", "snappy", 415, []string{"application/json", "prometheus.WriteRequest"}},
		{"POST", "application/x-protobuf;proto=io.prometheus.write.v3.Request", "snappy", 415, []string{"write.v3", "write.v2"}},
		{"POST", "application/x-protobuf;proto", "snappy", 415, []string{"io.prometheus.write.v2.Request"}},
		{"POST", "application/x-protobuf", "", 415, []string{"snappy"}},
		{"POST", "application/x-protobuf", "zstd", 415, []string{"zstd", "snappy"}},
		{"POST", "application/x-protobuf", "gzip", 415, []string{"gzip", "snappy"}},
	} {
		name := fmt.Sprintf("%s %s %s", test.method, test.contentType, test.encoding)
		t.Run(name, func(t *testing.T) {
			r := newRequest(version1, snappy.Encode(nil, nil))
			r.Method = test.method
			r.Header.Set("Content-Type", test.contentType)
			r.Header.Set("Content-Encoding", test.encoding)
			w := do(New(Options{Sink: &sink{}}), r)
			wantCode(t, w, test.code)
			wantText(t, w, test.says...)
			if allow := w.Header().Get("Allow"); test.code == 405 && allow != "POST" {
				t.Errorf("Allow = %q, want POST", allow)
			}
		})
	}
}

func TestBodyLimits(t *testing.T) {
	limits := ingest.DefaultLimits()
	limits.MaxBodyBytes, limits.MaxDecodedBytes = 1000, 2000
	valid := snappy.Encode(nil, encode1(t, up()))
	declares := func(n uint64, rest ...byte) []byte {
		return append(varint(n), rest...)
	}
	for _, test := range []struct {
		name    string
		body    []byte
		chunked bool
		code    int
		says    string
	}{
		{"fits", valid, false, 204, ""},
		{"content length", make([]byte, 1001), false, 413, "max_body_bytes (1000)"},
		{"chunked", make([]byte, 1001), true, 413, "max_body_bytes (1000)"},
		{"decoded", snappy.Encode(nil, make([]byte, 2001)), false, 413, "max_decoded_bytes (2000)"},
		{"forged, over the limit", declares(1<<31, 0, 1), false, 413, "2147483648 bytes"},
		{"forged, more than can be", declares(1<<40, 0, 1), false, 400, "not a snappy block"},
		{"forged, within the limit", declares(2000, 0, 1), false, 400, "declares 2000 bytes"},
		{"truncated", valid[:len(valid)-3], false, 400, "not a snappy block"},
		{"empty", nil, false, 400, "not a snappy block"},
		{"not snappy", []byte("hello, this is text"), false, 400, "snappy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &sink{}
			r := newRequest(version1, test.body)
			if test.chunked {
				r.ContentLength = -1
			}
			w := do(New(Options{Sink: s, Limits: limits}), r)
			wantCode(t, w, test.code)
			wantText(t, w, test.says)
			if test.code != 204 && len(s.batches) > 0 {
				t.Error("the sink was called")
			}
		})
	}
}

func varint(n uint64) (b []byte) {
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// TestForgedLengthCostsNothing sends a small body that claims to be large.
func TestForgedLengthCostsNothing(t *testing.T) {
	body := append(varint(60<<20), 0, 1)
	h := New(Options{Sink: &sink{}})
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			do(h, newRequest(version1, body))
		}
	})
	if got := result.AllocedBytesPerOp(); got > 1<<20 {
		t.Errorf("a forged length of 60 MiB allocates %d bytes", got)
	}
}

// TestDenseRequestIsBounded: two bytes of protobuf can be a sample, so that
// the bound on bytes is none on memory.
func TestDenseRequestIsBounded(t *testing.T) {
	limits := ingest.DefaultLimits()
	limits.MaxDecodedBytes = 1 << 20
	// One series, of half a million empty samples.
	series := bytes.Repeat([]byte{2<<3 | 2, 0}, 500_000)
	for v, field := range map[version]byte{version1: 1, version2: 5} {
		message := append(append([]byte{field<<3 | 2}, varint(uint64(len(series)))...), series...)
		w := post(New(Options{Sink: &sink{}, Limits: limits}), v, message)
		wantCode(t, w, 413)
		wantText(t, w, "memory", "4 times max_decoded_bytes")
	}
}

// TestAnnouncedLengthIsNotRead: reading this body would fail.
func TestAnnouncedLengthIsNotRead(t *testing.T) {
	r := newRequest(version1, nil)
	r.Body, r.ContentLength = io.NopCloser(errReader{}), ingest.DefaultLimits().MaxBodyBytes+1
	wantCode(t, do(New(Options{Sink: &sink{}}), r), 413)
}

func TestBrokenConnectionMayBeRetried(t *testing.T) {
	r := newRequest(version1, nil)
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("abc"), errReader{}))
	r.ContentLength = -1
	wantCode(t, do(New(Options{Sink: &sink{}}), r), 503)
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestNothingToCount(t *testing.T) {
	metadata1 := []byte{3<<3 | 2, 2, 1 << 3, 1} // WriteRequest.metadata
	for _, test := range []struct {
		name    string
		version version
		message []byte
	}{
		{"empty 1.0", version1, nil},
		{"empty 2.0", version2, nil},
		{"metadata only 1.0", version1, metadata1},
		{"metadata only 2.0", version2, encode2(t, sent{labels: []string{"__name__", "up"}, family: 2})},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &sink{}
			w := post(New(Options{Sink: s}), test.version, test.message)
			wantCode(t, w, 204)
			if len(s.batches) != 0 {
				t.Errorf("sink got %v", s.batches)
			}
		})
	}
}

func TestSinkErrors(t *testing.T) {
	for _, test := range []struct {
		err   error
		code  int
		retry bool
	}{
		{ingest.ErrBusy, 503, true},
		{fmt.Errorf("shard 3: %w", ingest.ErrBusy), 503, true},
		{context.Canceled, 503, true},
		{context.DeadlineExceeded, 503, true},
		{errors.New("disk full"), 500, false},
	} {
		for _, v := range versions {
			t.Run(fmt.Sprint(test.err, " ", v), func(t *testing.T) {
				registry := prometheus.NewRegistry()
				h := New(Options{Sink: &sink{err: test.err}, Registerer: registry})
				w := post(h, v, encode(t, v, up(), up("", "bad")))
				wantCode(t, w, test.code)
				after, err := strconv.Atoi(w.Header().Get("Retry-After"))
				if test.retry && (err != nil || after < 1 || after > 5) {
					t.Errorf("Retry-After = %q, want 1 to 5", w.Header().Get("Retry-After"))
				}
				if n, _ := testutil.GatherAndCount(registry, "slo_engine_remote_write_refused_points_total"); n != 0 {
					t.Error("points of a request that will be sent again are counted as refused")
				}
			})
		}
	}
}

func TestAnswerOfTheSink(t *testing.T) {
	refuse := func(reason sli.Reason, points int) func(*sli.Batch) sli.Receipt {
		return func(*sli.Batch) sli.Receipt {
			return sli.Receipt{Rejections: []sli.Rejection{{Reason: reason, Points: points, Example: `up{job="a"}`}}}
		}
	}
	for _, test := range []struct {
		name    string
		receipt func(*sli.Batch) sli.Receipt
		code    int
		written string
		says    []string
	}{
		{"all taken", nil, 204, "3", nil},
		{"ignored", refuse(sli.ReasonDuplicate, 3), 204, "3", nil},
		{"one refused", refuse(sli.ReasonTooOld, 1), 400, "2",
			[]string{"1 sample was refused: too_old", `up{job="a"}`, "2 samples were taken all the same"}},
		{"all refused", refuse(sli.ReasonNotANumber, 3), 400, "0",
			[]string{"3 samples were refused: not_a_number", "nothing else was in this request"}},
		{"more than there were", refuse(sli.ReasonInFuture, 99), 400, "0", []string{"in_future"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := New(Options{Sink: &sink{receipt: test.receipt}})
			for _, v := range versions {
				w := post(h, v, encode(t, v, up(), up("x", "1"), up("x", "2")))
				wantCode(t, w, test.code)
				wantText(t, w, test.says...)
				got := w.Header().Get("X-Prometheus-Remote-Write-Samples-Written")
				want := map[version]string{version2: test.written}[v]
				if got != want {
					t.Errorf("%s: samples written = %q, want %q", v, got, want)
				}
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	h := New(Options{Sink: &sink{}, Registerer: registry})
	post(h, version1, encode1(t, up()))
	post(h, version2, encode2(t, up(), up("", "x")))
	post(h, version2, []byte("nonsense"))
	do(h, newRequest("", nil))
	want := `
# HELP slo_engine_remote_write_refused_points_total Points refused by the remote write receiver before they reached the engine, by reason.
# TYPE slo_engine_remote_write_refused_points_total counter
slo_engine_remote_write_refused_points_total{reason="bad_labels"} 1
# HELP slo_engine_remote_write_requests_total Remote write requests, by protocol version and the HTTP code they were answered with.
# TYPE slo_engine_remote_write_requests_total counter
slo_engine_remote_write_requests_total{code="204",version="1.0"} 1
slo_engine_remote_write_requests_total{code="400",version="1.0"} 1
slo_engine_remote_write_requests_total{code="400",version="2.0"} 2
`
	err := testutil.GatherAndCompare(registry, strings.NewReader(want),
		"slo_engine_remote_write_refused_points_total", "slo_engine_remote_write_requests_total")
	if err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "slo_engine_remote_write_request_seconds"); n != 1 || err != nil {
		t.Errorf("request_seconds: %d series, %v", n, err)
	}
}

// TestWrittenHeaders sends samples and histograms, good and bad.
func TestWrittenHeaders(t *testing.T) {
	bad := nativeWhole()
	bad.Count++
	mixed := []sent{
		up(),
		{labels: []string{"__name__", "h"}, points: []sentPoint{{time: 1, whole: nativeWhole()}, {time: 2, whole: bad}}},
		{labels: []string{"__name__", "f"}, points: []sentPoint{{time: 1, float: nativeFloat()}}},
		{labels: []string{"no", "name"}, points: []sentPoint{{time: 1, value: 1}, {time: 2, whole: nativeWhole()}}},
	}
	w := post(New(Options{Sink: &sink{}}), version2, encode2(t, mixed...))
	wantCode(t, w, http.StatusBadRequest)
	wantText(t, w, "bad_value", "bad_labels", "3 samples were taken")
	for header, want := range map[string]string{"Samples": "1", "Histograms": "2", "Exemplars": "0"} {
		if got := w.Header().Get("X-Prometheus-Remote-Write-" + header + "-Written"); got != want {
			t.Errorf("%s written = %q, want %q", header, got, want)
		}
	}
}

func TestApportion(t *testing.T) {
	for _, test := range []struct {
		carried count
		refused int
		want    count
	}{
		{count{10, 0}, 3, count{3, 0}},
		{count{0, 10}, 3, count{0, 3}},
		{count{30, 10}, 4, count{3, 1}},
		{count{1, 1}, 1, count{1, 0}},
		{count{1, 1}, 5, count{1, 1}},
		{count{}, 5, count{}},
	} {
		if got := test.carried.part(test.refused); got != test.want {
			t.Errorf("%+v.part(%d) = %+v, want %+v", test.carried, test.refused, got, test.want)
		}
	}
}

// TestConcurrentRequests: each sees its own series, whatever is reused.
func TestConcurrentRequests(t *testing.T) {
	check := func(_ context.Context, b *sli.Batch) (sli.Receipt, error) {
		for _, s := range b.Series {
			if s.Labels.Get("n") != b.Series[0].Labels.Get("n") || s.Labels.Has("__replica__") {
				return sli.Receipt{}, fmt.Errorf("batch of one sender holds %v", s.Labels)
			}
		}
		return sli.Receipt{}, nil
	}
	h := New(Options{Sink: ingest.SinkFunc(check)})
	var senders sync.WaitGroup
	for i := range 8 {
		senders.Go(func() {
			v, n := versions[i%2], fmt.Sprint(i)
			message := encode(t, v, up("n", n), up("n", n, "cluster", n, "__replica__", "a"), up("n", n, "x", "y"))
			for range 100 {
				if w := post(h, v, message); w.Code != http.StatusNoContent {
					t.Errorf("code %d: %s", w.Code, w.Body)
				}
			}
		})
	}
	senders.Wait()
}
