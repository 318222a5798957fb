package scaler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// source answers with functions of the time, by query; each name is a pod.
type source struct {
	mu     sync.Mutex
	series map[string]map[string]func(time.Time) float64
	err    error
	slow   time.Duration
	asked  []Question
}

func (s *source) Ask(ctx context.Context, q Question) (model.Matrix, error) {
	s.mu.Lock()
	series, err, slow := s.series[q.Query], s.err, s.slow
	s.asked = append(s.asked, q)
	s.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	var matrix model.Matrix
	for _, name := range slices.Sorted(maps.Keys(series)) {
		one := &model.SampleStream{Metric: model.Metric{"pod": model.LabelValue(name)}}
		for t := q.From; !t.After(q.To); t = t.Add(q.Step) {
			one.Values = append(one.Values, model.SamplePair{Timestamp: model.TimeFromUnixNano(t.UnixNano()), Value: model.SampleValue(series[name](t))})
		}
		matrix = append(matrix, one)
	}
	return matrix, nil
}

func (s *source) set(change func(*source)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *source) say(query string, f func(time.Time) float64) {
	s.set(func(s *source) { s.series[query] = map[string]func(time.Time) float64{"a": f} })
}

func steady(v float64) func(time.Time) float64 { return func(time.Time) float64 { return v } }

func newSource() *source {
	s := &source{series: map[string]map[string]func(time.Time) float64{}}
	s.say("q", steady(340))
	s.say("l", steady(100))
	s.say("g", steady(400))
	return s
}

// queueOnly is a scaler of one query.
func queueOnly(name, backend string) Spec {
	return Spec{Name: name, Service: name, Max: 1000, Queue: &Queue{Query{Backend: backend, Query: "q", Target: 100, Weight: 1}}}
}

// running runs scalers in a bubble until the test is over.
func running(t *testing.T, o Options, f func(*Scalers)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var run sync.WaitGroup
		run.Go(func() { _ = s.Run(ctx) })
		synctest.Wait()
		f(s)
		cancel()
		run.Wait()
	})
}

// number is what a scaler says, or why it says nothing.
func number(s *Scalers, name string) string {
	n, err := s.Number(name)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.4g", n.Value)
}

func TestPolling(t *testing.T) {
	main := newSource()
	var clocks []time.Duration
	running(t, Options{Specs: []Spec{queueOnly("shop", "main")}, Sources: map[string]Source{"main": main}}, func(s *Scalers) {
		began := time.Now()
		for _, step := range []struct {
			after  time.Duration
			change func()
			want   string
		}{
			{0, nil, "3.4"},
			{14 * time.Second, func() { main.say("q", steady(500)) }, "3.4"},
			{2 * time.Second, func() { main.set(func(s *source) { s.err = errors.New("does not answer: no route") }) }, "5"},
			{110 * time.Second, nil, "5"}, // the last answer is two minutes old now, all but a few seconds
			{20 * time.Second, nil, "queue: main does not answer: no route"},
			{time.Hour, func() { main.set(func(s *source) { s.err = nil }) }, "queue: main does not answer: no route"},
			{15 * time.Second, func() { main.set(func(s *source) { delete(s.series, "q") }) }, "5"},
			{15 * time.Second, func() { main.say("q", steady(-1)) }, "queue: its answer is no number: main knows no series for its query"},
			{15 * time.Second, nil, "queue: its answer is no number: it is -1"},
		} {
			time.Sleep(step.after)
			synctest.Wait()
			clocks = append(clocks, time.Since(began))
			if got := number(s, "shop"); !strings.Contains(got, step.want) {
				t.Errorf("after %v: %s, want %s", time.Since(began), got, step.want)
			}
			if step.change != nil {
				step.change()
			}
		}
	})
	if q := main.asked[0]; q.Lookback != 2*time.Minute || !q.From.Equal(q.To) {
		t.Errorf("asked %+v", q)
	}
}

