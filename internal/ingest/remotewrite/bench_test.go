package remotewrite

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"net"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

const (
	benchRequests = 50
	benchSeries   = 2000 // in each request: what one Prometheus shard sends at once
)

// scrape is a request of one sample of each of 2,000 series, which have ten
// labels each. No two requests share a series.
func scrape(request int) []sent {
	series := make([]sent, benchSeries)
	for i := range series {
		pod := request*benchSeries/200 + i/200
		series[i] = sent{
			labels: []string{
				"__name__", "http_requests_total", "cluster", "eu-1", "code", fmt.Sprint(200 + i%5*100),
				"container", "server", "handler", fmt.Sprint("/api/v1/route/", i/5%40),
				"instance", fmt.Sprintf("10.0.%d.%d:8080", pod/250, pod%250),
				"job", "checkout", "method", "GET", "namespace", "shop", "pod", fmt.Sprint("checkout-7c9f-", pod),
			},
			points: []sentPoint{{time: benchTime.UnixMilli(), value: float64(1000 + i)}},
			family: writev2.Metadata_METRIC_TYPE_COUNTER,
		}
	}
	return series
}

var benchTime = time.Unix(1_700_000_000, 0)

// scrapes are compressed requests.
func scrapes(b *testing.B, v version) [][]byte {
	b.Helper()
	requests := make([][]byte, benchRequests)
	for i := range requests {
		requests[i] = snappy.Encode(nil, encode(b, v, scrape(i)...))
	}
	return requests
}

// decompress is what a request is read with.
func decompress(b *testing.B) func([]byte) []byte {
	body := newBodyPool(ingest.DefaultLimits()).get()
	return func(compressed []byte) []byte {
		message, err := body.decompress(compressed)
		if err != nil {
			b.Fatal(err)
		}
		return message
	}
}

// perSample reports wall time and, from when it is called to when the result
// is, the process's CPU time: of the two, the one that a busy machine changes
// least.
func perSample(b *testing.B) (done func()) {
	before := cpuTime(b)
	return func() {
		n := float64(b.N * benchSeries)
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/sample")
		b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/n, "cpu-ns/sample")
	}
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkBare1 is what cannot be saved: to decompress, to find the labels' end,
// to hash them, to look the hash up. The series' memory is not touched.
func BenchmarkBare1(b *testing.B) {
	requests, known := scrapes(b, version1), map[uint64]int{}
	seed, message := maphash.MakeSeed(), decompress(b)
	walk := func(request []byte, each func(hash uint64)) {
		message := message(request)
		for at := 0; at < len(message); {
			n, k := binary.Uvarint(message[at+1:])
			series := message[at+1+k : at+1+k+int(n)]
			end := 0
			for series[end] == 10 {
				end += 2 + int(series[end+1])
			}
			each(maphash.Bytes(seed, series[:end]))
			at += 1 + k + int(n)
		}
	}
	for _, request := range requests {
		walk(request, func(hash uint64) { known[hash] = len(known) })
	}
	b.ReportAllocs()
	n, sum := 0, 0
	done := perSample(b)
	for b.Loop() {
		walk(requests[n%benchRequests], func(hash uint64) { sum += known[hash] })
		n++
	}
	done()
}

// BenchmarkLibrary1 and BenchmarkLibrary2 are what Prometheus does first with
// the same requests.
func BenchmarkLibrary1(b *testing.B) {
	benchmarkLibrary(b, version1, func() unmarshaler { return &prompb.WriteRequest{} })
}

func BenchmarkLibrary2(b *testing.B) {
	benchmarkLibrary(b, version2, func() unmarshaler { return &writev2.Request{} })
}

type unmarshaler interface{ Unmarshal([]byte) error }

func benchmarkLibrary(b *testing.B, v version, empty func() unmarshaler) {
	requests, message := scrapes(b, v), decompress(b)
	b.ReportAllocs()
	n := 0
	done := perSample(b)
	for b.Loop() {
		if err := empty().Unmarshal(message(requests[n%benchRequests])); err != nil {
			b.Fatal(err)
		}
		n++
	}
	done()
}

// benchmarkDecode decodes requests of 100,000 series in turn: of series that
// are known, or of series that nobody has heard of.
func benchmarkDecode(b *testing.B, v version, warm bool) {
	requests, pool := scrapes(b, v), newDecoderPool(ingest.DefaultLimits())
	message := decompress(b)
	tracker := newTracker(b, benchTime, requestErrors)
	decode := func(request []byte) (read int) {
		d := pool.get()
		defer pool.put(d)
		if warm {
			d.page = tracker.Book().Page()
		}
		if err := d.decode(v, message(request)); err != nil {
			b.Fatal(err)
		}
		if read = len(d.batch.Series); warm && read > 0 {
			tracker.count(&d.batch)
		}
		return read
	}
	for _, request := range requests {
		decode(request)
	}
	b.ReportAllocs()
	n, read := 0, 0
	done := perSample(b)
	for b.Loop() {
		read += decode(requests[n%benchRequests])
		n++
	}
	done()
	if warm == (read > 0) {
		b.Fatalf("%d series were read", read)
	}
}

func BenchmarkDecode1Cold(b *testing.B) { benchmarkDecode(b, version1, false) }
func BenchmarkDecode1Warm(b *testing.B) { benchmarkDecode(b, version1, true) }
func BenchmarkDecode2Cold(b *testing.B) { benchmarkDecode(b, version2, false) }
func BenchmarkDecode2Warm(b *testing.B) { benchmarkDecode(b, version2, true) }

// benchmarkServe sends requests of 100,000 known series over loopback. The
// time includes the sender's share of the sockets, and nothing that counts.
func benchmarkServe(b *testing.B, v version) {
	tracker := newTracker(b, benchTime, requestErrors)
	handler := New(Options{Sink: tracker, Book: tracker.Book()})
	server := httptest.NewServer(handler)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()

	var requests [][]byte
	for _, body := range scrapes(b, v) {
		head := fmt.Sprintf("POST /api/v1/write HTTP/1.1\r\nHost: engine\r\nUser-Agent: Prometheus/3.15.0\r\nContent-Type: %s\r\n"+
			"Content-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: %s\r\nContent-Length: %d\r\n\r\n", contentType(v), v, len(body))
		requests = append(requests, append([]byte(head), body...))
	}
	answers := bufio.NewReader(conn)
	send := func(request []byte) {
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		if line, err := answers.ReadSlice('\n'); err != nil || string(line) != "HTTP/1.1 204 No Content\r\n" {
			b.Fatalf("answer %q, %v", line, err)
		}
		for line := []byte(nil); len(line) != len("\r\n"); {
			if line, err = answers.ReadSlice('\n'); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, request := range requests {
		send(request)
	}
	tracker.ready = true
	b.ReportAllocs()
	n := 0
	done := perSample(b)
	for b.Loop() {
		send(requests[n%benchRequests])
		n++
	}
	done()
}

func BenchmarkServe1(b *testing.B) { benchmarkServe(b, version1) }
func BenchmarkServe2(b *testing.B) { benchmarkServe(b, version2) }
