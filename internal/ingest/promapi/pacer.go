package promapi

import (
	"context"
	"sync"
	"time"
)

// lane is what a query is for.
type lane int

const (
	polls lane = iota // what happens now: these go first
	pasts
	lanes
)

func (l lane) String() string { return [...]string{"poll", "past"}[l] }

// fairness is how many polls may go in a row while the past waits.
const fairness = 3

// pacer lets one query go at a time, and the next one not before its time. So
// a second never sees more than was allowed, not even after a pause.
type pacer struct {
	every time.Duration

	mu      sync.Mutex
	next    time.Time
	waiting [lanes]int
	row     int // polls that went since the past had its last turn
}

// reserve keeps a second from seeing one query too many because one was slower
// on its way than the next.
const reserve = 1.05

func newPacer(perSecond float64) *pacer {
	return &pacer{every: time.Duration(reserve * float64(time.Second) / perSecond)}
}

// wait waits for the lane's turn.
func (p *pacer) wait(ctx context.Context, l lane) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[l]++
	defer func() { p.waiting[l]-- }()
	for ctx.Err() == nil {
		now := time.Now()
		due := p.next.Sub(now)
		switch {
		case due <= 0 && p.turn() == l:
			p.next = now.Add(p.every)
			p.went(l)
			return nil
		case due <= 0:
			due = p.every / 4 // the other lane's: it has gone when we look again
		}
		p.mu.Unlock()
		pause(ctx, due)
		p.mu.Lock()
	}
	return ctx.Err()
}

// turn is the lane that goes next.
func (p *pacer) turn() lane {
	if p.waiting[pasts] > 0 && (p.waiting[polls] == 0 || p.row >= fairness) {
		return pasts
	}
	return polls
}

func (p *pacer) went(l lane) {
	if l == pasts {
		p.row = 0
		return
	}
	p.row++
}

// pause waits for a while or for the context's end.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
