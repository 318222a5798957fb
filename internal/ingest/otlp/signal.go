package otlp

import (
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// signal is a kind of telemetry: where its requests go and what they look like.
type signal struct {
	name string
	// path is where exporters send it over HTTP, service over gRPC.
	path, service string
	// shape is that of its requests; field is what holds their resources, as the
	// library calls it.
	shape kind
	field string
	// response says that so many of a request were refused, and why.
	response func(refused int64, why string) response
}

// response is an answer in one of the library's types.
type response interface {
	MarshalProto() ([]byte, error)
	MarshalJSON() ([]byte, error)
}

var metricsSignal = &signal{
	name: "metrics", path: metricsPath, shape: exportMetrics, field: "ResourceMetrics",
	service: "opentelemetry.proto.collector.metrics.v1.MetricsService",
	response: func(refused int64, why string) response {
		r := pmetricotlp.NewExportResponse()
		r.PartialSuccess().SetRejectedDataPoints(refused)
		r.PartialSuccess().SetErrorMessage(why)
		return r
	},
}

var tracesSignal = &signal{
	name: "traces", path: "/v1/traces", shape: exportTraces, field: "ResourceSpans",
	service: "opentelemetry.proto.collector.trace.v1.TraceService",
	response: func(refused int64, why string) response {
		r := ptraceotlp.NewExportResponse()
		r.PartialSuccess().SetRejectedSpans(refused)
		r.PartialSuccess().SetErrorMessage(why)
		return r
	},
}

var logsSignal = &signal{
	name: "logs", path: "/v1/logs", shape: exportLogs, field: "ResourceLogs",
	service: "opentelemetry.proto.collector.logs.v1.LogsService",
	response: func(refused int64, why string) response {
		r := plogotlp.NewExportResponse()
		r.PartialSuccess().SetRejectedLogRecords(refused)
		r.PartialSuccess().SetErrorMessage(why)
		return r
	},
}

// signals are those that are taken: metrics, and where somebody wants them
// traces and logs.
func (o Options) signals() []*signal {
	if o.Events == nil {
		return []*signal{metricsSignal}
	}
	return []*signal{metricsSignal, tracesSignal, logsSignal}
}

// check looks through a request: what it lets pass, the library decodes
// without an error and without harm.
func (s *signal) check(request []byte) error { return check(request, s.shape, 0) }
