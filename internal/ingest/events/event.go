package events

import (
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// event is a span or a log record while it is looked at. There is one for all
// of a request.
type event struct {
	// cells are what it has under the names that rules ask for.
	cells   []cell
	service string
	// at is when it happened, in nanoseconds since the epoch.
	at    int64
	trace sli.Trace // without an id: it is in none
	// weight is how many events it stands for: 1 unless it was sampled.
	weight  float64
	sampled bool

	// Of spans.
	name     string
	kind     ptrace.SpanKind
	status   ptrace.StatusCode
	message  string
	duration time.Duration

	// Of log records.
	severity plog.SeverityNumber
	record   plog.LogRecord
	body     *string // nil until somebody asks
}

// text is a log record's body.
func (e *event) text() string {
	if e.body == nil {
		text := e.record.Body().AsString()
		e.body = &text
	}
	return *e.body
}

// ownColumn is a column whose value is no attribute.
type ownColumn struct {
	place int
	value func(*event) string
}

// ownNames are what events have besides attributes, under either name.
type ownNames map[string]func(*event) string

// in are those that are among the columns.
func (names ownNames) in(c *columns) (list []ownColumn) {
	for place, name := range c.names {
		if value := names[name]; value != nil {
			list = append(list, ownColumn{place, value})
		}
	}
	return list
}

const (
	serviceName, promServiceName = "service.name", "service_name"
	spanNamed, promSpanName      = "span.name", "span_name"
	promSeverity                 = "severity_text"
)

var spanNames = ownNames{
	serviceName: (*event).ofService, promServiceName: (*event).ofService,
	spanNamed: (*event).named, promSpanName: (*event).named,
	"status.message": (*event).messageOf, "status_message": (*event).messageOf,
	spanKind:       func(e *event) string { return kinds[e.kind].short },
	promSpanKind:   func(e *event) string { return kinds[e.kind].long },
	statusCode:     func(e *event) string { return statuses[e.status].short },
	promStatusCode: func(e *event) string { return statuses[e.status].long },
}

func (e *event) ofService() string { return e.service }
func (e *event) named() string     { return e.name }
func (e *event) messageOf() string { return e.message }

var logNames = ownNames{
	serviceName: (*event).ofService, promServiceName: (*event).ofService,
	"severity.text": (*event).severityText, promSeverity: (*event).severityText,
	"severity.number": (*event).severityNumber, "severity_number": (*event).severityNumber,
	"event.name": (*event).eventName, "event_name": (*event).eventName,
}
