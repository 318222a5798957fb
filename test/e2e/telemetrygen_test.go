package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/slo-engine/slo-engine/test/lab"
)

// telemetrygenSLOs read what telemetrygen makes of --otlp-metric-name
// checkout.requests, checkout.duration and checkout.wait.
const telemetrygenSLOs = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: sum}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli:
    ratio:
      total: checkout_requests_total
      bad: checkout_requests_total{code="500"}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: histogram}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli: {latency: {histogram: checkout_duration, below: 500ms, unit: ms}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: exponential}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli: {latency: {histogram: checkout_wait, below: 256ms, unit: ms}}
`

// Telemetrygen's sum has the values 0, 1, 2, … of its loop, its histograms
// those of a table or of dice: a tap between it and the engine tells what
// really went over the wire.
func TestCountsEqualWhatTelemetrygenSent(t *testing.T) {
	for protocol, open := range map[string]func(*testing.T, *tap, *running) []string{"grpc": tapGRPC, "http": tapHTTP} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			r := start(t, settings{SLOs: telemetrygenSLOs})
			tap := &tap{}
			to := open(t, tap, r)

			said := generate(t, to, "Sum", "checkout.requests", "cumulative", 60, `code="200"`) - 1
			failed := generate(t, to, "Sum", "checkout.requests", "cumulative", 20, `code="500"`) - 1
			r.awaitCounts(t, map[string]count{"sum": {said, failed}})

			n := generate(t, to, "Sum", "checkout.requests", "delta", 30, `code="200"`)
			said += n * (n - 1) / 2
			n = generate(t, to, "Sum", "checkout.requests", "delta", 10, `code="500"`)
			failed += n * (n - 1) / 2
			r.awaitCounts(t, map[string]count{"sum": {said, failed}})

			generate(t, to, "Histogram", "checkout.duration", "delta", 25, `code="200"`)
			generate(t, to, "ExponentialHistogram", "checkout.wait", "delta", 25, `code="200"`)
			histogram, exponential := tap.explicit(500), tap.exponential(256)
			if histogram.Good == 0 || histogram.Bad == 0 || exponential.Good == 0 || exponential.Bad == 0 {
				t.Fatalf("telemetrygen sent %v and %v: nothing to tell apart", histogram, exponential)
			}
			r.awaitCounts(t, map[string]count{"sum": {said, failed}, "histogram": histogram, "exponential": exponential})
		})
	}
}

var generated = regexp.MustCompile(`metrics generated.*"metrics": (\d+)`)

// generate runs telemetrygen and returns how many metrics it says it made.
func generate(t *testing.T, to []string, kind, name, temporality string, n int, attribute string) float64 {
	t.Helper()
	output := lab.Telemetrygen(t, append([]string{
		"metrics", "--otlp-insecure", "--metric-type", kind, "--otlp-metric-name", name,
		"--aggregation-temporality", temporality, "--metrics", strconv.Itoa(n), "--rate", "100",
		"--batch-size", "7", "--service", "checkout", "--telemetry-attributes", attribute,
	}, to...)...)
	said := generated.FindStringSubmatch(output)
	if said == nil {
		t.Fatalf("telemetrygen does not say what it sent:\n%s", output)
	}
	made, err := strconv.ParseFloat(said[1], 64)
	if err != nil || made != float64(n) {
		t.Fatalf("telemetrygen made %s metrics, not %d", said[1], n)
	}
	return made
}

// tap sits between a sender and the engine and keeps what passes.
type tap struct {
	pmetricotlp.UnimplementedGRPCServer
	next pmetricotlp.GRPCClient

	mu   sync.Mutex
	seen []pmetric.Metrics
}

// Export implements pmetricotlp.GRPCServer.
func (p *tap) Export(ctx context.Context, request pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	answer, err := p.next.Export(ctx, request)
	if err == nil {
		p.keep(request.Metrics())
	}
	return answer, err
}

func (p *tap) keep(m pmetric.Metrics) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := pmetric.NewMetrics()
	m.CopyTo(kept)
	p.seen = append(p.seen, kept)
}

func (p *tap) each(visit func(pmetric.Metric)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.seen {
		for _, resource := range m.ResourceMetrics().All() {
			for _, scope := range resource.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					visit(metric)
				}
			}
		}
	}
}

// explicit counts the events of delta histograms against one of their bounds.
func (p *tap) explicit(below float64) (c count) {
	p.each(func(m pmetric.Metric) {
		if m.Type() != pmetric.MetricTypeHistogram {
			return
		}
		for _, point := range m.Histogram().DataPoints().All() {
			for i, n := range point.BucketCounts().All() {
				if i < point.ExplicitBounds().Len() && point.ExplicitBounds().At(i) <= below {
					c.Good += float64(n)
				} else {
					c.Bad += float64(n)
				}
			}
		}
	})
	return c
}

// exponential is as explicit; a bucket that straddles the bound is bad.
func (p *tap) exponential(below float64) (c count) {
	p.each(func(m pmetric.Metric) {
		if m.Type() != pmetric.MetricTypeExponentialHistogram {
			return
		}
		for _, point := range m.ExponentialHistogram().DataPoints().All() {
			c.Good += float64(point.ZeroCount())
			for i, n := range point.Positive().BucketCounts().All() {
				exponent := float64(int(point.Positive().Offset()) + i + 1)
				if upper := math.Exp2(exponent * math.Exp2(-float64(point.Scale()))); upper <= below*(1+1e-12) {
					c.Good += float64(n)
				} else {
					c.Bad += float64(n)
				}
			}
		}
	})
	return c
}

// tapGRPC opens a tap for gRPC and returns telemetrygen's flags to use it.
func tapGRPC(t *testing.T, p *tap, r *running) []string {
	t.Helper()
	connection, err := grpc.NewClient(r.App.OTLPGRPC(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	p.next = pmetricotlp.NewGRPCClient(connection)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pmetricotlp.RegisterGRPCServer(server, p)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.GracefulStop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return []string{"--otlp-endpoint", listener.Addr().String()}
}

// tapHTTP is as tapGRPC.
func tapHTTP(t *testing.T, p *tap, r *running) []string {
	t.Helper()
	engine := &url.URL{Scheme: "http", Host: r.App.OTLPHTTP()}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Transport: &http.Transport{DisableKeepAlives: true},
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(engine)
			body, err := io.ReadAll(request.In.Body)
			if err != nil {
				t.Errorf("read what telemetrygen sends: %v", err)
			}
			request.Out.Body = io.NopCloser(bytes.NewReader(body))
			p.keepHTTP(t, body, request.In.Header.Get("Content-Encoding"))
		},
	})
	t.Cleanup(server.Close)
	return []string{"--otlp-http", "--otlp-endpoint", strings.TrimPrefix(server.URL, "http://")}
}

func (p *tap) keepHTTP(t *testing.T, body []byte, encoding string) {
	if encoding == "gzip" {
		unzip, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(unzip)
		}
		if err != nil {
			t.Errorf("unzip what telemetrygen sends: %v", err)
		}
	}
	request := pmetricotlp.NewExportRequest()
	if err := request.UnmarshalProto(body); err != nil {
		t.Errorf("read what telemetrygen sends: %v", err)
		return
	}
	p.keep(request.Metrics())
}
