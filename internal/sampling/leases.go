package sampling

import (
	"sync"
	"time"
)

// Lease is a share that a playbook has raised to.
type Lease struct {
	// Probability is the share of traces, 0 < Probability <= 1.
	Probability float64
	// Action is the id of whose it is; Until is when it ends by itself, zero: when
	// it is taken back.
	Action string
	Until  time.Time
}

// Leases are the shares that playbooks have raised to. The zero value has none.
// It may be used by several goroutines.
type Leases struct {
	mu   sync.Mutex
	held map[Key]Lease
}

// Get is the lease of a key at a time; the zero value where there is none.
func (l *Leases) Get(key Key, now time.Time) Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.get(key, now)
}

func (l *Leases) get(key Key, now time.Time) Lease {
	held := l.held[key]
	if !held.Until.IsZero() && !held.Until.After(now) {
		delete(l.held, key)
		return Lease{}
	}
	return held
}

// Put puts one lease in the place of another, if the one that is there at that
// time has the probability from; of Probability 0 there is none. It reports
// whether it did.
func (l *Leases) Put(key Key, from float64, to Lease, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.get(key, now).Probability != from {
		return false
	}
	if to.Probability == 0 {
		delete(l.held, key)
		return true
	}
	if l.held == nil {
		l.held = map[Key]Lease{}
	}
	l.held[key] = to
	return true
}

// Renew keeps an action's lease until then, and reports whether it was there.
func (l *Leases) Renew(key Key, action string, until, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := l.get(key, now)
	if held.Probability == 0 || held.Action != action {
		return false
	}
	held.Until = until
	l.held[key] = held
	return true
}

// all are the leases at a time.
func (l *Leases) all(now time.Time) map[Key]float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make(map[Key]float64, len(l.held))
	for key := range l.held {
		if held := l.get(key, now); held.Probability > 0 {
			list[key] = held.Probability
		}
	}
	return list
}
