package scaler

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// watched are goroutines that are looked at as they are by default.
var watched = &Goroutines{For: 30 * time.Minute, Growth: 0.2}

// world is a service as its pods and its load are, at the seconds since it began.
type world struct {
	pods map[string]func(seconds float64) float64 // negative: it is not there
	load func(seconds float64) float64
}

// look is what is seen of it at a time over the time that leaks need.
func (w world) look(before map[string]Leak, seconds float64) (float64, map[string]Leak) {
	began := noon.Add(-24 * time.Hour)
	from, to, step := over(watched.For, 2*time.Minute, began.Add(time.Duration(seconds*float64(time.Second))))
	at := func(f func(float64) float64) (points []Point) {
		for t := from; !t.After(to); t = t.Add(step) {
			if v := f(t.Sub(began).Seconds()); v >= 0 {
				points = append(points, Point{t, v})
			}
		}
		return points
	}
	var pods []Pod
	for name, f := range w.pods {
		pods = append(pods, Pod{name, at(f)})
	}
	return watched.Look(before, pods, at(w.load), to)
}

func constant(v float64) func(float64) float64 { return func(float64) float64 { return v } }

func TestALeakIsSuspectedUntilThePodIsGone(t *testing.T) {
	const minute = 60.
	leaking := func(s float64) float64 {
		switch {
		case s < 60*minute:
			return 500
		case s < 120*minute:
			return 500 + (s-60*minute)/minute*10 // ten a minute
		case s < 180*minute:
			return 1100 // it has stopped to grow, and is still there
		}
		return 500 // restarted
	}
	w := world{map[string]func(float64) float64{"a": leaking, "b": constant(500)}, constant(1000)}
	var leaks map[string]Leak
	var counted float64
	first, last := 0., 0.
	for s := 20 * minute; s < 240*minute; s += 15 {
		counted, leaks = w.look(leaks, s)
		if leak, suspected := leaks["a"]; suspected {
			if first == 0 {
				first = s
			}
			last = s
			if counted > 500+500*1.2 || leak.Goroutines < leak.Counted {
				t.Fatalf("after %v minutes %v count, of %+v", s/minute, counted, leak)
			}
			if s > 80*minute && s < 119*minute && math.Abs(leak.PerMinute-10) > 0.1 {
				t.Fatalf("after %v minutes: %+v", s/minute, leak)
			}
		}
		if _, wrong := leaks["b"]; wrong {
			t.Fatalf("after %v minutes b is suspected", s/minute)
		}
	}
	if first < 70*minute || first > 90*minute {
		t.Errorf("suspected after %v minutes", first/minute)
	}
	if last < 179*minute || last > 181*minute {
		t.Errorf("not any more after %v minutes", last/minute)
	}
	if counted != 1000 {
		t.Errorf("%v count at the end", counted)
	}
}

// What is none, however long it goes on.
func TestNoLeak(t *testing.T) {
	const minute = 60.
	day := func(s float64) float64 { return 1000 + 500*math.Sin(s/(120*minute)*2*math.Pi) }
	later := func(since float64, f func(float64) float64) func(float64) float64 {
		return func(s float64) float64 {
			if s < since*minute {
				return -1
			}
			return f(s - since*minute)
		}
	}
	warm := func(s float64) float64 { return 400 * (1 - math.Exp(-s/(6*minute))) }
	for name, w := range map[string]world{
		"as the load is": {map[string]func(float64) float64{"a": func(s float64) float64 { return 100 + day(s)/2 }}, day},
		"as the load is, which seems to dip": {map[string]func(float64) float64{"a": func(s float64) float64 { return 100 + day(s)/2 }}, func(s float64) float64 {
			if math.Mod(s, 7*minute) < minute {
				return day(s) * 0.6
			}
			return day(s)
		}},
		"fewer pods": {map[string]func(float64) float64{
			"a": func(s float64) float64 { return 100 + 1000*(1+math.Floor(s/(30*minute))) }, // each half an hour
			"b": func(s float64) float64 { return 1000 - s },
		}, func(s float64) float64 { return 1000 * (1 + math.Floor(s/(30*minute))) }},
		"warming up":   {map[string]func(float64) float64{"a": constant(400), "b": later(90, warm)}, constant(1000)},
		"a step":       {map[string]func(float64) float64{"a": func(s float64) float64 { return 400 + 400*math.Floor(s/(100*minute)) }}, constant(1000)},
		"idle, few":    {map[string]func(float64) float64{"a": func(s float64) float64 { return 10 + s/(20*minute) }}, constant(0)},
		"load arrives": {map[string]func(float64) float64{"a": func(s float64) float64 { return 100 + max(0, s-60*minute) }}, func(s float64) float64 { return max(0, s-60*minute) }},
	} {
		var leaks map[string]Leak
		for s := 20 * minute; s < 240*minute; s += 60 {
			if _, leaks = w.look(leaks, s); len(leaks) > 0 {
				t.Errorf("%s: after %v minutes %+v", name, s/minute, leaks)
				break
			}
		}
	}
}

