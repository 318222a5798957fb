package events

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// epoch is when the tests play, in seconds.
const epoch = 1_700_000_000

func spec(name string, s slo.SLI, groupBy ...string) *slo.Spec {
	objective, err := slo.ParseObjective("99%")
	if err != nil {
		panic(err)
	}
	return &slo.Spec{Service: "shop", Name: name, Objective: objective, Window: slo.Window{Rolling: 30 * 24 * time.Hour}, SLI: s, GroupBy: groupBy}
}

func ratio(name, bad, total string, groupBy ...string) *slo.Spec {
	return spec(name, slo.SLI{Ratio: &slo.Ratio{Bad: bad, Total: total}}, groupBy...)
}

func compiled(tb testing.TB, specs ...*slo.Spec) (programs []*sli.Program) {
	tb.Helper()
	for _, s := range specs {
		p, problems := sli.Compile(s)
		if len(problems) > 0 {
			tb.Fatal(problems)
		}
		programs = append(programs, p)
	}
	return programs
}

// world is a classifier before a tracker, as in an engine.
type world struct {
	testing.TB
	*Classifier
	tracker  *sli.Tracker
	registry *prometheus.Registry

	mu      sync.Mutex
	now     time.Time
	batches []sli.Batch // as they were handed over
	busy    bool        // takes nothing
}

func newWorld(tb testing.TB, specs ...*slo.Spec) *world {
	tb.Helper()
	w := &world{TB: tb, tracker: sli.NewTracker(sli.Options{}), now: time.Unix(epoch+60, 0), registry: prometheus.NewRegistry()}
	var err error
	w.Classifier, err = New(Options{Sink: w, Registerer: w.registry, Now: func() time.Time { return w.now }})
	if err != nil {
		tb.Fatal(err)
	}
	w.load(specs...)
	return w
}

func (w *world) load(specs ...*slo.Spec) {
	w.Helper()
	programs := compiled(w, specs...)
	w.tracker.Replace(programs, w.now)
	w.Serve(programs)
}

func (w *world) Ingest(ctx context.Context, batch *sli.Batch) (sli.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return sli.Receipt{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy {
		return sli.Receipt{}, ingest.ErrBusy
	}
	w.batches = append(w.batches, *batch)
	receipt := sli.Receipt{}
	receipt.Accepted = w.tracker.Ingest(batch, w.now, &receipt)
	return receipt, nil
}

// events are bad and all events of an instance.
type counted struct{ Bad, Total float64 }

// counts are those of all instances, by id.
func (w *world) counts() map[string]counted {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]counted{}
	for _, in := range w.tracker.Instances() {
		c := in.Ledger.Between(time.Unix(epoch-40*86400, 0), time.Unix(epoch+40*86400, 0)).Counts
		name := in.Spec.Name
		for _, key := range slices.Sorted(maps.Keys(in.Group)) {
			name += " " + key + "=" + in.Group[key]
		}
		all[name] = counted{c.Bad, c.Total}
	}
	return all
}

func (w *world) want(want map[string]counted) {
	w.Helper()
	if diff := cmp.Diff(want, w.counts()); diff != "" {
		w.Errorf("counts (-want +got):\n%s", diff)
	}
}

// instance is that of an SLO without groups.
func (w *world) instance(name string) *sli.Instance {
	w.Helper()
	for _, in := range w.tracker.Instances() {
		if in.Spec.Name == name {
			return in
		}
	}
	w.Fatalf("%s has no instance", name)
	return nil
}

// aSpan is a span of the tests; the zero value is one that counts.
type aSpan struct {
	service    string // default shop; "-" is none
	name       string
	kind       ptrace.SpanKind
	status     ptrace.StatusCode
	at         float64 // seconds of epoch at which it ends
	took       time.Duration
	state      string
	trace      byte
	attributes map[string]any
	resource   map[string]any
	change     func(ptrace.Span)
}

func timestamp(seconds float64) pcommon.Timestamp {
	return pcommon.Timestamp(epoch*int64(time.Second) + int64(seconds*float64(time.Second)))
}

func (s aSpan) put(td ptrace.Traces) {
	rs := td.ResourceSpans().AppendEmpty()
	putResource(rs.Resource().Attributes(), s.service, s.resource)
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetName(s.name)
	span.SetKind(s.kind)
	span.Status().SetCode(s.status)
	span.SetEndTimestamp(timestamp(s.at))
	span.SetStartTimestamp(timestamp(s.at) - pcommon.Timestamp(s.took))
	span.TraceState().FromRaw(s.state)
	span.SetTraceID([16]byte{15: s.trace})
	if err := span.Attributes().FromRaw(s.attributes); err != nil {
		panic(err)
	}
	if s.change != nil {
		s.change(span)
	}
}

func putResource(m pcommon.Map, service string, more map[string]any) {
	if err := m.FromRaw(more); err != nil {
		panic(err)
	}
	switch service {
	case "-":
	case "":
		m.PutStr("service.name", "shop")
	default:
		m.PutStr("service.name", service)
	}
}

func requestOf(tb testing.TB, spans ...aSpan) []byte {
	tb.Helper()
	td := ptrace.NewTraces()
	for _, s := range spans {
		s.put(td)
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// sent is a request of spans on its way.
func (w *world) sent(ctx context.Context, body []byte) (ingest.Outcome, error) {
	return w.Traces(ctx, body, func() (ptrace.Traces, error) {
		r := ptraceotlp.NewExportRequest()
		return r.Traces(), r.UnmarshalProto(body)
	})
}

// send sends spans in one request, which is taken.
func (w *world) send(spans ...aSpan) ingest.Outcome {
	w.Helper()
	outcome, err := w.sent(w.Context(), requestOf(w, spans...))
	if err != nil {
		w.Fatal(err)
	}
	return outcome
}

// aLog is as aSpan.
type aLog struct {
	service    string
	severity   plog.SeverityNumber
	text       string
	body       string
	at         float64
	attributes map[string]any
	change     func(plog.LogRecord)
}

func (w *world) log(records ...aLog) ingest.Outcome {
	w.Helper()
	ld := plog.NewLogs()
	for _, l := range records {
		rl := ld.ResourceLogs().AppendEmpty()
		putResource(rl.Resource().Attributes(), l.service, nil)
		record := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.SetSeverityNumber(l.severity)
		record.SetSeverityText(l.text)
		record.SetTimestamp(timestamp(l.at))
		if l.body != "" {
			record.Body().SetStr(l.body)
		}
		if err := record.Attributes().FromRaw(l.attributes); err != nil {
			w.Fatal(err)
		}
		if l.change != nil {
			l.change(record)
		}
	}
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	if err != nil {
		w.Fatal(err)
	}
	outcome, err := w.Logs(w.Context(), body, func() (plog.Logs, error) {
		r := plogotlp.NewExportRequest()
		return r.Logs(), r.UnmarshalProto(body)
	})
	if err != nil {
		w.Fatal(err)
	}
	return outcome
}

var errTest = errors.New("of the test")
