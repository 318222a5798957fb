package gates

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
)

// answer is a verdict, and how often it was told.
type answer struct {
	verdict gate.Verdict
	made    time.Time // when it was asked for first

	count atomic.Int64
	last  atomic.Int64 // nanoseconds since 1970
	// queued says that it waits to be written; lost that it once found no room.
	queued, lost atomic.Bool
	written      int64 // of count; only Sync touches it
}

// newAnswer names a verdict, and cuts it to what people can read.
func newAnswer(v gate.Verdict) *answer {
	v.ID = identify(&v)
	trim(&v)
	return &answer{verdict: v, made: v.Request.Now}
}

// told is the answer as people are shown it.
func (a *answer) told() Told {
	return Told{
		Verdict: a.verdict, Count: a.count.Load(),
		First: a.made, Last: time.Unix(0, a.last.Load()).UTC(),
	}
}

// teller remembers what was told: the newest verdicts, and those that wait to be
// written. Nobody who asks waits for a disk.
type teller struct {
	limits Limits
	drop   func()

	mu sync.RWMutex
	// recent are the newest verdicts by id. ring holds their ids, the oldest at
	// next once it is full.
	recent map[string]*answer
	ring   []string
	next   int

	waiting struct {
		sync.Mutex
		line []*answer
	}
}

func newTeller(limits Limits, drop func()) *teller {
	return &teller{limits: limits, drop: drop, recent: map[string]*answer{}}
}

// known is the answer that has the same id, if there is one.
func (t *teller) known(a *answer) *answer {
	if had := t.find(a.verdict.ID); had != nil {
		return had
	}
	return a
}

// find is one of the newest answers; nil: it is none of them.
func (t *teller) find(id string) *answer {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.recent[id]
}

// tell counts an answer that is given.
func (t *teller) tell(a *answer, now time.Time) {
	a.last.Store(now.UnixNano())
	if a.count.Add(1) == 1 {
		t.remember(a)
	}
	if !a.queued.Load() && a.queued.CompareAndSwap(false, true) {
		t.enqueue(a)
	}
}

// remember puts an answer in the place of the oldest one.
func (t *teller) remember(a *answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := a.verdict.ID
	if t.recent[id] != nil {
		return
	}
	if len(t.ring) < t.limits.Recent {
		t.ring = append(t.ring, id)
	} else {
		delete(t.recent, t.ring[t.next])
		t.ring[t.next] = id
		t.next = (t.next + 1) % len(t.ring)
	}
	t.recent[id] = a
}

// enqueue has an answer written, if there is room.
func (t *teller) enqueue(a *answer) {
	t.waiting.Lock()
	full := len(t.waiting.line) >= t.limits.Queue
	if !full {
		t.waiting.line = append(t.waiting.line, a)
	}
	t.waiting.Unlock()
	if full {
		a.queued.Store(false)
		if !a.lost.Swap(true) {
			t.drop()
		}
	}
}

// take are at most so many of those that wait, the first ones.
func (t *teller) take(most int) []*answer {
	t.waiting.Lock()
	defer t.waiting.Unlock()
	n := min(most, len(t.waiting.line))
	some := t.waiting.line[:n:n]
	if t.waiting.line = t.waiting.line[n:]; len(t.waiting.line) == 0 {
		t.waiting.line = nil
	}
	return some
}

// all are the newest answers, in no order.
func (t *teller) all() []*answer {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := make([]*answer, 0, len(t.recent))
	for _, a := range t.recent {
		list = append(list, a)
	}
	return list
}
