package sli

import (
	"math"
	"time"
)

// cohort is what one target contributes to an instance: series whose samples
// are taken together but may arrive apart, because senders spread them over
// several connections. Until all have arrived, a sample set says nothing: good
// events without their total would look like an outage.
type cohort struct {
	instance *Instance
	members  *series // the first one; bindings lead to the next
	round    int64   // event time of the newest sample set
	since    int64   // wall time at which its first member came
	heard    int64   // wall time of its newest sample
	active   int64   // how long it has been sending; an outage counts as one interval
	pace     pace
	living   int32 // members that are expected in every sample set
	arrived  int32 // members that are in it
	blind    int32 // members in quarantine
	whole    bool  // its sample sets come in one piece
	doubted  bool  // at the last sweep, it came in two ways
}

// join makes a series a member, in as many ways as it is bound to the cohort.
func (s *series) join(b *binding) {
	b.sibling = nil
	for other := s.bindings(); other != b; other = other.next() {
		if other.cohort == b.cohort {
			return
		}
	}
	b.sibling, b.cohort.members = b.cohort.members, s
}

// after is the cohort's next member.
func (s *series) after(c *cohort) *series {
	b := s.bindings()
	for b.cohort != c {
		b = b.next()
	}
	return b.sibling
}

// blinds notes whether the series is in quarantine. It is not waited for, and
// what its siblings count means nothing without it.
func (b *binding) blinds(on bool, newest int64) {
	if b.is(blind) == on {
		return
	}
	b.mark(blind, on)
	if !on {
		b.cohort.blind--
		return
	}
	b.cohort.blind++
	b.leave(newest)
}

// pace is the usual time between sample sets: the smaller of the last two,
// so that one gap does not look like a habit.
type pace struct{ interval, last int64 }

func (p *pace) learn(gap int64) {
	p.interval = gap
	if p.last != 0 {
		p.interval = min(gap, p.last)
	}
	p.last = gap
}

// arrive notes a sample; newest is the time of the one before. A whole sample
// set, one that came in one piece, is not waited for, and its samples may lie
// further apart: senders read their clock for each metric.
func (b *binding) arrive(a *arrival, newest int64) {
	c, t := b.cohort, a.point.Time
	counted := b.is(alive) && newest >= c.round-int64(jitter)
	if !b.is(alive) {
		b.mark(alive, true)
		c.living++
	}
	c.active += max(0, min(a.now-c.heard, c.pace.interval+int64(settle))) // the clock may be set back
	c.heard, b.heard = a.now, c.activity()
	samePiece := a.whole && a.now == c.since
	switch {
	case c.round == 0:
		c.round, c.arrived, c.since = t, 1, a.now
	case t > c.round+int64(jitter) && !samePiece:
		c.pace.learn(t - c.round)
		c.round, c.arrived, c.since = t, 1, a.now
	case t >= c.round-int64(jitter) && !counted:
		c.arrived++
	}
	c.whole = a.whole
}

// activity is active in milliseconds, as a member keeps it. It begins anew
// after seven weeks, which is longer than anyone lags.
func (c *cohort) activity() uint32 { return uint32(c.active / int64(time.Millisecond)) }

// lag is for how long of the cohort's activity a member has not been heard.
func (b *binding) lag() int64 {
	return int64(b.cohort.activity()-b.heard) * int64(time.Millisecond)
}

// leave notes that the series ended: it is not waited for.
func (b *binding) leave(newest int64) {
	if b.is(alive) {
		b.mark(alive, false)
		b.cohort.living--
		if newest >= b.cohort.round-int64(jitter) {
			b.cohort.arrived--
		}
	}
}

// Patience: how far, in time, a series may lag behind its siblings before it
// is judged without it.
const (
	// settle covers Prometheus's batch_send_deadline of 5 s. What is missing
	// meanwhile are events like the others.
	settle = 10 * time.Second
	// longSettle is for SLIs that subtract: there the missing series' events
	// would all be bad. It covers a sender's shard that has to retry.
	longSettle = 5 * time.Minute
)

// known is the time up to which all that the cohort has is in. While the next
// sample set is due or on its way, that is the moment before it: its samples
// may be seconds old when the first of them arrives, and by then the horizon
// must not have passed them. usual stands in for an interval not yet known.
func (c *cohort) known(now, newest, usual int64, patience time.Duration) int64 {
	if c.whole {
		return math.MaxInt64
	}
	if patience > settle && c.pace.interval == 0 && now < c.since+int64(settle) {
		return c.round - 1 - int64(jitter) // a new target: who belongs to it is not known yet
	}
	if c.living <= 1 {
		return math.MaxInt64
	}
	interval := c.pace.interval
	if interval == 0 {
		interval = usual
	}
	slowest := c.slowest(now, int64(patience))
	due := slowest + interval
	if slowest >= c.round-int64(jitter) { // all are in
		if newest > due && now >= c.heard+interval+int64(settle) {
			return math.MaxInt64 // the target as a whole has fallen silent, others go on
		}
	} else {
		due = min(due, c.round)
	}
	return due - 1 - int64(jitter)
}

// slowest is the newest sample time of the member that lags most. One that
// lags for longer than patience is given up until it comes again.
func (c *cohort) slowest(now, patience int64) int64 {
	if c.arrived >= c.living {
		return c.round
	}
	slowest := c.round
	for s := c.members; s != nil; s = s.after(c) {
		for b := s.bindings(); b != nil; b = b.next() {
			newest := s.newest(b)
			switch {
			case b.cohort != c || !b.is(alive) || newest >= c.round-int64(jitter):
			case b.lag()+now-c.heard > patience+c.pace.interval:
				b.leave(newest)
			default:
				slowest = min(slowest, newest)
			}
		}
	}
	return slowest
}
