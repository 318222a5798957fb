package demo

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// receivers stand in for the engine's three receivers: they keep the newest
// value of each series, as a cumulative counter wants it.
type receivers struct {
	collector.UnimplementedMetricsServiceServer
	write, otlpHTTP *httptest.Server
	otlpGRPC        string

	mu     sync.Mutex
	newest map[string]counts // by series, as "signal version code"
	pushes map[string]int    // by protocol
}

func newReceivers(t *testing.T) *receivers {
	t.Helper()
	r := &receivers{newest: make(map[string]counts), pushes: make(map[string]int)}
	r.write = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		r.takeWrite(t, req)
	}))
	r.otlpHTTP = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		r.takeHTTP(t, req)
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collector.RegisterMetricsServiceServer(server, r)
	r.otlpGRPC = listener.Addr().String()
	var running sync.WaitGroup
	running.Go(func() { server.Serve(listener) })
	t.Cleanup(func() {
		server.Stop()
		running.Wait()
		r.write.Close()
		r.otlpHTTP.Close()
	})
	return r
}

// premises are those of a shop with a gateway of its own.
func premises(t *testing.T) *Premises {
	t.Helper()
	p, err := Rent(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func (r *receivers) options(t *testing.T) Options {
	return Options{
		Premises:  premises(t),
		EngineURL: r.write.URL, OTLPGRPC: r.otlpGRPC,
		OTLPHTTP: strings.TrimPrefix(r.otlpHTTP.URL, "http://"), Seed: 7,
	}
}

func (r *receivers) takeWrite(t *testing.T, req *http.Request) {
	request := decodeWrite(t, req)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pushes["write"]++
	for _, s := range request.Timeseries {
		labels := make(map[string]string)
		for _, l := range s.Labels {
			labels[l.Name] = l.Value
		}
		if labels["__name__"] == "gateway_requests_total" {
			key := strings.Join([]string{"gateway", labels["version"], labels["route"], labels["code"]}, " ")
			r.newest[key] = counts{total: s.Samples[0].Value}
		}
	}
}

func (r *receivers) takeHTTP(t *testing.T, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Error(err)
	}
	request := new(collector.ExportMetricsServiceRequest)
	if err := proto.Unmarshal(body, request); err != nil {
		t.Error(err)
	}
	r.take("http", request)
}

// Export takes OTLP over gRPC.
func (r *receivers) Export(_ context.Context, request *collector.ExportMetricsServiceRequest) (*collector.ExportMetricsServiceResponse, error) {
	r.take("grpc", request)
	return &collector.ExportMetricsServiceResponse{}, nil
}

func (r *receivers) take(protocol string, request *collector.ExportMetricsServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pushes[protocol]++
	for _, resource := range request.GetResourceMetrics() {
		for _, scope := range resource.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				for _, p := range m.GetSum().GetDataPoints() {
					r.newest[m.GetName()+" "+key(p.GetAttributes())] = counts{total: float64(p.GetAsInt())}
				}
				for _, p := range m.GetHistogram().GetDataPoints() {
					c := counts{total: float64(p.GetCount())}
					for i, bound := range p.GetExplicitBounds() {
						if bound <= slowAbove {
							c.good += float64(p.GetBucketCounts()[i])
						}
					}
					r.newest[m.GetName()+" "+key(p.GetAttributes())] = c
				}
			}
		}
	}
}

func key(attributes []*common.KeyValue) string {
	values := make(map[string]string)
	for _, a := range attributes {
		values[a.GetKey()] = a.GetValue().GetStringValue()
		if a.GetKey() == "http.response.status_code" && a.GetValue().GetIntValue() >= 500 {
			values[a.GetKey()] = "503"
		}
	}
	return strings.Join([]string{values["service.version"], values["http.route"], values["http.response.status_code"]}, " ")
}

// sum adds up the newest values of the series with this prefix.
func (r *receivers) sum(prefix string) (c counts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, value := range r.newest {
		if strings.HasPrefix(name, prefix) {
			c = c.add(value)
			if prefix != "http.server.request.duration" && !strings.HasSuffix(name, "503") {
				c.good += value.total
			}
		}
	}
	return c
}
