package alerts

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// TestStateGoesOnAfterARoundTrip steps a state and a twin that is written and
// read again before each step through the same random observations.
func TestStateGoesOnAfterARoundTrip(t *testing.T) {
	tiers, _ := Fit(Defaults(), slo.Window{Rolling: month}, 0.001, 0)
	policy := &Policy{Tiers: tiers, Gate: DefaultGate(), Budget: 0.001}
	seen := map[string]int{}
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 9))
		var state, twin State
		now, weather := epoch, 0
		for step := range 400 {
			now = now.Add(time.Duration(rng.IntN(300)) * time.Second)
			if rng.IntN(10) == 0 {
				weather = rng.IntN(5)
			}
			o := randomObservation(rng, weather, now)
			want := policy.Step(&state, o, now)
			twin = reread(t, twin)
			got := policy.Step(&twin, o, now)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d step %d: events (-kept +reread):\n%s", seed, step, diff)
			}
			for _, e := range want {
				seen[e.Name+" "+e.Kind.String()]++
			}
			if diff := cmp.Diff(state.Firing(), twin.Firing()); diff != "" {
				t.Fatalf("seed %d step %d: firing (-kept +reread):\n%s", seed, step, diff)
			}
			if diff := cmp.Diff(state.Holding(tiers), twin.Holding(tiers)); diff != "" {
				t.Fatalf("seed %d step %d: holding (-kept +reread):\n%s", seed, step, diff)
			}
			if diff := cmp.Diff(state.Pending(policy), twin.Pending(policy)); diff != "" {
				t.Fatalf("seed %d step %d: pending (-kept +reread):\n%s", seed, step, diff)
			}
		}
	}
	for _, name := range []string{NameBurn + " fired", NameBurn + " changed", NameBurn + " resolved",
		NameExhausted + " fired", NameExhausted + " resolved", NameNoData + " fired", NameNoData + " resolved"} {
		if seen[name] < 20 {
			t.Errorf("%q happened %d times: too rarely to say anything", name, seen[name])
		}
	}
}

func reread(t *testing.T, s State) (read State) {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return read
}

// randomObservation is of one of a few kinds of weather, so that alerts live
// for a while.
func randomObservation(rng *rand.Rand, weather int, now time.Time) Observation {
	o := Observation{Data: Live, LastSample: now.Add(-time.Second)}
	if weather == 4 {
		o.Data, o.LastSample = NoData, now.Add(-time.Duration(rng.IntN(90))*time.Minute)
	}
	burn := func() Burn {
		total := float64(rng.IntN(3000))
		return Burn{Counts: budget.Counts{Bad: total * []float64{0, 0.002, 0.01, 0.5, 0}[weather] * rng.Float64(), Total: total}, Coverage: 1}
	}
	for range 5 {
		o.Burns = append(o.Burns, Windows{Long: burn(), Short: burn()})
	}
	if remaining := 1 - float64(weather)*0.3 - rng.Float64()*0.3; rng.IntN(20) > 0 {
		o.Remaining = &remaining
	}
	if weather == 2 && rng.IntN(2) == 0 {
		d := time.Hour
		o.Exhaustion = &d
	}
	return o
}

func TestStateAsJSON(t *testing.T) {
	fast := alertState{firing: true, since: epoch.In(time.FixedZone("", 3600)), tier: PageFast, severity: Critical, frozen: true}
	low := alertState{firing: true, since: epoch, tier: TierBudget, severity: Info}
	silent := alertState{firing: true, since: epoch, tier: TierNoData, severity: Warning}
	heal := alertState{firing: true, since: epoch, tier: Heal}
	f := func(s State, want string) {
		t.Helper()
		got, err := json.Marshal(s)
		if err != nil || string(got) != want {
			t.Errorf("marshal: %s, %v\nwant     %s", got, err, want)
		}
	}
	f(State{}, `{}`)
	f(State{tiers: make([]tierState, 5), changes: 7}, `{}`)
	f(State{
		tiers:   []tierState{{holds: true}, {}, {pending: true}},
		burning: []alertState{heal, fast}, budget: low, noData: silent, clearSince: epoch.Add(time.Second),
		of:    []Tier{{Name: Heal}, {Name: PageFast}, {Name: "mine"}},
		began: []time.Time{epoch.Add(time.Minute), epoch, {}},
	}, `{"tiers":["holds","","pending"],"of":["heal","page_fast","mine"],"began":{"heal":"2026-03-01T00:01:00Z"},`+
		`"burning":[{"tier":"heal","since":"2026-03-01T00:00:00Z"},`+
		`{"severity":"critical","tier":"page_fast","since":"2026-03-01T00:00:00Z","frozen":true}],`+
		`"budget":{"severity":"info","tier":"budget","since":"2026-03-01T00:00:00Z"},`+
		`"noData":{"severity":"warning","tier":"no_data","since":"2026-03-01T00:00:00Z"},"clearSince":"2026-03-01T00:00:01Z"}`)
}

