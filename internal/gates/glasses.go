package gates

import (
	"slices"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
)

// glasses are those that are broken, as they are known here.
type glasses struct {
	mu     sync.RWMutex
	list   []gate.Glass
	known  bool // the Store was asked
	writes int  // of this engine: a list that was read before the last one is too old
}

// of is the glass that lasts longest of those that hold for a request; nil: none.
func (g *glasses) of(r gate.Request) *gate.Glass {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var best *gate.Glass
	for i := range g.list {
		one := &g.list[i]
		if one.Service == r.Service && (one.Environment == "" || one.Environment == r.Environment) &&
			one.Until.After(r.Now) && (best == nil || one.Until.After(best.Until)) {
			best = one
		}
	}
	if best == nil {
		return nil
	}
	kept := *best
	return &kept
}

// at are those that hold at a time.
func (g *glasses) at(now time.Time) (list []gate.Glass) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, one := range g.list {
		if one.Until.After(now) {
			list = append(list, one)
		}
	}
	return list
}

// add takes in one that was written here.
func (g *glasses) add(one gate.Glass) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes++
	if !slices.ContainsFunc(g.list, func(had gate.Glass) bool { return had.ID == one.ID }) { // else it was read meanwhile
		g.list = append(slices.Clone(g.list), one)
	}
}

// remove takes one out that was mended here.
func (g *glasses) remove(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes++
	g.list = slices.DeleteFunc(slices.Clone(g.list), func(one gate.Glass) bool { return one.ID == id })
}

// written counts the writes of this engine.
func (g *glasses) written() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.writes
}

// replace takes in what the Store has, unless this engine has written since, and
// reports whether that is anything new.
func (g *glasses) replace(list []gate.Glass, written int) (changed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.writes != written {
		return false
	}
	changed = !slices.Equal(g.list, list)
	g.list, g.known = list, true
	return changed
}
