package alertmanager

import (
	"slices"
	"sync"
)

// queue holds what one sender has still to deliver: the newest version of each
// alert, in parcels of one group, oldest first. A newer version takes the place
// of the older one, so an alert that changes at every tick neither fills the
// queue nor loses its turn.
type queue struct {
	capacity int
	// more holds a token while there may be something to take.
	more chan struct{}

	mu      sync.Mutex
	parcels []*parcel
	byGroup map[string]*parcel
	length  int
}

// parcel is what a group has pending.
type parcel struct {
	group string
	items []item
}

func newQueue(capacity int) *queue {
	return &queue{capacity: capacity, more: make(chan struct{}, 1), byGroup: map[string]*parcel{}}
}

// push adds the items and returns how many of the oldest had to be dropped.
func (q *queue) push(items []item) (dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range items {
		p, ok := q.byGroup[it.group]
		if !ok {
			p = &parcel{group: it.group}
			q.byGroup[it.group] = p
			q.parcels = append(q.parcels, p)
		}
		q.length += p.put(it)
	}
	q.signal()
	return q.trim()
}

// putBack returns items that were taken but not delivered to the head of the
// queue, except those of which a newer version has arrived meanwhile.
func (q *queue) putBack(items []item) (dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var head []*parcel
	for _, it := range items {
		p, ok := q.byGroup[it.group]
		if !ok {
			p = &parcel{group: it.group}
			q.byGroup[it.group] = p
			head = append(head, p)
		}
		if !p.has(it.key) {
			p.items = append(p.items, it)
			q.length++
		}
	}
	q.parcels = append(head, q.parcels...)
	q.signal()
	return q.trim()
}

// take removes the oldest parcels, up to limit items. A parcel is split only if
// it exceeds the limit by itself.
func (q *queue) take(limit int) []item {
	q.mu.Lock()
	defer q.mu.Unlock()
	var batch []item
	for len(q.parcels) > 0 && len(batch) < limit {
		p := q.parcels[0]
		if len(batch) > 0 && len(batch)+len(p.items) > limit {
			break
		}
		n := min(len(p.items), limit)
		batch = append(batch, p.items[:n]...)
		q.shift(n)
	}
	return batch
}

// len returns how many alerts are pending.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length
}

// trim drops the oldest items beyond the capacity; the caller holds the lock.
func (q *queue) trim() (dropped int) {
	for q.length > q.capacity {
		q.shift(1)
		dropped++
	}
	return dropped
}

// shift removes n items of the first parcel, and the parcel once it is empty;
// the caller holds the lock.
func (q *queue) shift(n int) {
	p := q.parcels[0]
	p.items = p.items[n:]
	q.length -= n
	if len(p.items) == 0 {
		delete(q.byGroup, p.group)
		q.parcels[0] = nil
		q.parcels = q.parcels[1:]
	}
}

func (q *queue) signal() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// put replaces the older version of the item or appends it, and returns by how
// many items the parcel grew.
func (p *parcel) put(it item) int {
	if i := p.index(it.key); i >= 0 {
		p.items[i] = it
		return 0
	}
	p.items = append(p.items, it)
	return 1
}

func (p *parcel) has(key string) bool { return p.index(key) >= 0 }

func (p *parcel) index(key string) int {
	return slices.IndexFunc(p.items, func(it item) bool { return it.key == key })
}
