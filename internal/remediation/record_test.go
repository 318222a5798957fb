package remediation

import (
	"testing"
)

// Every state is reached from Proposed, everything ends, and what has ended
// moves no more.
func TestMoves(t *testing.T) {
	reached := map[State]bool{Proposed: true}
	for range moves {
		for from := range reached {
			for _, to := range moves[from] {
				reached[to] = true
			}
		}
	}
	ends := map[State]bool{Undone: true, Contested: true, Failed: true, Rejected: true, Expired: true, Rehearsed: true}
	for state := range reached {
		if state.Over() != ends[state] {
			t.Errorf("%s: over is %v", state, state.Over())
		}
		if state.Over() && state.Live() {
			t.Errorf("%s has ended and may be live", state)
		}
	}
	for _, state := range []State{Awaiting, Applying, Verifying, Holding, Undoing} {
		if !reached[state] {
			t.Errorf("%s cannot be reached", state)
		}
	}
	for end := range ends {
		if !reached[end] {
			t.Errorf("%s cannot be reached", end)
		}
	}
}

// What may be live at a gateway cannot end as if nothing had been written.
func TestWhatMayBeLiveIsUndoneOrContested(t *testing.T) {
	for state := range moves {
		for _, end := range []State{Rejected, Expired, Rehearsed} {
			if state.Live() && state.May(end) {
				t.Errorf("%s may become %s, and something of it may be live", state, end)
			}
		}
		if state.Live() && state != Applying && state.May(Failed) {
			t.Errorf("%s may become %s", state, Failed)
		}
	}
}