// A poller that hangs makes a number old, and it is not told for new.
func TestOldIsMissing(t *testing.T) {
	main := newSource()
	running(t, Options{Specs: []Spec{queueOnly("shop", "main")}, Sources: map[string]Source{"main": main}}, func(s *Scalers) {
		main.set(func(s *source) { s.slow = time.Hour })
		time.Sleep(2 * time.Minute)
		if got := number(s, "shop"); got != "3.4" {
			t.Errorf("after two minutes: %s", got)
		}
		time.Sleep(2 * time.Second)
		if got := number(s, "shop"); !strings.Contains(got, "queue: was known last 2m2s ago") {
			t.Errorf("after that: %s", got)
		}
	})
}

// One slow server takes away the numbers of its scalers alone.
func TestASlowBackendHurtsItself(t *testing.T) {
	quick, slow := newSource(), newSource()
	slow.slow = time.Hour
	both := queueOnly("both", "quick")
	both.Load = &Load{Query: Query{Backend: "slow", Query: "l", Target: 1, Weight: 1}}
	specs := []Spec{queueOnly("a", "slow"), queueOnly("b", "quick"), queueOnly("c", "slow"), both}
	running(t, Options{Specs: specs, Sources: map[string]Source{"quick": quick, "slow": slow}}, func(s *Scalers) {
		for range 100 {
			time.Sleep(15 * time.Second)
			synctest.Wait()
			if a, b, both := number(s, "a"), number(s, "b"), number(s, "both"); !strings.Contains(a, "queue: was not asked yet") ||
				b != "3.4" || strings.Contains(both, "queue") || !strings.Contains(both, "load: was not asked yet") {
				t.Fatalf("a %s, b %s, both %s", a, b, both)
			}
		}
	})
}

// Burn, members and queue make one number; each of them can take it away.
func TestAllInputs(t *testing.T) {
	main := newSource()
	spec := everything()
	spec.Load.Query.Query, spec.Load.Ahead = "rising", 2*time.Minute
	var mu sync.Mutex
	out, away, at := 1, error(nil), (*engine.Snapshot)(nil)
	set := func(members int, err error, seen *engine.Snapshot) {
		mu.Lock()
		defer mu.Unlock()
		out, away, at = members, err, seen
	}
	options := Options{
		Specs: []Spec{*spec}, Sources: map[string]Source{"main": main},
		Snapshot: func() *engine.Snapshot {
			mu.Lock()
			defer mu.Unlock()
			return at
		},
		Members: func(string) (Members, error) {
			mu.Lock()
			defer mu.Unlock()
			return Members{All: 5, Out: out}, away
		},
	}
	running(t, options, func(s *Scalers) {
		began := time.Now()
		main.say("rising", func(t time.Time) float64 { return 100 + max(-50, t.Sub(began).Seconds()/10) })
		seen := func(state engine.State) *engine.Snapshot {
			in := instance("checkout:availability", 11)
			in.State, in.LastSample, in.Windows[1].End = state, began, began
			return &engine.Snapshot{At: began.Add(15 * time.Second), Instances: []*engine.Instance{in}}
		}
		burning := seen(engine.StateBurning)
		set(1, nil, burning)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		// 3.4 of the queue, 113 of load (its trend is looked at each ten seconds) at 50
		// and a half of that, 400 goroutines at 1000 and a quarter; 4 do it for 5; and 1
		// for the burn.
		want := fmt.Sprintf("%.4g", (3.4+0.5*(100+1+12)/50+0.25*0.4)*5/4+1)
		if got := number(s, "checkout"); got != want {
			t.Errorf("got %s, want %s: %+v", got, want, s.Status()[0].Readings)
		}
		for _, c := range []struct {
			out  int
			err  error
			at   *engine.Snapshot
			want string
		}{
			{5, nil, burning, "members: all 5 members are out"},
			{0, errors.New("the gateway is away"), burning, "members: the gateway is away"},
			{1, nil, seen(engine.StateNoData), "burn: the SLO checkout:availability is in state no_data"},
			{1, nil, nil, "burn: the engine has not judged anything yet"},
			{1, nil, burning, want},
		} {
			set(c.out, c.err, c.at)
			if got := number(s, "checkout"); !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		}
	})
}

