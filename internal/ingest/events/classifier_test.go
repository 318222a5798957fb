package events

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// anything is an SLO of the spans of one service.
func anything(name, service string, groupBy ...string) *slo.Spec {
	return spec(name, slo.SLI{Spans: &slo.Spans{Service: service}}, groupBy...)
}

func TestNewWantsASink(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("a classifier without a sink was made")
	}
}

// What nobody asks for is not even read.
func TestIdleSignalsAreNotDecoded(t *testing.T) {
	w := newWorld(t, anything("a", "shop"), ratio("b", "errors_total", "requests_total"))
	_, err := w.Logs(t.Context(), nil, func() (plog.Logs, error) {
		t.Error("logs were decoded")
		return plog.NewLogs(), nil
	})
	if err != nil {
		t.Error(err)
	}
	w.load()
	_, err = w.Traces(t.Context(), nil, func() (ptrace.Traces, error) {
		t.Error("spans were decoded")
		return ptrace.NewTraces(), nil
	})
	if err != nil || len(w.batches) > 0 {
		t.Error(err, w.batches)
	}
}

// Of each series there is one point for each second, at its newest event; whole
// numbers are integers.
func TestOnePointForEachSecond(t *testing.T) {
	w := newWorld(t, anything("a", "shop"))
	w.send(
		aSpan{at: 3.5}, aSpan{at: 1.25}, aSpan{at: 3.75}, aSpan{at: 2}, aSpan{at: 1.75, state: "ot=th:c"}, aSpan{at: 3},
		aSpan{at: 3.25, state: "ot=th:4"}, // three of four were kept
	)
	var got []string
	for _, s := range w.batches[0].Series {
		if s.Temporality != sli.Events || s.Type != sli.TypeCounter || !s.Sampled {
			t.Errorf("series %+v", s)
		}
		for _, p := range s.Points {
			got = append(got, fmt.Sprint(time.Duration(p.Time-int64(timestamp(0))), p.Int, p.IsInt, math.Round(100*p.Value)/100))
		}
	}
	want := []string{"2s 6 true 0", "3s 1 true 0", "3.75s 0 false 3.33"}
	if !slices.Equal(got, want) {
		t.Errorf("points %q, want %q", got, want)
	}
}

// Bad events hurt only themselves; the sender is told of each reason.
func TestRefusals(t *testing.T) {
	w := newWorld(t, anything("a", "shop", "route"), anything("b", ""))
	w.limits(100)
	set := func(f func(ptrace.Span)) aSpan { return aSpan{name: "GET /pay", at: 1, change: f} }
	o := w.send(
		aSpan{at: 1, attributes: map[string]any{"route": "/pay", "long": strings.Repeat("x", 1000)}},
		set(func(s ptrace.Span) { s.SetEndTimestamp(0) }),
		set(func(s ptrace.Span) { s.SetStartTimestamp(0) }),
		set(func(s ptrace.Span) { s.SetStartTimestamp(s.EndTimestamp() + 1) }),
		set(func(s ptrace.Span) { s.SetStartTimestamp(s.EndTimestamp() + 2) }),
		set(func(s ptrace.Span) { s.SetEndTimestamp(math.MaxUint64) }),
		aSpan{at: 60 + 61}, aSpan{at: 60 + 59, service: "-"}, aSpan{at: -31 * 86400},
		aSpan{at: 1, attributes: map[string]any{"route": "\xff"}},
		aSpan{at: 1, attributes: map[string]any{"other": "\xff", "route": "/pay"}},
		aSpan{at: 1, attributes: map[string]any{"route": strings.Repeat("x", 101)}},
		aSpan{at: 1, service: "\xff"},
	)
	if o.Accepted != 3 || o.Refused != 10 {
		t.Errorf("outcome %+v", o)
	}
	w.want(map[string]counted{"a route=/pay": {0, 2}, "b": {0, 3}})
	for _, want := range []string{
		"spans refused: 10, the others were counted and must not be sent again; ", "no_end (1), for example of shop/GET /pay: it has no end time",
		"no_start (1)", "negative_duration (2)", "in_future (2)", "too_old (1)", "not_utf8 (2)", "attribute_limit (1)",
	} {
		if !strings.Contains(o.Why, want) {
			t.Errorf("the sender is not told %q: %s", want, o.Why)
		}
	}
	err := testutil.GatherAndCompare(w.registry, strings.NewReader(`
# HELP slo_engine_events_incomplete_total Spans and log records that were taken as they are, by what they lack.
# TYPE slo_engine_events_incomplete_total counter
slo_engine_events_incomplete_total{missing="service",signal="spans"} 1
# HELP slo_engine_events_received_total Spans and log records that were taken, whether an SLO looks at them or not. Nothing is looked at, nor counted here, while no SLO asks for the signal.
# TYPE slo_engine_events_received_total counter
slo_engine_events_received_total{signal="logs"} 0
slo_engine_events_received_total{signal="spans"} 3
# HELP slo_engine_events_refused_total Spans and log records that were refused, by reason.
# TYPE slo_engine_events_refused_total counter
slo_engine_events_refused_total{reason="attribute_limit",signal="spans"} 1
slo_engine_events_refused_total{reason="in_future",signal="spans"} 2
slo_engine_events_refused_total{reason="negative_duration",signal="spans"} 2
slo_engine_events_refused_total{reason="no_end",signal="spans"} 1
slo_engine_events_refused_total{reason="no_start",signal="spans"} 1
slo_engine_events_refused_total{reason="not_utf8",signal="spans"} 2
slo_engine_events_refused_total{reason="too_old",signal="spans"} 1
`), "slo_engine_events_incomplete_total", "slo_engine_events_received_total", "slo_engine_events_refused_total")
	if err != nil {
		t.Error(err)
	}
}

