package promapi

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// queue holds polls by when they are due.
type queue struct {
	mu    sync.Mutex
	polls byDue
}

type byDue []*poll

// The methods of heap.Interface.
func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byDue) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byDue) Push(p any)        { *h = append(*h, p.(*poll)) }
func (h *byDue) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func newQueue(list []*poll) *queue {
	q := &queue{polls: append(byDue(nil), list...)}
	heap.Init(&q.polls)
	return q
}

// idle is how often a worker looks that has nothing to wait for.
const idle = time.Second

// take waits for the next poll that is due; false when ctx ends first. Each is
// with one worker at a time.
func (q *queue) take(ctx context.Context, now func() time.Time) (*poll, bool) {
	for ctx.Err() == nil {
		wait := idle
		q.mu.Lock()
		if len(q.polls) > 0 {
			if wait = q.polls[0].due.Sub(now()); wait <= 0 {
				defer q.mu.Unlock()
				return heap.Pop(&q.polls).(*poll), true
			}
		}
		q.mu.Unlock()
		pause(ctx, min(wait, idle))
	}
	return nil, false
}

func (q *queue) put(p *poll) {
	q.mu.Lock()
	defer q.mu.Unlock()
	heap.Push(&q.polls, p)
}