// A leak is told once, does not count, is shown, and is told to be over.
func TestLeakIsTold(t *testing.T) {
	main := newSource()
	spec := everything()
	spec.Burn, spec.Ahead, spec.Queue, spec.Load.Target = nil, false, nil, 0
	var told []string
	registry := prometheus.NewRegistry()
	options := Options{
		Specs: []Spec{*spec}, Sources: map[string]Source{"main": main}, Registerer: registry,
		Watch: func(scaler string, l Leak, suspected bool) {
			told = append(told, fmt.Sprint(scaler, " ", l.Pod, " ", suspected))
		},
	}
	running(t, options, func(s *Scalers) {
		began := time.Now()
		main.set(func(s *source) {
			s.series["g"]["b"] = func(t time.Time) float64 {
				if t.Sub(began) > 2*time.Hour {
					return 400
				}
				return 400 + max(0, 20*t.Sub(began).Minutes())
			}
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		n, err := s.Number("checkout")
		if err != nil || n.Value > 0.25*(0.4+0.5) {
			t.Errorf("got %v, %v", n, err)
		}
		view := s.List().Scalers[0]
		if len(view.Leaks) != 1 || view.Leaks[0].Pod != "b" || *view.Leaks[0].PerMinute < 19 || *view.Leaks[0].Goroutines < 1590 {
			t.Errorf("shown %+v", view.Leaks)
		}
		metrics := `
# HELP slo_engine_scaler_leaking_pods Pods whose goroutines are suspected to leak.
# TYPE slo_engine_scaler_leaking_pods gauge
slo_engine_scaler_leaking_pods{scaler="checkout"} 1
`
		if err := testutil.GatherAndCompare(registry, strings.NewReader(metrics), "slo_engine_scaler_leaking_pods"); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := number(s, "checkout"); got != "0.2" {
			t.Errorf("at the end: %s", got)
		}
		main.set(func(s *source) { delete(s.series, "l") })
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if got := number(s, "checkout"); !strings.Contains(got, "goroutines: load beside it: its answer is no number: main knows no series") {
			t.Errorf("without load: %s", got)
		}
	})
	if diff := cmp.Diff([]string{"checkout b true", "checkout b false"}, told); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefuses(t *testing.T) {
	sources := map[string]Source{"main": newSource()}
	for want, specs := range map[string][]Spec{
		`two of the name "a"`:           {queueOnly("a", "main"), queueOnly("a", "main")},
		`asks "other", and there is no`: {queueOnly("a", "other")},
	} {
		if _, err := New(Options{Specs: specs, Sources: sources}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	s, err := New(Options{Specs: []Spec{queueOnly("a", "main")}, Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Number("b"); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if got := number(s, "a"); !strings.Contains(got, "queue: was not asked yet") {
		t.Errorf("before it runs: %s", got)
	}
}

// Whatever is looked at and however long, the last point is not old, and all are
// at multiples of their distance.
func TestOver(t *testing.T) {
	for span, want := range map[time.Duration]time.Duration{
		time.Minute: 2 * time.Second, 5 * time.Minute: 10 * time.Second, 15 * time.Minute: 30 * time.Second,
		6 * time.Hour: time.Minute, 10 * time.Second: time.Second,
	} {
		for _, now := range []time.Time{noon, noon.Add(time.Second), noon.Add(59*time.Second + 999*time.Millisecond)} {
			from, to, step := over(span, 2*time.Minute, now)
			if step != want || now.Sub(to) < 0 || now.Sub(to) >= step || to.Unix()%int64(step.Seconds()) != 0 ||
				to.Sub(from)%step != 0 || to.Sub(from) > span || to.Sub(from) < span*9/10 {
				t.Errorf("%v at %v: %v to %v by %v", span, now, from, to, step)
			}
		}
	}
}