// limits sets the greatest length of a label's value.
func (w *world) limits(bytes int) {
	l := ingest.DefaultLimits()
	l.MaxLabelValueBytes = bytes
	w.readings.New = func() any { return &reading{limits: l} }
}

func TestIncompleteLogs(t *testing.T) {
	w := newWorld(t, spec("a", slo.SLI{Logs: &slo.Logs{Service: "shop"}}))
	o := w.log(aLog{at: 1}, aLog{at: 1, change: func(l plog.LogRecord) { l.SetTimestamp(0) }})
	if o.Accepted != 1 || o.Refused != 1 || !strings.Contains(o.Why, "no_time (1)") {
		t.Errorf("outcome %+v", o)
	}
	w.want(map[string]counted{"a": {0, 1}})
	for _, what := range []string{"severity", "body"} {
		if n := testutil.ToFloat64(w.metrics.incomplete.WithLabelValues(logsSignal, what)); n != 1 {
			t.Errorf("%v records lack %s", n, what)
		}
	}
}

// An SLO with a short window is not told what lies before it, others are.
func TestShortWindows(t *testing.T) {
	short := anything("short", "shop")
	short.Window = slo.Window{Rolling: time.Hour}
	w := newWorld(t, short, anything("long", "shop"))
	if o := w.send(aSpan{at: 0}, aSpan{at: -2 * 3600}); o.Accepted != 2 || o.Why != "" {
		t.Errorf("outcome %+v", o)
	}
	w.want(map[string]counted{"short": {0, 1}, "long": {0, 2}})
}

// A request that comes again counts once, for as long as it is known.
func TestRepeats(t *testing.T) {
	w := newWorld(t, anything("a", "shop"))
	body := requestOf(t, aSpan{at: 1})
	for range 3 {
		if _, err := w.sent(t.Context(), body); err != nil {
			t.Fatal(err)
		}
	}
	w.send(aSpan{at: 1, name: "another"})
	w.want(map[string]counted{"a": {0, 2}})
	if n := testutil.ToFloat64(w.metrics.repeated.WithLabelValues(spansSignal)); n != 2 {
		t.Errorf("%v repetitions", n)
	}
	w.now = w.now.Add(repeatedWithin)
	if _, err := w.sent(t.Context(), body); err != nil {
		t.Fatal(err)
	}
	w.want(map[string]counted{"a": {0, 3}})
}

// A request that was not counted is not a repetition when it comes again, and a
// sender that gives up changes nothing.
func TestFailedRequestsAreCountedLater(t *testing.T) {
	w := newWorld(t, anything("a", "shop"))
	body := requestOf(t, aSpan{at: 1}, aSpan{at: 1, change: func(s ptrace.Span) { s.SetEndTimestamp(0) }})
	w.busy = true
	if _, err := w.sent(t.Context(), body); !errors.Is(err, ingest.ErrBusy) {
		t.Errorf("got %v", err)
	}
	if _, err := w.Traces(t.Context(), body, func() (ptrace.Traces, error) { return ptrace.NewTraces(), errTest }); err != errTest {
		t.Errorf("got %v", err)
	}
	if n := testutil.CollectAndCount(w.metrics.refused); n != 0 {
		t.Error("events of a request that was not taken are refused")
	}
	w.busy = false
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if o, err := w.sent(gone, body); err != nil || o.Accepted != 1 || o.Refused != 1 {
		t.Error(o, err)
	}
	w.want(map[string]counted{"a": {0, 1}})
}

