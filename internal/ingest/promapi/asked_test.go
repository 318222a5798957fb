package promapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// answers says what a server answers to an expression at a time, by the value
// of the label route; "" is a series without labels.
type answers func(query string, at time.Time) map[string]float64

// server is one that speaks Prometheus's query API, as far as it is asked.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	answers answers
	spoil   http.HandlerFunc // instead; nil: nothing is wrong
	asked   []string         // queries, with their range and step
	path    string           // of the last query
}

func newServer(t *testing.T, f answers) *server {
	s := &server{answers: f}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.path = r.URL.Path
	if s.spoil != nil {
		s.spoil(w, r)
		return
	}
	number := func(name string) int64 {
		v, err := strconv.ParseFloat(r.FormValue(name), 64)
		if err != nil {
			http.Error(w, name+": "+err.Error(), http.StatusTeapot)
		}
		return int64(v)
	}
	query, start, end, step := r.FormValue("query"), number("start"), number("end"), number("step")
	s.asked = append(s.asked, fmt.Sprintf("%s in %d steps of %d", query, (end-start)/step+1, step))
	series := map[string][]string{}
	for at := start; at <= end; at += step {
		for route, v := range s.answers(query, time.Unix(at, 0)) {
			series[route] = append(series[route], fmt.Sprintf(`[%d,"%v"]`, at, v))
		}
	}
	var list []string
	for route, values := range series {
		metric := "{}"
		if route != "" {
			metric = fmt.Sprintf(`{"route":%q}`, route)
		}
		list = append(list, fmt.Sprintf(`{"metric":%s,"values":[%s]}`, metric, strings.ReplaceAll(strings.Join(values, ","), `"+Inf"`, `"Inf"`)))
	}
	_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[%s]}}`, strings.Join(list, ","))
}

func (s *server) set(f answers, spoil http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers, s.spoil = f, spoil
}

// queries are those since the last call.
func (s *server) queries() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// counter is an engine that only counts.
type counter struct {
	mu      sync.Mutex
	tracker *sli.Tracker
	now     time.Time
	busy    error
}

func (c *counter) Ingest(_ context.Context, batch *sli.Batch) (receipt sli.Receipt, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy != nil {
		return receipt, c.busy
	}
	c.tracker.Ingest(batch, c.now, &receipt)
	return receipt, nil
}

func (c *counter) Missing(_ context.Context, id string) (sli.Missing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tracker.Missing(id, c.now), nil
}

func (c *counter) AddPast(_ context.Context, past *sli.Past) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.tracker.AddPast(nil, past)
	return err
}

// asking is a backend with one SLO that asks, and what it counts.
type asking struct {
	*testing.T
	*Backend
	*counter
	poll *poll
	past *past
	reg  *prometheus.Registry
}

var noon = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)

// newAsking is at half a minute past noon and a bit: the step to noon is over.
func newAsking(t *testing.T, s *server, query slo.Query, groupBy ...string) *asking {
	t.Helper()
	objective, _ := slo.ParseObjective("99.9%")
	if query.Step == 0 {
		query.Step = time.Minute
	}
	spec := &slo.Spec{
		Service: "shop", Name: "asked", Objective: objective, Window: slo.Window{Rolling: 30 * 24 * time.Hour},
		SLI: slo.SLI{Query: &query}, GroupBy: groupBy,
	}
	p, problems := sli.Compile(spec)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c := &counter{tracker: sli.NewTracker(sli.Options{}), now: noon.Add(40 * time.Second)}
	a := &asking{T: t, counter: c, reg: prometheus.NewRegistry()}
	a.begin(s, p)
	c.tracker.Replace([]*sli.Program{p}, c.now)
	return a
}

// begin begins with a backend that knows nothing, as after a restart.
func (a *asking) begin(s *server, p *sli.Program) {
	a.Helper()
	var err error
	a.reg = prometheus.NewRegistry()
	a.Backend, err = New(Options{
		URL: s.URL, Language: p.Spec.SLI.Query.Language, MaxQueriesPerSecond: 1e6, Registerer: a.reg,
		Sink: ingest.SinkFunc(a.counter.Ingest), Engine: a.counter, Now: func() time.Time { return a.now },
	})
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(a.client.close)
	a.Serve([]*sli.Program{p})
	a.polls = plan(a.programs, nil, mostTogether, a.options)
	a.pasts = pastsOf(a.programs, nil)
	a.poll, a.past = a.polls[0], a.pasts[0]
}

// ask asks once, as a worker would.
func (a *asking) askNow() error {
	err := a.answer(a.Context(), a.poll)
	a.polled(a.poll, err)
	return err
}

// counted is what the SLO has of (from, to], in minutes from noon.
func (a *asking) counted(from, to float64) budget.Counts {
	a.Helper()
	if n := len(a.tracker.Instances()); n != 1 {
		a.Fatalf("%d instances", n)
	}
	at := func(minutes float64) time.Time { return noon.Add(time.Duration(minutes * float64(time.Minute))) }
	return a.tracker.Instances()[0].Ledger.Between(at(from), at(to)).Counts
}

var sums = slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{
	Total: `sum(increase(all[{{.window}}]))`, Bad: `sum(increase(failed[{{.window}}]))`,
}}

// minutely answers with so many of each in a minute.
func minutely(bad, total float64) answers {
	return func(query string, _ time.Time) map[string]float64 {
		minutes := 1.0
		if strings.Contains(query, "[1h]") {
			minutes = 60
		} else if strings.Contains(query, "[5m]") {
			minutes = 5
		}
		if strings.Contains(query, "failed") {
			return map[string]float64{"": bad * minutes}
		}
		return map[string]float64{"": total * minutes}
	}
}

// TestAsks: steps are asked for when they are over, those that were missed in
// one query, and each counts once.
func TestAsks(t *testing.T) {
	s := newServer(t, minutely(1, 10))
	a := newAsking(t, s, sums)
	for _, c := range []struct {
		minutes float64
		want    []string
		counts  budget.Counts
	}{
		{0, []string{"1", "1"}, budget.Counts{Bad: 1, Total: 10}},
		{0.3, nil, budget.Counts{Bad: 1, Total: 10}},
		{1, []string{"1", "1"}, budget.Counts{Bad: 2, Total: 20}},
		{6, []string{"5", "5"}, budget.Counts{Bad: 7, Total: 70}},
		{306, []string{"300", "300"}, budget.Counts{Bad: 307, Total: 3070}}, // the server was away
	} {
		a.now = noon.Add(40*time.Second + time.Duration(c.minutes*float64(time.Minute)))
		if err := a.askNow(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, q := range s.queries() {
			if !strings.Contains(q, "[1m]") {
				t.Errorf("asked for %s", q)
			}
			got = append(got, strings.Fields(q)[2])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("minute %v, steps (-want +got):\n%s", c.minutes, diff)
		}
		if got := a.counted(-60, 600); got != c.counts {
			t.Errorf("minute %v: counted %v, want %v", c.minutes, got, c.counts)
		}
	}
	if next := a.nextStep(a.poll); next.Before(noon.Add(307*time.Minute+30*time.Second)) || next.After(noon.Add(308*time.Minute)) {
		t.Errorf("the next step is asked for at %s", next)
	}
	a.begin(s, a.programs[0]) // and after a restart it goes on
	a.now = a.now.Add(3 * time.Minute)
	if err := a.askNow(); err != nil {
		t.Fatal(err)
	}
	if got, want := a.counted(-60, 600), (budget.Counts{Bad: 310, Total: 3100}); got != want {
		t.Errorf("after a restart: counted %v, want %v", got, want)
	}
}

// TestServerBehind: a server whose clock is behind is asked later.
func TestServerBehind(t *testing.T) {
	s := newServer(t, minutely(1, 10))
	a := newAsking(t, s, sums)
	a.clock = clock{true, -3 * time.Minute}
	if err := a.askNow(); err != nil {
		t.Fatal(err)
	}
	if got, want := a.poll.newest, noon.Add(-3*time.Minute); !got.Equal(want) {
		t.Errorf("asked up to %s, want %s", got, want)
	}
	if next := a.nextStep(a.poll); next.Before(a.now) {
		t.Errorf("asked again at %s", next)
	}
}

// TestUnits: a rate is so many a second, and good events are those that are not
// bad.
func TestUnits(t *testing.T) {
	for name, c := range map[string]struct {
		ratio slo.Ratio
		want  budget.Counts
	}{
		"numbers":      {slo.Ratio{Total: `sum(increase(all[1m]))`, Bad: `sum(increase(failed[1m]))`}, budget.Counts{Bad: 2, Total: 8}},
		"good":         {slo.Ratio{Total: `sum(increase(all[1m]))`, Good: `sum(increase(failed[1m]))`}, budget.Counts{Bad: 6, Total: 8}},
		"share":        {slo.Ratio{ErrorRatio: `sum(rate(failed[5m])) / sum(rate(all[5m]))`}, budget.Counts{Bad: 0.25, Total: 1}},
		"rates":        {slo.Ratio{Total: `max(rate(all[1m]))`, Bad: `max(rate(failed[1m]))`}, budget.Counts{Bad: 120, Total: 480}},
		"neither":      {slo.Ratio{Total: `min(all)`, Bad: `min(failed)`}, budget.Counts{Bad: 2, Total: 8}},
		"by the other": {slo.Ratio{Total: `max(irate(all[1m]))`, Bad: `min(failed)`}, budget.Counts{Bad: 120, Total: 480}},
	} {
		s := newServer(t, func(query string, _ time.Time) map[string]float64 {
			switch {
			case strings.Contains(query, "/"):
				return map[string]float64{"": 0.25}
			case strings.Contains(query, "failed"):
				return map[string]float64{"": 2}
			}
			return map[string]float64{"": 8}
		})
		a := newAsking(t, s, slo.Query{Language: slo.PromQL, Ratio: c.ratio})
		if err := a.askNow(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := a.counted(-60, 60); got != c.want {
			t.Errorf("%s: counted %v, want %v", name, got, c.want)
		}
	}
}

// TestOddAnswers: each is named, counted, and left out; the steps beside it
// count.
func TestOddAnswers(t *testing.T) {
	share := slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{ErrorRatio: `failed / all`}}
	type values map[string]float64
	for name, c := range map[string]struct {
		query      slo.Query
		all, fails values
		says       string
		reason     string
		known      bool // though the value is odd
	}{
		"not a number": {sums, values{"": math.NaN()}, values{"": 1}, "the value is NaN", "not_a_number", false},
		"infinite":     {sums, values{"": math.Inf(1)}, values{"": 1}, "the value is +Inf", "not_a_number", false},
		"negative":     {sums, values{"": 5}, values{"": -1}, "the value is -1", "negative", false},
		"more":         {sums, values{"": 5}, values{"": 6}, "6 of a total of 5", "more_than_total", false},
		"dust":         {sums, values{"": 5}, values{"": 5.000001}, "", "", true},
		"no total":     {sums, nil, values{"": 6}, "there is no total", "no_total", false},
		"none":         {sums, nil, nil, "", "", false},
		"no bad ones":  {sums, values{"": 5}, nil, "", "", true},
		"none of none": {share, values{"": math.NaN()}, nil, "", "", true},
		"large share":  {share, values{"": 1.5}, nil, "a share of 1.5", "more_than_total", false},
	} {
		odd := func(query string, at time.Time) map[string]float64 {
			switch here := at.Equal(noon.Add(2 * time.Minute)); {
			case here && strings.HasPrefix(query, "sum(increase(failed"):
				return c.fails
			case here:
				return c.all
			}
			return map[string]float64{"": 1}
		}
		a := newAsking(t, newServer(t, odd), c.query)
		if err := a.askNow(); err != nil {
			t.Fatal(err)
		}
		a.now = a.now.Add(3 * time.Minute)
		err := a.askNow()
		if (err == nil) != (c.says == "") || err != nil && !(strings.Contains(err.Error(), c.says) && strings.Contains(err.Error(), "2026-03-31T12:02:00Z")) {
			t.Errorf("%s: error %v", name, err)
		}
		if got := a.Status().Polls[0].Problem; !strings.Contains(got, c.says) || got == "" != (c.says == "") {
			t.Errorf("%s: problem %q", name, got)
		}
		ledger := a.tracker.Instances()[0].Ledger
		if got := ledger.Known(noon.Add(time.Minute), noon.Add(2*time.Minute)) > 0; got != c.known {
			t.Errorf("%s: the odd step is known: %v", name, got)
		}
		if got := ledger.Known(noon.Add(-time.Minute), noon.Add(3*time.Minute)); got < 3*time.Minute {
			t.Errorf("%s: %s is known", name, got)
		}
		if c.reason != "" {
			if got := testutil.ToFloat64(a.client.metrics.refused.WithLabelValues(c.reason)); got != 1 {
				t.Errorf("%s: %v are counted as %s", name, got, c.reason)
			}
		}
	}
}

// TestBadAnswers: nothing counts of an answer that is wrong as a whole; it is
// asked for again.
func TestBadAnswers(t *testing.T) {
	text := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	matrix := `{"status":"success","data":{"resultType":"matrix","result":[%s]}%s}`
	at := noon.Add(time.Minute).Unix()
	several := fmt.Sprintf(`{"metric":{"a":"1"},"values":[[%d,"1"]]},{"metric":{"a":"2"},"values":[[%d,"1"]]}`, at, at)
	for name, c := range map[string]struct {
		query slo.Query
		spoil http.HandlerFunc
		says  string
	}{
		"broken":      {sums, text(500, "oh no"), "server_error"},
		"partial":     {sums, text(200, fmt.Sprintf(matrix, "", `,"warnings":["a store is away"]`)), "the answer is partial: a store is away"},
		"other times": {sums, text(200, fmt.Sprintf(matrix, fmt.Sprintf(`{"metric":{},"values":[[%d,"1"]]}`, at+7), "")), "other times"},
		"vector":      {sums, text(200, `{"status":"success","data":{"resultType":"vector","result":[]}}`), "where a matrix was asked for"},
		"several":     {slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{ErrorRatio: `failed / all`}}, text(200, fmt.Sprintf(matrix, several, "")), "must be one series"},
		"histograms":  {sums, text(200, fmt.Sprintf(matrix, fmt.Sprintf(`{"metric":{},"histograms":[[%d,{"count":"1","sum":"1","buckets":[]}]]}`, at), "")), "histograms, not numbers"},
		"garbage":     {sums, text(200, "<html>"), "bad_response"},
	} {
		s := newServer(t, minutely(1, 10))
		a := newAsking(t, s, c.query)
		first := a.askNow()
		before := a.counted(-60, 60)
		s.set(minutely(1, 10), c.spoil)
		a.now = a.now.Add(time.Minute)
		if err := a.askNow(); first != nil && c.query.Ratio.Total != "" || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: errors %v, %v", name, first, err)
		}
		if got := a.counted(-60, 60); got != before {
			t.Errorf("%s: counted %v", name, got)
		}
		if next := a.next(a.poll, a.now); next.Sub(a.now) > a.options.PollInterval*5/4 || !next.After(a.now) {
			t.Errorf("%s: asked again after %s", name, next.Sub(a.now))
		}
		s.set(minutely(0.1, 0.2), nil)
		a.now = a.now.Add(time.Minute)
		if err := a.askNow(); err != nil {
			t.Errorf("%s: and then %v", name, err)
		}
		if got := a.tracker.Instances()[0].Ledger.Known(noon, noon.Add(2*time.Minute)); got != 2*time.Minute {
			t.Errorf("%s: %s is known", name, got)
		}
	}
}

// TestBusy: what the engine does not take is handed over again.
func TestBusy(t *testing.T) {
	s := newServer(t, minutely(1, 10))
	a := newAsking(t, s, sums)
	a.busy = ingest.ErrBusy
	if err := a.askNow(); !errors.Is(err, ingest.ErrBusy) {
		t.Errorf("error %v", err)
	}
	a.busy = nil
	if err := a.askNow(); err != nil || a.counted(-60, 60) != (budget.Counts{Bad: 1, Total: 10}) {
		t.Errorf("counted %v, %v", a.counted(-60, 60), err)
	}
}

// TestGroups: each has events of its own; groups that are all new at once are
// not believed at first.
func TestGroups(t *testing.T) {
	answer := func(routes ...string) answers {
		return func(query string, _ time.Time) map[string]float64 {
			values := map[string]float64{}
			for i, r := range routes {
				if !strings.Contains(query, "failed") {
					values[r] = float64(10 * (i + 1))
				} else if i == 0 {
					values[r] = 1
				}
			}
			return values
		}
	}
	s := newServer(t, answer("/a", "/b"))
	by := slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{Total: `sum by (route) (increase(all[1m]))`, Bad: `sum by (route) (increase(failed[1m]))`}}
	a := newAsking(t, s, by, "route")
	if err := a.askNow(); err != nil {
		t.Fatal(err)
	}
	got := map[string]budget.Counts{}
	for _, in := range a.tracker.Instances() {
		got[in.Group["route"]] = in.Ledger.Since()
	}
	want := map[string]budget.Counts{"/a": {Bad: 1, Total: 10}, "/b": {Total: 20}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	s.set(answer("/x", "/y"), nil)
	a.now = a.now.Add(time.Minute)
	for i := range patience + 1 {
		if err := a.askNow(); errors.Is(err, errStrange) != (i < patience) {
			t.Errorf("answer %d of strangers: %v", i, err)
		}
	}
	s.set(answer(""), nil)
	a.now = a.now.Add(time.Minute)
	if err := a.askNow(); !errors.Is(err, errUngrouped) {
		t.Errorf("without the label: %v", err)
	}
}

// TestAskedPast: a month is asked for in few queries, coarsely where it is old,
// and every event of it counts once.
func TestAskedPast(t *testing.T) {
	share := slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{ErrorRatio: `failed / all`}}
	fixed := slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{Total: `sum(increase(all[2m]))`, Bad: `sum(increase(failed[2m]))`}}
	for name, c := range map[string]struct {
		query      slo.Query
		answers    answers
		mostChunks int
		perMinute  budget.Counts
	}{
		"sums":  {sums, minutely(1, 10), 6, budget.Counts{Bad: 1, Total: 10}},
		"share": {share, func(string, time.Time) map[string]float64 { return map[string]float64{"": 0.5} }, 50, budget.Counts{Bad: 0.5, Total: 1}},
		"fixed": {fixed, minutely(1, 10), 50, budget.Counts{Bad: 1, Total: 10}},
	} {
		s := newServer(t, c.answers)
		a := newAsking(t, s, c.query)
		if err := a.askNow(); err != nil {
			t.Fatal(err)
		}
		s.queries()
		a.now = a.now.Add(90 * time.Second) // and live counting goes on meanwhile
		if err := a.askNow(); err != nil {
			t.Fatal(err)
		}
		chunks := 0
		for ; chunks < 100; chunks++ {
			if err := a.readChunk(t.Context(), a.past); errors.Is(err, errOver) {
				break
			} else if err != nil {
				t.Fatalf("%s: chunk %d: %v", name, chunks, err)
			}
		}
		if chunks > c.mostChunks {
			t.Errorf("%s: %d chunks", name, chunks)
		}
		for _, q := range s.queries() {
			fields := strings.Fields(q)
			if steps, _ := strconv.Atoi(fields[len(fields)-4]); steps > stepsAtOnce {
				t.Errorf("%s: asked for %s", name, q)
			}
		}
		minutes := 30*24*60.0 - 61 // the window begins within a step
		got, want := a.counted(1-minutes, 1), budget.Counts{Bad: c.perMinute.Bad * minutes, Total: c.perMinute.Total * minutes}
		if math.Abs(got.Bad/want.Bad-1) > 0.002 || math.Abs(got.Total/want.Total-1) > 0.002 {
			t.Errorf("%s: counted %v, want %v", name, got, want)
		}
		if got, want := a.counted(-60, 1), (budget.Counts{Bad: c.perMinute.Bad * 61, Total: c.perMinute.Total * 61}); got != want {
			t.Errorf("%s: the last hour: counted %v, want %v", name, got, want)
		}
		if left := a.tracker.Missing("shop:asked", a.now); len(left.Of) != 1 || left.Of[0].To.Sub(left.Of[0].From) > time.Minute {
			t.Errorf("%s: still missing %v", name, left.Of)
		}
		if !left(a).Equal(noon.Add(time.Minute)) {
			t.Errorf("%s: the newest is %s", name, left(a))
		}
	}
}

// TestPastEndsWherePresentBegan: also where the present had no answer.
func TestPastEndsWherePresentBegan(t *testing.T) {
	s := newServer(t, func(string, time.Time) map[string]float64 { return nil })
	a := newAsking(t, s, sums)
	if err := a.askNow(); err != nil {
		t.Fatal(err)
	}
	s.set(minutely(1, 10), nil)
	a.now = a.now.Add(5 * time.Minute)
	if err := a.readChunk(t.Context(), a.past); err != nil {
		t.Fatal(err)
	}
	if got := left(a); !got.Equal(noon.Add(-time.Minute)) {
		t.Errorf("the past was read up to %s", got)
	}
	if err := a.askNow(); err != nil || a.counted(-61, 60) != (budget.Counts{Bad: 65, Total: 650}) {
		t.Errorf("counted %v, %v", a.counted(-61, 60), err)
	}
}

func left(a *asking) time.Time { return a.tracker.Missing("shop:asked", a.now).Newest.UTC() }

// TestTooMuch: a server that refuses long questions is asked shorter ones.
func TestTooMuch(t *testing.T) {
	s := newServer(t, minutely(1, 10))
	a := newAsking(t, s, sums)
	if err := a.askNow(); err != nil {
		t.Fatal(err)
	}
	s.set(minutely(1, 10), func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write([]byte(`{"status":"error","errorType":"execution","error":"query processing would load too many samples"}`))
	})
	for range 20 {
		if err := a.readChunk(t.Context(), a.past); err != nil {
			if !errors.Is(err, errTooLarge) {
				t.Errorf("error %v", err)
			}
			break
		}
	}
	if a.past.longest == 0 || a.past.longest > shortestChunk {
		t.Errorf("the longest chunk is %s", a.past.longest)
	}
	s.set(minutely(1, 10), nil)
	a.now = a.now.Add(time.Minute)
	if err := a.readChunk(t.Context(), a.past); err != nil {
		t.Error(err)
	}
	if q := s.queries(); !strings.Contains(q[len(q)-1], "in 15 steps of 60") {
		t.Errorf("asked for %s", q)
	}
}

// TestLoki: the same API under another prefix, and errors in plain text.
func TestLoki(t *testing.T) {
	s := newServer(t, func(query string, _ time.Time) map[string]float64 {
		if strings.Contains(query, "error") {
			return map[string]float64{"": 0.1}
		}
		return map[string]float64{"": 2}
	})
	logs := slo.Query{Language: slo.LogQL, Ratio: slo.Ratio{
		Total: `sum(rate({app="shop"}[{{.window}}]))`, Bad: `sum(rate({app="shop"} |= "error (" [{{.window}}]))`,
	}}
	a := newAsking(t, s, logs)
	if err := a.askNow(); err != nil {
		t.Fatal(err)
	}
	if got, want := a.counted(-60, 60), (budget.Counts{Bad: 6, Total: 120}); got != want {
		t.Errorf("counted %v, want %v", got, want)
	}
	if s.path != "/loki/api/v1/query_range" {
		t.Errorf("asked at %s", s.path)
	}
	s.set(nil, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "parse error at line 1, col 5: syntax error", http.StatusBadRequest)
	})
	a.now = a.now.Add(time.Minute)
	if err := a.askNow(); err == nil || !strings.Contains(err.Error(), "bad_data: parse error at line 1") {
		t.Errorf("error %v", err)
	}
}
