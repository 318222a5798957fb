package otlp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"

	collector "go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"google.golang.org/grpc"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// benchmarkPoints is how many points a request of these benchmarks has, each
// with 5 attributes of its own and 5 of the resource.
const benchmarkPoints = 2000

// BenchmarkTranslate is what the collector's receiver leaves to us.
func BenchmarkTranslate(b *testing.B) {
	md := benchmarkRequest(benchmarkPoints)
	r := testRules()
	b.ReportAllocs()
	for b.Loop() {
		batch, _ := translate(md, r)
		if len(batch.Series) != benchmarkPoints {
			b.Fatal(len(batch.Series))
		}
	}
	perPoint(b)
}

// BenchmarkDecodeUnknown reads points of series that were never seen.
func BenchmarkDecodeUnknown(b *testing.B) {
	body := marshal(b, benchmarkRequest(benchmarkPoints))
	d := decoder{rules: testRules()}
	b.ReportAllocs()
	for b.Loop() {
		batch, _, err := d.decode(body, nil)
		if err != nil || len(batch.Series) != benchmarkPoints {
			b.Fatal(err, len(batch.Series))
		}
	}
	perPoint(b)
}

// BenchmarkDecodeKnown reads points of known series, in both orders of fields.
func BenchmarkDecodeKnown(b *testing.B) {
	descending := marshal(b, benchmarkRequest(benchmarkPoints))
	for order, body := range map[string][]byte{"descending": descending, "ascending": ascending(b, descending)} {
		b.Run(order, func(b *testing.B) {
			d := decoder{rules: testRules()}
			tracker := learnt(b, &d, body)
			b.ReportAllocs()
			for b.Loop() {
				batch, _, err := d.decode(body, tracker.Book().Page())
				if err != nil || len(batch.Samples) != benchmarkPoints {
					b.Fatal(err, len(batch.Samples))
				}
			}
			perPoint(b)
		})
	}
}

// BenchmarkDecodeIgnored reads points that no SLO looks at.
func BenchmarkDecodeIgnored(b *testing.B) {
	body := marshal(b, benchmarkRequest(benchmarkPoints))
	d := decoder{rules: testRules()}
	tracker := sli.NewTracker(sli.Options{})
	ingestUnknown(b, tracker, &d, body)
	b.ReportAllocs()
	for b.Loop() {
		_, receipt, err := d.decode(body, tracker.Book().Page())
		if err != nil || receipt.Accepted != benchmarkPoints {
			b.Fatal(err, receipt)
		}
	}
	perPoint(b)
}

// BenchmarkDecodeHistograms reads points of 15 buckets, 18 series each.
func BenchmarkDecodeHistograms(b *testing.B) {
	const points = 200
	bounds := []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}
	md := request(func(m pmetric.Metric) {
		m.SetName("http.server.requests.duration")
		h := m.SetEmptyHistogram()
		h.SetAggregationTemporality(isCumulative)
		for i := range points {
			p := at(h.DataPoints().AppendEmpty(), 0)
			p.SetCount(30)
			p.SetSum(3)
			p.ExplicitBounds().FromRaw(bounds)
			p.BucketCounts().FromRaw([]uint64{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2})
			p.Attributes().PutStr("http.route", fmt.Sprintf("/route/%d", i))
		}
	}, "service.name", "checkout")
	body := marshal(b, md)
	d := decoder{rules: testRules()}
	tracker := learnt(b, &d, body)
	b.ReportAllocs()
	for b.Loop() {
		batch, _, err := d.decode(body, tracker.Book().Page())
		if err != nil || len(batch.Samples)+len(batch.Series) == 0 || len(batch.Series) > 0 {
			b.Fatal(err, len(batch.Series))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/points, "ns/point")
}

// BenchmarkHTTP sends gzipped requests of known series over loopback. The
// sender only writes bytes that were made before and reads the answer, so
// that the process's time (cpu-ns/point) is nearly the receiver's.
//
// "nop" is the collector's receiver with nobody behind it, which drops what it
// has decoded: what others pay before they have looked at a point.
func BenchmarkHTTP(b *testing.B) {
	body := marshal(b, benchmarkRequest(benchmarkPoints))
	d := decoder{rules: Options{Limits: ingest.DefaultLimits()}.rules()}
	tracker := learnt(b, &d, body)
	request := httpRequest(gzipped(b, body))
	sink := answering(sli.Receipt{Accepted: 1}, nil)
	for _, receiver := range receivers {
		b.Run(receiver, func(b *testing.B) {
			r := listen(b, Options{Receiver: receiver, Book: tracker.Book(), Sink: sink})
			benchmarkHTTP(b, r.HTTPAddr(), request)
		})
	}
	b.Run("nop", func(b *testing.B) { benchmarkHTTP(b, nop(b), request) })
}

