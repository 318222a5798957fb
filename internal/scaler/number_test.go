package scaler

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)

// everything is a scaler with all inputs.
func everything() *Spec {
	return &Spec{
		Name: "checkout", Service: "checkout", Max: 1000, Ahead: true,
		Queue:      &Queue{Query{Backend: "main", Query: "q", Target: 100, Weight: 1}},
		Load:       &Load{Query: Query{Backend: "main", Query: "l", Target: 50, Weight: 0.5}, Trend: 5 * time.Minute},
		Goroutines: &Goroutines{Query: Query{Backend: "main", Query: "g", Target: 1000, Weight: 0.25}, For: 15 * time.Minute, Growth: 0.1},
		Burn:       &Burn{Window: 5 * time.Minute, Above: 1, Weight: 0.1, Most: 2},
	}
}

func known(value float64) Reading { return Reading{Value: value, At: noon} }

// The example of the package's comment.
func TestTheWorkedNumber(t *testing.T) {
	s := everything()
	s.Load, s.Goroutines = nil, nil
	n, err := s.Count(map[Input]Reading{InputQueue: known(340), InputMembers: known(1.25), InputBurn: {Value: 11, At: noon.Add(-time.Minute)}})
	if err != nil {
		t.Fatal(err)
	}
	want := Number{
		Value: 5.25, Unbounded: 5.25, At: noon.Add(-time.Minute), Terms: []Term{
			{InputQueue, 340, 3.4, noon}, {InputMembers, 1.25, 0.85, noon}, {InputBurn, 11, 1, noon.Add(-time.Minute)},
		},
	}
	if diff := cmp.Diff(want, n, about); diff != "" {
		t.Error(diff)
	}
}

var about = cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })

func TestTerms(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*Spec)
		readings map[Input]float64
		want     float64
	}{
		"all of it":                {nil, map[Input]float64{InputQueue: 200, InputLoad: 100, InputGoroutines: 4000, InputBurn: 6}, 2 + 1 + 1 + 0.5},
		"nothing to do":            {nil, nil, 0},
		"burn within the budget":   {nil, map[Input]float64{InputBurn: 0.9}, 0},
		"an outage adds no more":   {nil, map[Input]float64{InputBurn: 1000}, 2},
		"members, not of the burn": {nil, map[Input]float64{InputQueue: 200, InputMembers: 2, InputBurn: 6}, 4.5},
		"at least":                 {func(s *Spec) { s.Min = 3 }, map[Input]float64{InputQueue: 200}, 3},
		"at most":                  {func(s *Spec) { s.Max = 3 }, map[Input]float64{InputQueue: 900}, 3},
		"far too much":             {func(s *Spec) { s.Queue.Target = 1e-300 }, map[Input]float64{InputQueue: 1e300}, 1000},
	} {
		s := everything()
		if c.change != nil {
			c.change(s)
		}
		in := map[Input]Reading{InputMembers: known(1)}
		for _, input := range []Input{InputQueue, InputLoad, InputGoroutines, InputBurn} {
			in[input] = known(0)
		}
		for input, v := range c.readings {
			in[input] = known(v)
		}
		n, err := s.Count(in)
		if err != nil || math.Abs(n.Value-c.want) > 1e-9 {
			t.Errorf("%s: got %v, %v, want %v", name, n.Value, err, c.want)
		}
	}
}

// What is looked at beside the sum takes no number away.
func TestWhatDoesNotCountIsNotNeeded(t *testing.T) {
	s := everything()
	s.Load.Target, s.Goroutines.Target = 0, 0
	n, err := s.Count(map[Input]Reading{InputQueue: known(150), InputMembers: known(1), InputBurn: known(0)})
	if err != nil || n.Value != 1.5 {
		t.Errorf("got %v, %v", n.Value, err)
	}
}

// bad are readings that are none.
var bad = []Reading{
	{}, {Value: 1}, unknown("main does not answer"), {Value: 5, At: noon, Problem: "old"},
	known(math.NaN()), known(math.Inf(1)), known(math.Inf(-1)), known(-1),
}

// Whatever a scaler is made of, and whatever is wrong with some of it: there is a
// number if and only if all that counts is known, it is within the bounds, and what
// is missing is named.
func TestMissingInputsNeverYieldANumber(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	maybe := func() bool { return random.IntN(2) == 0 }
	for range 20_000 {
		s := everything()
		if maybe() {
			s.Queue = nil
		}
		if maybe() {
			s.Load.Target = 0
		}
		if maybe() {
			s.Goroutines = nil
		}
		if maybe() {
			s.Burn = nil
		}
		s.Ahead, s.Min = maybe(), random.Float64()*10
		in, missing := map[Input]Reading{}, []Input{}
		for _, input := range []Input{InputQueue, InputLoad, InputGoroutines, InputMembers, InputBurn} {
			in[input] = known(math.Exp(20*random.Float64() - 5))
			if random.IntN(4) == 0 {
				in[input] = bad[random.IntN(len(bad))]
				if slices.Contains(s.needed(), input) {
					missing = append(missing, input)
				}
			}
		}
		n, err := s.Count(in)
		var lacks *Missing
		if got := errors.As(err, &lacks); got != (len(missing) > 0) {
			t.Fatalf("%v are missing of %v, and the number is %v, %v", missing, in, n, err)
		}
		if err != nil {
			if diff := cmp.Diff(Number{}, n); diff != "" {
				t.Fatalf("a number beside an error: %s", diff)
			}
			if named := fmt.Sprint(inputsOf(lacks)); named != fmt.Sprint(missing) {
				t.Fatalf("%v are missing, and %s are named", missing, named)
			}
			continue
		}
		if !(n.Value >= s.Min && n.Value <= s.Max) {
			t.Fatalf("%v is not within %v and %v", n.Value, s.Min, s.Max)
		}
	}
}

func inputsOf(m *Missing) (list []Input) {
	for _, l := range m.Lacks {
		list = append(list, l.Input)
	}
	return list
}

func TestMissingSaysWhy(t *testing.T) {
	_, err := everything().Count(map[Input]Reading{
		InputQueue: unknown("main does not answer: connection refused"), InputLoad: known(1), InputGoroutines: known(math.NaN()), InputMembers: known(1),
	})
	for _, part := range []string{
		"scaler checkout has no number", "queue: main does not answer: connection refused",
		"goroutines: is NaN, which is not how much", "burn: was not asked yet",
	} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
}

func TestMembers(t *testing.T) {
	for m, want := range map[Members]struct {
		factor  float64
		problem bool
	}{
		{}: {1, false}, {10, 0}: {1, false}, {10, 1}: {10. / 9, false}, {2, 1}: {2, false},
		{3, 3}: {0, true}, {3, 4}: {0, true}, {-1, 0}: {0, true}, {3, -1}: {0, true},
	} {
		factor, problem := m.share()
		if math.Abs(factor-want.factor) > 1e-9 || (problem != "") != want.problem {
			t.Errorf("%+v: got %v, %q", m, factor, problem)
		}
	}
}
