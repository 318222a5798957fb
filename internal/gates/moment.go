package gates

import (
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// question is a request, but for when it is asked.
type question struct {
	service, slo      string
	kind              slo.ChangeKind
	version, baseline string
	environment       string
}

func questionOf(r gate.Request) question {
	return question{r.Service, r.SLO, r.Kind, r.Version, r.Baseline, r.Environment}
}

// moment is one snapshot, with policies, latches, glasses and deploys as they were:
// as long as nothing of that is another, one question has one answer.
type moment struct {
	*view
	rules *rules
	// generation counts what has changed besides the snapshot.
	generation uint64
	most       int // answers

	mu      sync.RWMutex
	answers map[question]*answer
}

// fresh is how long an answer is used again where no new snapshot comes: time alone
// may change it.
const fresh = time.Second

// find is the answer to a question, if it was worked out just now.
func (m *moment) find(q question, now time.Time) *answer {
	m.mu.RLock()
	a := m.answers[q]
	m.mu.RUnlock()
	if a == nil || now.Sub(a.made).Abs() >= fresh {
		return nil
	}
	return a
}

// keep remembers an answer. Of two that were worked out at once the first one is
// everybody's.
func (m *moment) keep(q question, a *answer) *answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	had := m.answers[q]
	if had != nil && a.made.Sub(had.made).Abs() < fresh {
		return had
	}
	if had != nil || len(m.answers) < m.most {
		m.answers[q] = a
	}
	return a
}

// moment is the present one.
func (k *Keeper) moment() *moment {
	if m := k.present.Load(); m != nil && k.still(m) {
		return m
	}
	k.turn.Lock()
	defer k.turn.Unlock()
	before := k.present.Load()
	if before != nil && k.still(before) {
		return before
	}
	m := &moment{generation: k.generation.Load(), most: k.options.Limits.Answers, answers: map[question]*answer{}}
	m.rules = k.rules.Load() // after the generation: what comes later makes another one
	switch s := k.options.Snapshot(); {
	case before == nil:
		m.view = newView(s, nil)
	case before.snapshot == s:
		m.view = before.view
	default:
		m.view = newView(s, before.view)
	}
	k.present.Store(m)
	return m
}

// still reports whether nothing has changed since a moment.
func (k *Keeper) still(m *moment) bool {
	return m.generation == k.generation.Load() && m.snapshot == k.options.Snapshot()
}

// changed says that latches, glasses, deploys or policies are not what they were.
func (k *Keeper) changed() { k.generation.Add(1) }
