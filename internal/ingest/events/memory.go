package events

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/slo-engine/slo-engine/internal/sli"
)

const (
	// mostSeries bounds the series that are remembered; those that were told
	// longest ago give way.
	mostSeries = 50_000
	// remembered is how long a series is told after its last event.
	remembered = time.Hour
	// beatEvery is the least time between two beats.
	beatEvery = 10 * time.Second
)

// memory knows the series that were told lately. It spares making their labels
// again, and tells them when nothing happens.
type memory struct {
	mu     sync.Mutex
	series *simplelru.LRU[string, *told]
	// newest is the time of the newest event, in nanoseconds since the epoch.
	newest int64
	beaten time.Time // when all were told last
	// slots are the ids of those of the newest plan: a request that goes by the
	// plan before leaves nothing behind.
	slots map[string]bool
}

// told is a series, without points.
type told struct {
	series sli.Series
	slot   string // the id of its slot
	at     time.Time
}

func newMemory() *memory {
	series, err := simplelru.NewLRU[string, *told](mostSeries, nil)
	if err != nil {
		panic(fmt.Sprintf("make a memory of %d series: %v", mostSeries, err))
	}
	return &memory{series: series}
}

// recall makes series of what a request has counted.
func (m *memory) recall(p *plan, counts []*count, now time.Time) []sli.Series {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]sli.Series, 0, len(counts))
	for _, c := range counts {
		list = append(list, c.fill(m.find(&p.slots[c.slot], c.values, now)))
	}
	return list
}

// find returns the series of a slot and values.
func (m *memory) find(s *slot, values []string, now time.Time) sli.Series {
	if s.fixed != nil {
		return *s.fixed
	}
	key := s.id + "\xff\xff" + strings.Join(values, "\xff")
	t, ok := m.series.Get(key)
	if !ok {
		t = &told{series: s.series(values), slot: s.id}
		if m.slots[s.id] {
			m.series.Add(key, t)
		}
	}
	t.at = now
	return t.series
}

// keep forgets the series of slots that a new plan has not.
func (m *memory) keep(p *plan) {
	slots := map[string]bool{}
	for _, s := range p.slots {
		slots[s.id] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slots = slots
	m.forgetLocked(func(t *told) bool { return !slots[t.slot] })
}

// forgetLocked drops what is to be forgotten.
func (m *memory) forgetLocked(when func(*told) bool) {
	for _, key := range m.series.Keys() {
		if t, ok := m.series.Peek(key); ok && when(t) {
			m.series.Remove(key)
		}
	}
}

// beat returns, when it is time, all series with a point that says that nothing
// happened. It is told of the newest event of a request.
func (m *memory) beat(p *plan, newest int64, now time.Time) []sli.Series {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.newest = max(m.newest, newest)
	if since := now.Sub(m.beaten); since >= 0 && since < beatEvery {
		return nil
	}
	m.beaten = now
	m.forgetLocked(func(t *told) bool { return now.Sub(t.at) > remembered })
	list := make([]sli.Series, 0, len(p.always)+m.series.Len())
	list = append(list, p.always...)
	for _, t := range m.series.Values() {
		list = append(list, t.series)
	}
	nothing := []sli.Point{{Time: min(m.newest, now.UnixNano()), IsInt: true}}
	for i := range list {
		list[i].Temporality, list[i].Points = sli.Events, nothing
	}
	return list
}

// size is how many series are remembered.
func (m *memory) size() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return float64(m.series.Len())
}
