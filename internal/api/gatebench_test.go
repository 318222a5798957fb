package api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/pkg/gate"
)

// prepared are gates that answer from a map, so that what is measured is what HTTP
// costs.
type prepared struct {
	*apitest.Gates
	verdicts map[string]gate.Verdict
}

func (p prepared) Ask(_ context.Context, r gate.Request) gate.Verdict { return p.verdicts[r.Service] }

// preparedGates know many services, all of them denied, which is the longest answer.
func preparedGates(n int) prepared {
	p := prepared{apitest.NewGates(), map[string]gate.Verdict{}}
	usual := p.Gates.Ask(context.Background(), gate.Request{Service: apitest.SaysDeny, Version: "v2"})
	for i := range n {
		v := usual
		v.Request.Service = fmt.Sprintf("service-%05d", i)
		v.ID = fmt.Sprintf("%016x", i)
		p.verdicts[v.Request.Service] = v
	}
	return p
}

func benchmarkGate(b *testing.B, method, path string, body func(service string) string) {
	for _, services := range []int{10, 10_000} {
		h := New(Options{Snapshot: at(shop()), Gates: preparedGates(services), Registerer: prometheus.NewRegistry()})
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			benchmarkHTTP(b, h, func(c *raw, n int64) {
				service := fmt.Sprintf("service-%05d", n%int64(services))
				if body == nil {
					c.exchange(b, method, path+service, "")
				} else {
					c.exchange(b, method, path, body(service))
				}
			})
		})
	}
}

// benchmarkHTTP asks over connections that are kept. cpu-ns/answer is what server
// and client cost together, whatever else runs on the machine.
func benchmarkHTTP(b *testing.B, h http.Handler, ask func(c *raw, n int64)) {
	server := httptest.NewServer(h)
	defer server.Close()
	var asked atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		c := dial(b, server.Listener.Addr().String())
		defer c.Close()
		for pb.Next() {
			ask(c, asked.Add(1))
		}
	})
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/answer")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkBareHTTP is what cannot be saved: the client, the network and net/http.
func BenchmarkBareHTTP(b *testing.B) {
	body := []byte(long(2000))
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	benchmarkHTTP(b, h, func(c *raw, _ int64) { c.exchange(b, "GET", "/", "") })
}

// The client shares the processors with the server, so it does as little as it can:
// it writes bytes, and reads as many as come.
func BenchmarkGateHTTP(b *testing.B) {
	benchmarkGate(b, "GET", "/api/v1/gate?environment=prod&version=v2&service=", nil)
}

func BenchmarkGateFlaggerHTTP(b *testing.B) {
	benchmarkGate(b, "POST", "/api/v1/gate/flagger?hook=rollback", func(service string) string {
		return `{"name":"podinfo","namespace":"test","phase":"Progressing","metadata":{"service":"` + service + `"}}`
	})
}

func BenchmarkGateAdmissionHTTP(b *testing.B) {
	benchmarkGate(b, "POST", "/api/v1/gate/admission", func(service string) string {
		return reviewed{object: deployment(service, "a:1", "", "")}.body()
	})
}

// The same without a network.
func BenchmarkGateHandler(b *testing.B) {
	h := New(Options{Snapshot: at(shop()), Gates: preparedGates(10)})
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(discard{http.Header{}, new(int64)}, httptest.NewRequest("GET", "/api/v1/gate?service=service-00001", nil))
	}
}

// raw is one connection that is kept.
type raw struct {
	net.Conn
	in  *bufio.Reader
	out bytes.Buffer
}

func dial(tb testing.TB, address string) *raw {
	c, err := net.Dial("tcp", address)
	if err != nil {
		tb.Error(err)
		tb.FailNow()
	}
	return &raw{Conn: c, in: bufio.NewReaderSize(c, 16<<10)}
}

// exchange sends a request and reads its whole answer, which must be a success or a
// refusal with a length.
func (c *raw) exchange(tb testing.TB, method, target, body string) {
	c.out.Reset()
	fmt.Fprintf(&c.out, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", method, target, len(body), body)
	if _, err := c.Write(c.out.Bytes()); err != nil {
		tb.Fatal(err)
	}
	length := -1
	for n := 0; ; n++ {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			tb.Fatal(err)
		}
		if n == 0 && !bytes.Contains(line, []byte(" 200 ")) {
			tb.Fatalf("answer is %s", line)
		}
		if rest, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			fmt.Sscan(string(rest), &length)
		}
		if len(line) == 2 {
			break
		}
	}
	if length < 0 {
		tb.Fatal("answer has no length")
	}
	if _, err := c.in.Discard(length); err != nil {
		tb.Fatal(err)
	}
}

// A client that reads slowly, or not at all, holds up nobody.
func TestGateSlowReader(t *testing.T) {
	server := httptest.NewServer(New(Options{Snapshot: at(shop()), Gates: preparedGates(1)}))
	defer server.Close()
	slow := dial(t, server.Listener.Addr().String())
	defer slow.Close()
	if _, err := io.WriteString(slow, strings.Repeat("GET /api/v1/gate?service=service-00000 HTTP/1.1\r\nHost: localhost\r\n\r\n", 2000)); err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 30 * time.Second}
	r, err := client.Get(server.URL + "/api/v1/gate?service=service-00000")
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%v, %v", r, err)
	}
	r.Body.Close()
}
