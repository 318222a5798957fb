package remediation

import (
	"testing"
	"time"
)

// fault is one that began a while ago: before it nothing failed, since then all
// of v2's share does. A hundred events come each second.
type fault struct{ age time.Duration }

func (f fault) Since(_ string, _ time.Time, window time.Duration, _ string) Reading {
	half := 50 * window.Seconds()
	v2 := Count{Bad: min(half, 50*f.age.Seconds()), Total: half}
	return Reading{
		Count: Count{Bad: v2.Bad, Total: 2 * half}, Budget: 0.001,
		Members: map[string]Count{"v1": {Total: half}, "v2": v2},
	}
}

// What is seconds old is seen as large as it is, once it is seen at all.
func TestAFaultIsAsLargeAsItIsNow(t *testing.T) {
	terms := Terms{Proof: "shop:availability", Window: 30 * time.Second, MinEvents: 50, By: "version"}
	for age, want := range map[time.Duration]float64{
		5 * time.Second: 1, 4 * time.Second: 1, time.Minute: 1,
		3 * time.Second: 0.8, // of the newest eighth
	} {
		r := New(Options{Events: fault{age}})
		got, _ := r.reading(terms).Members["v2"].Ratio()
		if got != want {
			t.Errorf("after %s v2 fails %v of the time, want %v", age, got, want)
		}
	}
	few := terms
	few.MinEvents = 1000 // as many as ten seconds have
	if got := New(Options{Events: fault{time.Minute}}).reading(few); got.Total != 1500 {
		t.Errorf("read %v events, want those of half the window", got.Total)
	}
}
