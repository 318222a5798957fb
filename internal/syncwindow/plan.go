package syncwindow

import (
	"fmt"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// change is what is to become of one window in the project.
type change struct {
	index int            // in spec.syncWindows; -1: it is new
	value map[string]any // nil: it goes
}

// plan says what to change of a project's windows. It tells the memories what is
// there; asked again at the same time, it says the same.
func (r *Reconciler) plan(windows []any, now time.Time) []change {
	own := map[string][]found{}
	for _, f := range ownWindows(r.config.Owner, windows) {
		own[f.mark.key] = append(own[f.mark.key], f)
	}
	var changes []change
	for _, w := range r.config.Windows {
		changes = append(changes, r.planOne(w, own[w.key()], now)...)
		delete(own, w.key())
	}
	for _, rest := range own { // nobody asks for them any more
		changes = append(changes, removal(rest)...)
	}
	return changes
}

// planOne says what to change of the windows about one service.
func (r *Reconciler) planOne(w Window, own []found, now time.Time) []change {
	m := r.memories[w.key()]
	switch m.decision {
	case slo.GateAllow:
		m.removed()
		return removal(own)
	case slo.GateHold, slo.GateDeny:
	default:
		return nil // nothing is known, so what is there is left alone
	}
	if len(own) == 0 {
		if !m.missing(now) {
			return nil
		}
		return []change{{index: -1, value: r.render(w, m.decision, m.why, now)}}
	}
	edited := slices.ContainsFunc(own, func(f found) bool { return f.edited })
	if m.standing(edited, now); edited {
		return nil
	}
	var changes []change
	if r.isDue(own[0], w, m.decision, now) {
		changes = []change{{index: own[0].index, value: r.render(w, m.decision, m.why, now)}}
	}
	return append(changes, removal(own[1:])...) // of two alike, one goes
}

// isDue says whether a window must be written anew: it is about something else, or
// half of its time is over. The clock may have been set back.
func (r *Reconciler) isDue(f found, w Window, d slo.GateDecision, now time.Time) bool {
	left := f.mark.until.Sub(now)
	return !r.matches(f.fields, w, d) || left < r.config.Lease/2 || left > r.config.Lease+early
}

func removal(own []found) []change {
	var changes []change
	for _, f := range own {
		changes = append(changes, change{index: f.index})
	}
	return changes
}

// operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

const windowsPath = "/spec/syncWindows"

// patch is the JSON patch that makes the changes to n windows of that version: what
// changes comes first, then what goes, from the end, then what is new.
func patch(version string, n int, changes []change) []operation {
	ops := []operation{{"test", "/metadata/resourceVersion", version}}
	slices.SortStableFunc(changes, func(a, b change) int { return b.index - a.index })
	var fresh []any
	left := n
	var gone []operation
	for _, c := range changes {
		at := fmt.Sprintf("%s/%d", windowsPath, c.index)
		switch {
		case c.index < 0:
			fresh = append(fresh, c.value)
		case c.value != nil:
			ops = append(ops, operation{"replace", at, c.value})
		default:
			gone, left = append(gone, operation{"remove", at, nil}), left-1
		}
	}
	switch {
	case left == 0 && len(fresh) == 0: // as it was before our first one
		return append(ops, operation{"remove", windowsPath, nil})
	case left == 0:
		return append(ops, operation{"add", windowsPath, fresh})
	}
	ops = append(ops, gone...)
	for _, w := range fresh {
		ops = append(ops, operation{"add", windowsPath + "/-", w})
	}
	return ops
}
