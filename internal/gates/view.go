package gates

import (
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// view is a snapshot, as gates see it. What is known of a service is worked out when
// somebody asks about it first.
type view struct {
	snapshot *engine.Snapshot // nil: there is none
	faults   faults

	mu       sync.RWMutex
	services map[string]*holdings
}

// newView sees a snapshot. before may be nil; faults change only with a load.
func newView(s *engine.Snapshot, before *view) *view {
	v := &view{snapshot: s, services: map[string]*holdings{}}
	switch {
	case s == nil:
	case before != nil && before.snapshot != nil && same(before.snapshot.Problems, s.Problems):
		v.faults = before.faults
	default:
		v.faults = faultsOf(s.Problems)
	}
	return v
}

// same reports whether two lists are one.
func same(a, b []slo.Problem) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// of is what is known of a service.
func (v *view) of(service string) *holdings {
	v.mu.RLock()
	h := v.services[service]
	v.mu.RUnlock()
	if h != nil {
		return h
	}
	if v.snapshot == nil {
		return &holdings{}
	}
	h = holdingsOf(v.snapshot, service, v.faults)
	if len(h.budgets)+len(h.faulty) == 0 {
		return h // whoever makes names up fills nothing
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.services[service] = h
	return h
}

// at is when it was known.
func (v *view) at() time.Time {
	if v.snapshot == nil {
		return time.Time{}
	}
	return utc(v.snapshot.At)
}
