package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
	"github.com/slo-engine/slo-engine/bench/report"
)

// otlpHTTP is the cost of a point over HTTP, compressed with gzip.
func otlpHTTP(t *testing.T, size scale) []report.Row {
	return otlp(t, size, "OTLP over HTTP, gzip",
		func(t *testing.T, _ string, http string, load *payload.Load) sender {
			return post(t, http+"/v1/metrics", load.Header())
		})
}

// otlpGRPC is the cost of a point over gRPC, compressed with gzip.
func otlpGRPC(t *testing.T, size scale) []report.Row {
	return otlp(t, size, "OTLP over gRPC, gzip",
		func(t *testing.T, grpc, _ string, _ *payload.Load) sender { return export(t, grpc) })
}

// otlp compares the engine with a collector that drops what it decoded.
func otlp(t *testing.T, size scale, what string, send func(t *testing.T, grpc, http string, load *payload.Load) sender) []report.Row {
	fleet := size.resources
	fleet.Begun = time.Now().Add(-time.Hour)
	load := payload.New(payload.OTLP, fleet, size.perRequest)
	slos := documents(fleet.Jobs, func(i int) spec {
		s := byJob(i)
		s.code = "http_response_status_code"
		return s
	})
	costs := comparison{size: size, load: load, sides: []side{
		ours(slos, "", func(t *testing.T, e engine) sender { return send(t, e.otlpGRPC, e.otlpHTTP, load) }),
		{"collector", func(t *testing.T) subject {
			p, grpc, http := startCollector(t)
			return subject{pid: p.PID(), send: send(t, grpc, "http://"+http, load)}
		}},
	}}.run(t)
	engine, collector := costs["slo-engine"], costs["collector"]
	if engine == nil || collector == nil || t.Failed() {
		return nil
	}
	return []report.Row{
		report.Compared(fmt.Sprintf("%s: CPU of a matched point (%s series, 5 + 5 attributes)", what, report.Number(float64(fleet.Series()))),
			report.AtLeast(5, report.Times).Named("less"), engine.cpu, "collector, otlp → nop", collector.cpu, report.Seconds),
		allocated(what, engine, "", collector),
	}
}