// nop starts the collector's receiver and returns its address.
func nop(b *testing.B) string {
	var bound addresses
	o := Options{HTTP: "127.0.0.1:0", Limits: ingest.DefaultLimits()}
	e := newEmbedded(o, slog.New(slog.DiscardHandler), nil, &bound)
	next, err := collector.NewMetrics(func(context.Context, pmetric.Metrics) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	running, err := e.create(b.Context(), next)
	if err != nil {
		b.Fatal(err)
	}
	if err := running.Start(b.Context(), e.host); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = running.Shutdown(context.Background()) })
	return bound.get(httpProtocol)
}

func benchmarkHTTP(b *testing.B, addr string, request []byte) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	answers := bufio.NewReader(conn)
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		exchange(b, conn, answers, request)
	}
	perPoint(b)
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)/benchmarkPoints, "cpu-ns/point")
}

func httpRequest(body []byte) []byte {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: slo\r\nContent-Type: %s\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", metricsPath, protobufType, len(body))
	return append([]byte(head), body...)
}

// exchange sends a request and reads the answer.
func exchange(b *testing.B, conn net.Conn, answers *bufio.Reader, request []byte) {
	if _, err := conn.Write(request); err != nil {
		b.Fatal(err)
	}
	line, err := answers.ReadSlice('\n')
	if err != nil || !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		b.Fatalf("got %q, %v", line, err)
	}
	size := 0
	for len(line) > 2 {
		if line, err = answers.ReadSlice('\n'); err != nil {
			b.Fatal(err)
		}
		if told, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			size = int(told[0] - '0') // nothing was refused, so it is a digit
		}
	}
	if _, err := answers.Discard(size); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkGRPC is BenchmarkHTTP over gRPC, with a real client's share.
func BenchmarkGRPC(b *testing.B) {
	body := marshal(b, benchmarkRequest(benchmarkPoints))
	d := decoder{rules: Options{Limits: ingest.DefaultLimits()}.rules()}
	tracker := learnt(b, &d, body)
	for _, receiver := range receivers {
		b.Run(receiver, func(b *testing.B) {
			r := listen(b, Options{Receiver: receiver, Book: tracker.Book(), Sink: answering(sli.Receipt{Accepted: 1}, nil)})
			conn := dial(b, r.GRPCAddr())
			b.ReportAllocs()
			for b.Loop() {
				var answer []byte
				if err := conn.Invoke(b.Context(), exportMethod, body, &answer, grpc.ForceCodecV2(raw{})); err != nil {
					b.Fatal(err)
				}
			}
			perPoint(b)
		})
	}
}

// learnt returns a tracker that knows the series of a request.
func learnt(tb testing.TB, d *decoder, body []byte) *sli.Tracker {
	tb.Helper()
	tracker := sli.NewTracker(sli.Options{})
	tracker.Replace([]*sli.Program{
		program(tb, "requests", slo.SLI{Ratio: &slo.Ratio{Total: `http_server_requests_total`, Bad: `http_server_requests_total{tls="no"}`}}),
		program(tb, "durations", slo.SLI{Latency: &slo.Latency{Histogram: `http_server_requests_duration`, Below: 100 * time.Millisecond}}),
	}, opening.Add(-time.Hour))
	ingestUnknown(tb, tracker, d, body)
	return tracker
}

func ingestUnknown(tb testing.TB, tracker *sli.Tracker, d *decoder, body []byte) {
	tb.Helper()
	batch, receipt, err := d.decode(body, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tracker.Ingest(batch, opening, &receipt)
	if len(receipt.Rejections) > 0 {
		tb.Fatal(receipt)
	}
}

func perPoint(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchmarkPoints, "ns/point")
}

// cpuTime is what this process has used.
func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func benchmarkRequest(points int) pmetric.Metrics {
	return request(func(m pmetric.Metric) {
		aSum(m, "http.server.requests", isCumulative).SetIntValue(1)
		first := at(m.Sum().DataPoints().At(0), 0)
		for i := range points {
			p := first
			if i > 0 {
				p = m.Sum().DataPoints().AppendEmpty()
				first.CopyTo(p)
			}
			benchmarkAttributes(p.Attributes(), i)
		}
	}, "service.name", "checkout", "service.namespace", "shop", "service.instance.id", "pod-1", "k8s.namespace.name", "prod", "k8s.pod.name", "checkout-1")
}

func benchmarkAttributes(a pcommon.Map, i int) {
	a.Clear()
	a.PutStr("http.request.method", "GET")
	a.PutInt("http.response.status_code", int64(200+i%5))
	a.PutStr("http.route", fmt.Sprintf("/route/%d", i))
	a.PutStr("server.address", "checkout")
	a.PutBool("tls", true)
}