func TestStateFromJSON(t *testing.T) {
	since := `"since":"2026-03-01T00:00:00Z"`
	f := func(text, complaint string) {
		t.Helper()
		var s State
		s.clearSince = epoch
		err := json.Unmarshal([]byte(text), &s)
		switch {
		case complaint == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case complaint != "" && (err == nil || !strings.Contains(err.Error(), complaint)):
			t.Errorf("%s: error %v, want one about %q", text, err, complaint)
		case err != nil && (s.clearSince != epoch || len(s.Firing()) > 0):
			t.Errorf("%s: refused, and yet the state is %+v", text, s)
		}
	}
	f(`{}`, "")
	f(`{"future":{"a":1},"burning":[{"severity":"critical","tier":"page_fast",`+since+`,"mood":3}]}`, "")
	f(`{"tiers":["maybe"]}`, `tiers[0]`)
	f(`{"tiers":[`+strings.Repeat(`"",`, 64)+`""]}`, `at most 64`)
	f(`{"burning":[{"severity":"panic","tier":"page_fast",`+since+`}]}`, "") // documents name their own
	f(`{"tiers":["holds",""],"of":["page_fast","page_slow"]}`, "")
	f(`{"tiers":["holds"],"of":["page_fast","page_slow"]}`, `2 names for 1 tiers`)
	f(`{"burning":[`+strings.Repeat(`{},`, 64)+`{}]}`, `at most 64`)
	f(`{"burning":[{"severity":"info","tier":"x",`+since+`},{"severity":"info","tier":"y",`+since+`}]}`, `twice`)
	f(`{"burning":[{"severity":"critical",`+since+`}]}`, `tier ""`)
	f(`{"burning":[{"severity":"critical","tier":"page_fast"}]}`, `since is missing`)
	f(`{"budget":{"severity":"critical","tier":"budget",`+since+`}}`, `budget: severity "critical"`)
	f(`{"budget":{"severity":"info","tier":"page_fast",`+since+`}}`, `budget: tier`)
	f(`{"noData":{"severity":"warning","tier":"no_data","since":"yesterday"}}`, `decode alert state`)
	f(`[]`, `decode alert state`)
}

func TestChangesCountEveryChange(t *testing.T) {
	tiers, _ := Fit(Defaults(), slo.Window{Rolling: month}, 0.001, 0)
	policy := &Policy{Tiers: tiers, Gate: DefaultGate(), Budget: 0.001}
	rng := rand.New(rand.NewPCG(1, 9))
	var s State
	now, changed := epoch, 0
	before, _ := json.Marshal(s)
	for step := range 5000 {
		now = now.Add(time.Minute)
		count := s.Changes()
		if step%50 == 49 {
			s.Resolve("test")
		} else {
			policy.Step(&s, randomObservation(rng, step/10%5, now), now)
		}
		after, _ := json.Marshal(s)
		if string(before) != string(after) {
			changed++
			if s.Changes() == count {
				t.Fatalf("step %d: from %s to %s, and no change is counted", step, before, after)
			}
		}
		before = after
	}
	if changed < 100 {
		t.Errorf("%d changes: too few to say anything", changed)
	}
}

// TestCalmMeansThatNothingHappens steps states that are calm on the worst
// observation through observations that are no worse.
func TestCalmMeansThatNothingHappens(t *testing.T) {
	tiers, _ := Fit(Defaults(), slo.Window{Rolling: month}, 0.001, 0)
	calm, uneasy := 0, 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 17))
		policy := &Policy{Tiers: tiers, Budget: 0.001, Gate: Gate{MinBad: float64(rng.IntN(3))}}
		var s State
		now := epoch
		for step := range 500 {
			now = now.Add(time.Minute)
			if step%20 == 0 {
				s = State{}
			}
			worst := randomObservation(rng, []int{0, 0, 1, 1, 3}[rng.IntN(5)], now)
			for i := range worst.Burns { // mostly little, so that the factors decide
				worst.Burns[i].Long.Bad *= 10 * rng.Float64()
				worst.Burns[i].Short.Bad *= rng.Float64()
			}
			if worst.Remaining == nil && rng.IntN(2) == 0 {
				worst.Remaining = new(float64)
			}
			if !policy.Calm(&s, worst) {
				uneasy++
				policy.Step(&s, worst, now)
				continue
			}
			calm++
			for range 4 {
				o, changes := noWorse(rng, worst), s.Changes()
				if events := policy.Step(&s, o, now); len(events) > 0 || s.Changes() != changes {
					t.Fatalf("seed %d: calm on %+v, and on %+v came %+v", seed, worst, o, events)
				}
			}
		}
	}
	if calm < 2000 || uneasy < 2000 {
		t.Errorf("%d calm, %d uneasy: too few to say anything", calm, uneasy)
	}
}

func noWorse(rng *rand.Rand, o Observation) Observation {
	some := func() float64 { return []float64{0, rng.Float64(), 1}[rng.IntN(3)] }
	remaining := *o.Remaining + some()*(1-*o.Remaining)
	o.Remaining = &remaining
	better := func(b Burn) Burn {
		b.Bad, b.Total, b.Coverage = b.Bad*some(), b.Total+100*some(), b.Coverage*some()
		return b
	}
	burns := o.Burns
	o.Burns = nil
	for _, w := range burns {
		o.Burns = append(o.Burns, Windows{Long: better(w.Long), Short: better(w.Short)})
	}
	return o
}

func FuzzState(f *testing.F) {
	f.Add([]byte(`{"tiers":["holds"],"burning":[{"severity":"critical","tier":"page_fast","since":"2026-03-01T00:00:00Z"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s State
		if s.UnmarshalJSON(text) != nil {
			return
		}
		once, err := json.Marshal(s)
		if err != nil {
			return // a year beyond 9999
		}
		again, err := json.Marshal(reread(t, s))
		if err != nil || string(once) != string(again) {
			t.Errorf("%s becomes %s (%v)", once, again, err)
		}
	})
}