// When pods go, the others have their load: that is none, and a leak beside it is
// one.
func TestScaledIn(t *testing.T) {
	const minute = 60.
	pods := map[string]func(float64) float64{}
	left := func(s float64) float64 { return 10 - math.Floor(max(0, min(s-60*minute, 29*minute))/(6*minute)) } // 10 to 6
	for i := range 10 {
		pods[fmt.Sprint("pod-", i)] = func(s float64) float64 {
			if float64(i) >= left(s) {
				return -1
			}
			return 50 + 5000/left(s)
		}
	}
	w := world{pods, constant(5000)}
	var leaks map[string]Leak
	for s := 20 * minute; s < 150*minute; s += 60 {
		if _, leaks = w.look(leaks, s); len(leaks) > 0 {
			t.Fatalf("after %v minutes %+v", s/minute, leaks)
		}
	}
}

// More load takes the suspicion back when it explains what there is.
func TestLoadExplains(t *testing.T) {
	leak := Leak{Pod: "a", floor: 500, load: 100}
	pod := Pod{"a", []Point{{noon, 1000}}}
	for load, want := range map[float64]bool{50: true, 100: true, 150: true, 190: false, 300: false} {
		l := leak
		if got := l.goesOn(pod, []Point{{noon, load}}, 0.1); got != want {
			t.Errorf("at a load of %v: %t, %v count", load, got, l.Counted)
		}
	}
	leak.load = 0
	if leak.goesOn(pod, []Point{{noon, 1}}, 0.1) {
		t.Error("it goes on with nothing to compare with")
	}
}

// wander is a service whose goroutines and load wander about, as real ones do: what
// is now depends on what was a minute ago.
func wander(random *rand.Rand, level, spread float64) func(float64) float64 {
	const step = 15.
	keep := math.Exp(-step / 60)
	values := make([]float64, 24*60*4)
	now := random.NormFloat64()
	for i := range values {
		values[i] = max(0, level*(1+spread*now))
		now = keep*now + math.Sqrt(1-keep*keep)*random.NormFloat64()
	}
	return func(s float64) float64 { return values[int(s/step)%len(values)] }
}

// Days of pods that wander by a tenth have no leak; one that leaks a twentieth of
// what it has in a minute is found within the hour.
func TestLeaksOfPodsThatWander(t *testing.T) {
	const minute = 60.
	random := rand.New(rand.NewPCG(7, 8))
	for range 5 {
		quiet, load, leaking := wander(random, 800, 0.1), wander(random, 2000, 0.1), wander(random, 800, 0.1)
		w := world{map[string]func(float64) float64{
			"quiet": quiet, "leaking": func(s float64) float64 { return leaking(s) + max(0, s-720*minute)/minute*40 },
		}, load}
		var leaks map[string]Leak
		found := 0.
		for s := 60 * minute; s < 24*60*minute; s += 5 * minute {
			_, leaks = w.look(leaks, s)
			if leak, wrong := leaks["quiet"]; wrong {
				t.Errorf("after %v minutes %+v", s/minute, leak)
			}
			if _, suspected := leaks["leaking"]; suspected && found == 0 {
				found = s / minute
			}
		}
		if found < 720 || found > 780 {
			t.Errorf("found after %v minutes, and it began after 720", found)
		}
	}
}

// Half a thousand pods are looked at within a poll.
func BenchmarkLook(b *testing.B) {
	random := rand.New(rand.NewPCG(9, 10))
	w := world{map[string]func(float64) float64{}, wander(random, 2000, 0.1)}
	for i := range 500 {
		w.pods[fmt.Sprint(i)] = wander(random, 800, 0.1)
	}
	for b.Loop() {
		w.look(nil, 60*60)
	}
}
