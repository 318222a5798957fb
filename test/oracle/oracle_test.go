package oracle

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const second = int64(time.Second)

func seconds(list ...int64) []int64 {
	for i := range list {
		list[i] *= second
	}
	return list
}

// each returns one event at each of the seconds.
func each(list ...int64) []Event {
	var events []Event
	for _, t := range list {
		events = append(events, Event{t * second, 1})
	}
	return events
}

func watching(processes ...*Process) *World {
	return &World{Gap: 2 * time.Minute, Remember: time.Hour, Forget: 24 * time.Hour, Processes: processes}
}

// The examples are worked by hand: who judges must be judged too.
func TestIncrements(t *testing.T) {
	old := func() *Process {
		return &Process{Target: "t", Family: "f", Starts: seconds(-1000), Events: each(-5, -4, 11, 12, 25), Scrapes: seconds(10, 20, 30)}
	}
	tests := []struct {
		name string
		p    *Process
		with []*Process
		want []Increment
	}{
		{"a baseline, then differences", old(), nil,
			[]Increment{{10 * second, 20 * second, 2, true}, {20 * second, 30 * second, 1, true}}},
		{"a restart counts what it shows", &Process{Starts: seconds(-9, 22), Events: each(-5, -4, 11, 21, 25), Scrapes: seconds(10, 20, 30)}, nil,
			[]Increment{{10 * second, 20 * second, 1, true}, {20 * second, 30 * second, 1, true}}},
		{"a hidden restart is seen by its start", &Process{Starts: seconds(-9, 12), TellsStart: true, Events: each(1, 13, 14), Scrapes: seconds(10, 20)}, nil,
			[]Increment{{10 * second, 20 * second, 2, true}}},
		{"and without one is not", &Process{Starts: seconds(-9, 12), Events: each(1, 13, 14), Scrapes: seconds(10, 20)}, nil,
			[]Increment{{10 * second, 20 * second, 1, true}}},
		{"born into its family", &Process{Target: "t", Family: "f", Starts: seconds(-9), Events: each(15, 16), Scrapes: seconds(20)}, []*Process{old()},
			[]Increment{{10 * second, 20 * second, 2, true}}},
		{"first with its family", &Process{Target: "t", Family: "f", Starts: seconds(-9), Events: each(5), Scrapes: seconds(10)}, []*Process{old()}, nil},
		{"a family of its own", &Process{Target: "t", Family: "g", Starts: seconds(-9), Events: each(5), Scrapes: seconds(20)}, []*Process{old()}, nil},
		{"born under our eyes", &Process{Starts: seconds(4), TellsStart: true, Events: each(5), Scrapes: seconds(10)}, nil,
			[]Increment{{4 * second, 10 * second, 1, true}}},
		{"born late in an old process", &Process{Target: "t", Family: "f", Starts: seconds(4), TellsStart: true, Events: each(15), Scrapes: seconds(20)}, []*Process{old()},
			[]Increment{{10 * second, 20 * second, 1, true}}},
		{"a long gap", &Process{Starts: seconds(-9), Events: each(11), Scrapes: seconds(10, 131)}, nil,
			[]Increment{{10 * second, 131 * second, 1, false}}},
		{"gone for less than an hour", &Process{Starts: seconds(-9), Events: each(11, 12), Scrapes: seconds(10, 20, 100), Stale: map[int64]bool{20 * second: true}}, nil,
			[]Increment{{10 * second, 100 * second, 2, true}}},
		{"gone for more", &Process{Starts: seconds(-9), Events: each(11, 12), Scrapes: seconds(10, 20, 3611), Stale: map[int64]bool{20 * second: true}}, nil, nil},
		{"gone for so long that it is new", &Process{Target: "t", Family: "f", Starts: seconds(-9), Events: each(11, 12), Scrapes: seconds(10, 90020)}, []*Process{
			{Target: "t", Family: "f", Starts: seconds(-9), Scrapes: seconds(10, 90010, 90020)}},
			[]Increment{{90010 * second, 90020 * second, 2, true}}},
		{"deltas", &Process{Delta: true, Starts: seconds(5, 22), Events: each(6, 15, 21, 23), Scrapes: seconds(10, 20, 30)}, nil,
			[]Increment{{5 * second, 10 * second, 1, true}, {10 * second, 20 * second, 1, true}, {22 * second, 30 * second, 1, true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := watching(append(tt.with, tt.p)...)
			if diff := cmp.Diff(tt.want, w.Increments(tt.p)); diff != "" {
				t.Errorf("increments (-want +got):\n%s", diff)
			}
		})
	}
}

// 7 bad events in a gap of 200 s: a part of them has happened at each moment,
// rounded down, and good events counted as fewer bad ones round alike.
func TestGapsAreSharedOut(t *testing.T) {
	gap := []Part{{Weight{Bad: 1, Total: 1}, []Increment{{0, 200 * second, 7, false}}}}
	less := []Part{{Weight{Bad: -1}, []Increment{{0, 200 * second, 7, false}}}}
	for at, want := range map[int64]int64{0: 0, 28: 0, 29: 1, 100: 3, 199: 6, 200: 7, 300: 7} {
		if got := Until(gap, at*second); got.Bad.Int64() != want || got.Total.Int64() != want {
			t.Errorf("at %d s: %v bad of %v, want %d", at, got.Bad, got.Total, want)
		}
		if got := Until(less, at*second); got.Bad.Int64() != -want || got.Total.Sign() != 0 {
			t.Errorf("at %d s: %v bad of %v, want %d of none", at, got.Bad, got.Total, -want)
		}
	}
}

func TestWindow(t *testing.T) {
	parts := []Part{{Weight{Total: 1}, []Increment{
		{0, 3600 * second, 1, true}, {0, 3605 * second, 10, true}, {0, 7205 * second, 100, true},
	}}}
	// An hour before 7205.5 s lies 3605.5 s, and the grid of ten seconds below it.
	start, end, c := Window(parts, time.Unix(7205, 5e8), time.Hour)
	if start.Unix() != 3600 || end.Unix() != 7205 || c.Total.Int64() != 110 {
		t.Errorf("%v events in (%d, %d], want 110 in (3600, 7205]", c.Total, start.Unix(), end.Unix())
	}
	if got := Since(parts).Total.Int64(); got != 111 {
		t.Errorf("%d events in all, want 111", got)
	}
}

// Three good events and one bad in the first minute, the last of them at its
// very end; nothing in the second; a gap of 200 s in which 4 of 5 were good, of
// which 24, 60, 60 and 56 s lie in the slices.
func TestSlices(t *testing.T) {
	minute := 60 * second
	parts := []Part{
		{Weight{Total: 1}, []Increment{{0, 10 * second, 3, true}, {4*minute - 24*second, 4*minute + 176*second, 5, false}}},
		{Weight{Bad: 1, Total: 1}, []Increment{{0, minute, 1, true}, {0, 30 * minute, 0, true}}},
		{Weight{Bad: 1}, []Increment{{4*minute - 24*second, 4*minute + 176*second, 1, false}}},
	}
	list := Slices(parts, time.Minute)
	want := []struct{ end, bad, total int64 }{{1, 1, 4}, {5, 0, 2}, {6, 0, 1}, {7, 1, 2}}
	for i, s := range list {
		if i >= len(want) || s.End != want[i].end*minute || s.Bad.Int64() != want[i].bad || s.Total.Int64() != want[i].total {
			t.Fatalf("slice %d ends at %d s with %v of %v bad, want %v", i, s.End/second, s.Bad, s.Total, want)
		}
	}
	for _, tt := range []struct{ num, den, before, bad, total int64 }{
		{3, 4, 100, 1, 4}, {76, 100, 100, 2, 4}, {1, 2, 100, 0, 4}, {76, 100, 7, 1, 3}, {1, 4, 1, 0, 0},
	} {
		c := Since(Judged(list, big.NewRat(tt.num, tt.den), tt.before*minute))
		if c.Bad.Int64() != tt.bad || c.Total.Int64() != tt.total {
			t.Errorf("%d/%d good before minute %d: %v of %v bad, want %d of %d", tt.num, tt.den, tt.before, c.Bad, c.Total, tt.bad, tt.total)
		}
	}
}
