package gates

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// level is one of a policy, for one SLO or one group of it.
type level struct {
	policy, slo string
	decision    slo.GateDecision
}

// latch is a level that holds, or that has just ended and is not yet forgotten on
// disk.
type latch struct {
	holds bool
	since time.Time
	// unwritten says that the Store does not know yet.
	unwritten bool
	// absent counts the looks at which SLO or policy was not there.
	absent int
}

// latches are the levels that hold. One goroutine steps them; many read.
type latches struct {
	// held is read without a lock. It is never changed, only replaced.
	held atomic.Pointer[map[level]struct{}]

	mu  sync.Mutex
	all map[level]*latch
	// looks counts the steps since the last look for what is gone.
	looks int
}

func newLatches() *latches {
	l := &latches{all: map[level]*latch{}}
	l.held.Store(&map[level]struct{}{})
	return l
}

// of says of a policy which of its levels hold.
func (l *latches) of(p *slo.GatePolicy) func(string, slo.GateDecision) bool {
	held := *l.held.Load()
	return func(id string, d slo.GateDecision) bool {
		_, holds := held[level{p.Name, id, d}]
		return holds
	}
}

// step looks at all SLOs, and reports whether a level began to hold or ended.
func (l *latches) step(r *rules, s *engine.Snapshot, now time.Time) (changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := *l.held.Load()
	policies := r.latching()
	for _, in := range s.Instances {
		if in.Remaining == nil {
			continue // what is not known changes nothing
		}
		for _, p := range policies {
			if p.of(r, in) {
				changed = l.move(p.GatePolicy, in, held, now) || changed
			}
		}
	}
	changed = l.forget(r, s) || changed
	if changed {
		l.publish()
	}
	return changed
}

// move steps the levels of a policy for an instance.
func (l *latches) move(p *slo.GatePolicy, in *engine.Instance, held map[level]struct{}, now time.Time) (changed bool) {
	b := gate.Budget{ID: in.ID, Remaining: in.Remaining}
	for _, one := range [...]struct {
		decision slo.GateDecision
		*slo.GateLevel
	}{{slo.GateHold, p.Budget.Hold}, {slo.GateDeny, p.Budget.Deny}} {
		if one.GateLevel == nil {
			continue
		}
		key := level{p.Name, in.ID, one.decision}
		_, before := held[key]
		if holds := gate.Latch(p, b, before, *one.GateLevel); holds != before {
			l.set(key, holds, now)
			changed = true
		}
	}
	return changed
}

func (l *latches) set(key level, holds bool, now time.Time) {
	l.all[key] = &latch{holds: holds, since: utc(now), unwritten: true}
}

// publish shows readers what holds.
func (l *latches) publish() {
	held := make(map[level]struct{}, len(l.all))
	for key, one := range l.all {
		if one.holds {
			held[key] = struct{}{}
		}
	}
	l.held.Store(&held)
}

// An SLO may be gone for a while and come back, as its latch must not: it is looked
// for this often, in steps, and forgotten after so many looks. Neither asks a clock.
const (
	looksEvery = 60
	absentMost = 60
)

// forget ends latches of policies and SLOs that have been gone for long.
func (l *latches) forget(r *rules, s *engine.Snapshot) (changed bool) {
	if l.looks++; l.looks < looksEvery {
		return false
	}
	l.looks = 0
	names := r.names()
	for key, one := range l.all {
		switch {
		case names[key.policy] && has(s, key.slo):
			one.absent = 0
		case one.holds:
			if one.absent++; one.absent >= absentMost {
				one.holds, one.unwritten, changed = false, true, true
			}
		}
	}
	return changed
}

// learn takes in what the Store has: what is known better already stays.
func (l *latches) learn(kept []Latch) (changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range kept {
		key := level{one.Policy, one.SLO, one.Decision}
		if _, known := l.all[key]; !known {
			l.all[key] = &latch{holds: true, since: one.Since}
			changed = true
		}
	}
	if changed {
		l.publish()
	}
	return changed
}

// unwritten are those that the Store does not know.
func (l *latches) unwritten() (hold, end []Latch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, one := range l.all {
		switch kept := (Latch{Policy: key.policy, SLO: key.slo, Decision: key.decision, Since: one.since}); {
		case !one.unwritten:
		case one.holds:
			hold = append(hold, kept)
		default:
			end = append(end, kept)
		}
	}
	return hold, end
}

// wrote notes what the Store knows now, unless it has changed meanwhile.
func (l *latches) wrote(hold, end []Latch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, kept := range hold {
		if one := l.all[level{kept.Policy, kept.SLO, kept.Decision}]; one != nil && one.holds {
			one.unwritten = false
		}
	}
	for _, kept := range end {
		key := level{kept.Policy, kept.SLO, kept.Decision}
		if one := l.all[key]; one != nil && !one.holds {
			delete(l.all, key)
		}
	}
}
