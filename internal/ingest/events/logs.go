package events

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// logs looks through all records of a request.
func (r *reading) logs(ld plog.Logs) {
	for _, resource := range ld.ResourceLogs().All() {
		refused := r.enter(resource.Resource().Attributes())
		for _, scope := range resource.ScopeLogs().All() {
			if refused != "" {
				r.refusals.add(refused, scope.LogRecords().Len(), r.event.service, "")
				continue
			}
			for _, record := range scope.LogRecords().All() {
				if why := r.log(record); why != "" {
					r.refusals.add(why, 1, r.event.service, record.SeverityText())
				}
			}
		}
	}
}

// log counts a record, or says why not.
func (r *reading) log(l plog.LogRecord) reason {
	at := l.Timestamp()
	if at == 0 {
		at = l.ObservedTimestamp()
	}
	if at == 0 {
		return noTime
	}
	if why := r.timely(at); why != "" {
		return why
	}
	e := &r.event
	e.at, e.weight = int64(at), 1
	e.severity, e.record, e.body = severityOf(l), l, nil
	e.trace = sli.Trace{ID: l.TraceID(), Time: e.at}
	if why := r.look(l.Attributes()); why != "" {
		return why
	}
	r.lacks(l)
	r.count("", e.severity >= plog.SeverityNumberError)
	return ""
}

// lacks notes what a record does not say.
func (r *reading) lacks(l plog.LogRecord) {
	if r.event.service == "" {
		r.missing[missingService]++
	}
	if r.event.severity == plog.SeverityNumberUnspecified {
		r.missing[missingSeverity]++
	}
	if l.Body().Type() == pcommon.ValueTypeEmpty {
		r.missing[missingBody]++
	}
}