// Many senders at once, each request twice: all counts once.
func TestConcurrentRequests(t *testing.T) {
	w := newWorld(t, anything("a", "shop", "route"), ratio("calls", sli.SpanCalls+`{status_code="STATUS_CODE_ERROR"}`, sli.SpanCalls))
	const senders, requests = 8, 50
	var wait sync.WaitGroup
	for sender := range senders {
		for range 2 {
			wait.Go(func() {
				for i := range requests {
					body := requestOf(t, aSpan{at: float64(i), name: fmt.Sprint(sender), attributes: map[string]any{"route": fmt.Sprint(i % 2)}},
						aSpan{at: float64(i), status: failed, attributes: map[string]any{"route": "x"}})
					if _, err := w.sent(t.Context(), body); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wait.Wait()
	const n = senders * requests
	w.want(map[string]counted{"a route=0": {0, n / 2}, "a route=1": {0, n / 2}, "a route=x": {n, n}, "calls": {n, 2 * n}})
}

// beats are the series of the last batch, if it says that nothing happened.
func (w *world) beats() (names []string, at time.Duration) {
	last := w.batches[len(w.batches)-1]
	for _, s := range last.Series {
		if len(s.Points) != 1 || s.Points[0].Int != 0 || !s.Points[0].IsInt || s.Temporality != sli.Events {
			return nil, 0
		}
		at = time.Duration(s.Points[0].Time - int64(timestamp(0)))
		names = append(names, s.Labels.Get(sli.ClassifiedSLO)+" "+s.Labels.Get("route")+s.Labels.Get(sli.ClassifiedResult))
	}
	slices.Sort(names)
	return names, at
}

// While anything arrives, what is quiet is told that nothing happened.
func TestBeats(t *testing.T) {
	w := newWorld(t, anything("a", "shop"), anything("g", "shop", "route"))
	expect := func(step string, wantAt time.Duration, want ...string) {
		t.Helper()
		got, at := w.beats()
		if !slices.Equal(got, want) || at != wantAt {
			t.Errorf("%s: beats %q at %v, want %q at %v", step, got, at, want, wantAt)
		}
	}
	pay := map[string]any{"route": "/pay"}
	w.send(aSpan{at: 10, attributes: pay})
	expect("the first", 10*time.Second, "shop:a good", "shop:g /paygood")
	w.send(aSpan{at: 20, service: "till"})
	if len(w.batches) != 2 {
		t.Errorf("%d batches, want two: no beat so soon", len(w.batches))
	}
	w.now = w.now.Add(beatEvery)
	w.send(aSpan{at: 15, service: "till"})
	expect("of another service", 20*time.Second, "shop:a good", "shop:g /paygood")
	w.now = w.now.Add(beatEvery)
	w.send(aSpan{at: 80 + 30, service: "till"})
	expect("from the future", 80*time.Second, "shop:a good", "shop:g /paygood")
	w.want(map[string]counted{"a": {0, 1}, "g route=/pay": {0, 1}})

	w.load(anything("a", "shop"), anything("g", "shop", "route", "code"))
	w.now = w.now.Add(beatEvery)
	w.send(aSpan{at: 120, service: "till"})
	expect("after a reload", 90*time.Second, "shop:a good")
	w.send(aSpan{at: 80, attributes: pay})
	w.now = w.now.Add(remembered + time.Second)
	w.send(aSpan{at: 121, service: "till"})
	expect("after an hour", 121*time.Second, "shop:a good")
}

// What is told least lately gives way.
func TestMemoryIsBounded(t *testing.T) {
	p := newSpanPlan(compiled(t, anything("a", "shop", "route")))
	m := newMemory()
	m.keep(p)
	for i := range mostSeries + 10 {
		m.recall(p, []*count{{slot: 0, values: []string{fmt.Sprint(i)}}}, time.Unix(epoch, 0))
	}
	if n := m.size(); n != mostSeries {
		t.Errorf("%v series are remembered", n)
	}
	beat := m.beat(p, 1, time.Unix(epoch, 0))
	if first := beat[0].Labels.Get("route"); first != "10" || len(beat) != mostSeries {
		t.Errorf("%d beats, from %s on", len(beat), first)
	}
}

func TestRepeatsAreBounded(t *testing.T) {
	r := repeats{}
	now := time.Unix(epoch, 0)
	for i := range mostRequests + 10 {
		r.remember(fingerprint{hash: uint64(i)}, now)
	}
	if len(r.taken) != mostRequests || len(r.ring) != mostRequests || r.has(fingerprint{hash: 9}, now) || !r.has(fingerprint{hash: 10}, now) {
		t.Errorf("%d requests are remembered", len(r.taken))
	}
}

// A thousand SLOs of other services and names are not looked at.
func TestIndex(t *testing.T) {
	var x index[string]
	for _, p := range []pins{{"shop", "pay"}, {"shop", ""}, {"", "pay"}, {"", ""}, {"till", "pay"}, {"shop", "get"}} {
		x.add(p, p.service+"/"+p.name)
	}
	var got []string
	for _, list := range x.find("shop", "pay") {
		got = append(got, list...)
	}
	if want := []string{"shop/pay", "shop/", "/pay", "/"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// A rule whose document could not be read counts nothing, and nothing breaks.
func TestUnreadableRules(t *testing.T) {
	for _, s := range []slo.SLI{
		{Spans: &slo.Spans{Kind: "outer"}}, {Spans: &slo.Spans{Bad: []string{"="}}},
		{Logs: &slo.Logs{Bad: slo.LogSelection{Severity: "loud"}}}, {Logs: &slo.Logs{Bad: slo.LogSelection{Body: "("}}},
	} {
		w := newWorld(t, spec("a", s))
		if !w.spans.plan.Load().idle() || !w.logs.plan.Load().idle() {
			t.Errorf("%+v is served", s)
		}
	}
}
