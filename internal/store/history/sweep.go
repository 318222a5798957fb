package history

import (
	"sort"
	"time"
)

// stretch is the subjects of a view from one place up to another, which is not
// in it.
type stretch struct{ from, to int }

// within is where a book has the subjects of a stretch, and those between them
// that the view has no more. At the end of the view that is all that follow.
func (s stretch) within(view View, b *book) (from, to int) {
	if s.from > 0 {
		from = b.behind(view.Key(s.from - 1))
	}
	if s.to == view.Len() {
		return from, len(b.subjects)
	}
	if s.to > 0 {
		to = b.behind(view.Key(s.to - 1))
	}
	return from, max(from, to)
}

// behind is the place of the first subject behind a key.
func (b *book) behind(key string) int {
	at, found := b.find(key)
	if found {
		at++
	}
	return at
}

const (
	// stride is the time between the parts of a round.
	stride = time.Second
	// fewest is how many subjects are written at once, where there are so many:
	// what takes a few milliseconds need not be spread.
	fewest = 100
)

// sweep passes over all subjects once in each interval, in the order of their
// keys, a stretch at each stride: each has its time in the interval, and no
// moment has much to do.
type sweep struct {
	interval, stride time.Duration
	round            time.Time // of the last stretch; zero: there was none
	last             string    // key of the last subject that was written in it
}

func newSweep(interval time.Duration) *sweep {
	return &sweep{interval: interval, stride: min(interval, stride)}
}

// due is what is to be written at a time: up to where the round should be by
// then. What an earlier round began and did not end is done with it; no subject
// comes twice.
func (s *sweep) due(view View, at time.Time) (list []stretch) {
	round, n := at.Truncate(s.interval), view.Len()
	goal := s.goal(n, at.Sub(round))
	if s.round.IsZero() { // what should have been written before has its time in the next round
		s.round = round
		s.reached(view, s.goal(n, at.Sub(round)-s.stride))
	}
	here := sort.Search(n, func(i int) bool { return view.Key(i) > s.last })
	if !round.Equal(s.round) {
		if s.last != "" && here < n {
			list, goal = append(list, stretch{here, n}), min(goal, here)
		}
		s.round, here = round, 0
	}
	if goal > here || n == 0 {
		list = append(list, stretch{here, goal})
		s.reached(view, goal)
	}
	return list
}

// goal is how many subjects of n should be written in the first part of a round.
func (s *sweep) goal(n int, since time.Duration) int {
	if since < 0 {
		return 0
	}
	strides := int(s.interval / s.stride)
	each := max(fewest, (n+strides-1)/strides)
	return min(n, each*(1+int(since/s.stride)))
}

// reached remembers how far the round is.
func (s *sweep) reached(view View, place int) {
	if s.last = ""; place > 0 {
		s.last = view.Key(place - 1)
	}
}
