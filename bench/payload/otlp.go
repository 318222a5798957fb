package payload

import (
	"fmt"
	"time"
)

// perResource is how many series come from one process.
const perResource = 100

// otlp writes series [from, to) as an ExportMetricsServiceRequest. Up to a
// hundred series of a job are one resource.
func otlp(f Fleet, from, to int) (r request) {
	for next := from; from < to; from = next {
		endOfJob := (from/f.PerJob + 1) * f.PerJob
		next = min(from+perResource, endOfJob, to)
		resourceMetrics(&r, f, from, next)
	}
	return r
}

// resourceMetrics adds one resource with one scope and one metric.
func resourceMetrics(r *request, f Fleet, from, to int) {
	var points message
	var at []sample
	for i := from; i < to; i++ {
		point := f.at(i).point(f.Begun)
		points = points.sub(1, point)
		body := len(points) - len(point)
		at = append(at, sample{time: body + 10, value: body + 19})
	}
	sum := points.varint(2, 2).varint(3, 1) // cumulative, monotonic
	metric := message{}.text(1, "http.server.requests").text(3, "{request}").sub(7, sum)
	scope := message{}.sub(1, message{}.text(1, "checkout/telemetry").text(2, "1.4.0")).sub(2, metric)
	r.raw = message(r.raw).sub(1, message{}.sub(1, f.resource(from)).sub(2, scope))
	shift := len(r.raw) - len(sum) // the points end this far from the end
	for _, s := range at {
		r.samples = append(r.samples, sample{value: shift + s.value, time: shift + s.time})
	}
}

// resource has five attributes. Each is a process of its own.
func (f Fleet) resource(first int) message {
	s := f.at(first)
	return attributes(1,
		attribute{"service.name", Job(s.job)},
		attribute{"service.instance.id", fmt.Sprintf("5b0c9a2e-%04x-4f3a-9d1b-%012x", first&0xffff, first)},
		attribute{"service.version", "2.31.4"},
		attribute{"k8s.cluster.name", "production-eu-west-1"},
		attribute{"deployment.environment.name", "production"},
	)
}

// point is a NumberDataPoint with five attributes. Its start, time and value
// come first, nine bytes each.
func (s series) point(begun time.Time) message {
	return message{}.fixed(2, uint64(begun.UnixNano())).fixed(3, 0).fixed(6, 0).raw(attributes(7,
		attribute{"http.request.method", s.method},
		attribute{"http.response.status_code", s.code},
		attribute{"http.route", s.path()},
		attribute{"network.protocol.version", "1.1"},
		attribute{"url.scheme", "https"},
	))
}

type attribute struct {
	key   string
	value any // string or int
}

// attributes writes a repeated KeyValue.
func attributes(field int, all ...attribute) (m message) {
	for _, a := range all {
		value := message{}
		switch v := a.value.(type) {
		case string:
			value = value.text(1, v)
		case int:
			value = value.varint(3, uint64(v))
		}
		m = m.sub(fieldNumber(field), message{}.text(1, a.key).sub(2, value))
	}
	return m
}
