package gate

import (
	"testing"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// A budget that falls, hovers, is lost from sight and recovers.
func TestLatch(t *testing.T) {
	level := slo.GateLevel{Below: 0.25, ResumeAbove: 0.3}
	held := false
	for i, step := range []struct {
		left *float64
		want bool
	}{
		{nil, false}, {number(0.4), false}, {number(0.25), false}, {number(0.249), true}, {number(0.26), true},
		{nil, true}, {number(0.2999), true}, {number(0.3), false}, {number(0.29), false}, {number(-5), true}, {number(1), false},
	} {
		if held = Latch(nil, Budget{Remaining: step.left}, held, level); held != step.want {
			t.Errorf("step %d: %v", i, held)
		}
	}
}

// Without a distance between the two it has no memory.
func TestLatchWithoutHysteresis(t *testing.T) {
	level := slo.GateLevel{}
	for _, latched := range []bool{false, true} {
		if Latch(nil, Budget{Remaining: number(0)}, latched, level) || !Latch(nil, Budget{Remaining: number(-1e-9)}, latched, level) {
			t.Errorf("latched %v is remembered", latched)
		}
	}
}
