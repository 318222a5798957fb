package events

import (
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// mostWeight is the most spans that one can stand for.
const mostWeight = 1 << 32

// spans looks through all spans of a request.
func (r *reading) spans(td ptrace.Traces) {
	for _, resource := range td.ResourceSpans().All() {
		refused := r.enter(resource.Resource().Attributes())
		for _, scope := range resource.ScopeSpans().All() {
			if refused != "" {
				r.refusals.add(refused, scope.Spans().Len(), r.event.service, "")
				continue
			}
			for _, span := range scope.Spans().All() {
				if why := r.span(span); why != "" {
					r.refusals.add(why, 1, r.event.service, span.Name())
				}
			}
		}
	}
}

// span counts one, or says why not.
func (r *reading) span(s ptrace.Span) reason {
	if why := r.interval(s); why != "" {
		return why
	}
	e := &r.event
	e.at = int64(s.EndTimestamp())
	e.duration = time.Duration(s.EndTimestamp() - s.StartTimestamp())
	e.name, e.kind, e.status, e.message = s.Name(), s.Kind(), s.Status().Code(), s.Status().Message()
	e.trace = sli.Trace{ID: s.TraceID(), Time: e.at}
	if e.weight, e.sampled = weightOf(s.TraceState().AsRaw()); e.weight > mostWeight {
		return badSampling
	}
	if why := r.look(s.Attributes()); why != "" {
		return why
	}
	if e.service == "" {
		r.missing[missingService]++
	}
	r.count(e.name, e.status == ptrace.StatusCodeError)
	return ""
}

// interval says what is wrong with a span's times.
func (r *reading) interval(s ptrace.Span) reason {
	switch start, end := s.StartTimestamp(), s.EndTimestamp(); {
	case end == 0:
		return noEnd
	case start == 0:
		return noStart
	case end < start:
		return negativeDuration
	default:
		return r.timely(end)
	}
}
