package loki

import (
	"context"
	"sync"
)

// queue holds the lines that wait, oldest first, up to a number of bytes.
type queue struct {
	capacity int
	// more holds a token while there may be something to take.
	more chan struct{}

	mu      sync.Mutex
	entries []Entry
	bytes   int
}

func newQueue(capacity int) *queue {
	return &queue{capacity: capacity, more: make(chan struct{}, 1)}
}

// push adds entries and returns how many of the oldest had to go.
func (q *queue) push(entries []Entry) (dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.entries = append(q.entries, entries...)
	for _, e := range entries {
		q.bytes += e.size()
	}
	for q.bytes > q.capacity {
		q.shift(1)
		dropped++
	}
	select {
	case q.more <- struct{}{}:
	default:
	}
	return dropped
}

// take removes the oldest entries, up to limit bytes but at least one. Without
// any it waits, and returns none when ctx ends.
func (q *queue) take(ctx context.Context, limit int) []Entry {
	for {
		if batch := q.takeNow(limit); len(batch) > 0 {
			return batch
		}
		select {
		case <-q.more:
		case <-ctx.Done():
			return nil
		}
	}
}

// takeNow is take without waiting.
func (q *queue) takeNow(limit int) []Entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for _, e := range q.entries {
		if size += e.size(); n > 0 && size > limit {
			break
		}
		n++
	}
	return q.shift(n)
}

// shift removes the n oldest; the caller holds the lock.
func (q *queue) shift(n int) []Entry {
	gone := q.entries[:n:n]
	for _, e := range gone {
		q.bytes -= e.size()
	}
	q.entries = q.entries[n:]
	return gone
}

// len is how many wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.entries)
}
