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
	members []*member
	living  int   // members that are expected in every sample set
	round   int64 // event time of the newest sample set
	arrived int   // members that are in it
	blind   int   // members in quarantine
	since   int64 // wall time at which its first member came
	whole   bool  // its sample sets come in one piece
	heard   int64 // wall time of its newest sample
	active  int64 // how long it has been sending; an outage counts as one interval
	pace    pace
}

// member is one series in a cohort.
type member struct {
	cohort *cohort
	last   int64 // event time of its newest sample
	heard  int64 // the cohort's active when that came
	alive  bool
	blind  bool // its samples are refused: two writers
}

// blinds notes whether the member is in quarantine. It is not waited for, and
// what its siblings count means nothing without it.
func (m *member) blinds(on bool) {
	if m.blind == on {
		return
	}
	m.blind = on
	if !on {
		m.cohort.blind--
		return
	}
	m.cohort.blind++
	m.leave()
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

func (c *cohort) join() *member {
	m := &member{cohort: c}
	c.members = append(c.members, m)
	return m
}

// arrive notes a sample. A whole sample set, one that came in one piece, is
// not waited for, and its samples may lie further apart: senders read their
// clock for each metric.
func (m *member) arrive(t, now int64, whole bool) {
	c := m.cohort
	counted := m.alive && m.last >= c.round-int64(jitter)
	if !m.alive {
		m.alive = true
		c.living++
	}
	m.last = max(m.last, t)
	c.active += min(now-c.heard, c.pace.interval+int64(settle))
	c.heard, m.heard = now, c.active
	samePiece := whole && now == c.since
	switch {
	case c.round == 0:
		c.round, c.arrived, c.since = t, 1, now
	case t > c.round+int64(jitter) && !samePiece:
		c.pace.learn(t - c.round)
		c.round, c.arrived, c.since = t, 1, now
	case t >= c.round-int64(jitter) && !counted:
		c.arrived++
	}
	c.whole = whole
}

// leave notes that the series ended: it is not waited for.
func (m *member) leave() {
	if m.alive {
		m.alive = false
		m.cohort.living--
		if m.last >= m.cohort.round-int64(jitter) {
			m.cohort.arrived--
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
	for _, m := range c.members {
		switch {
		case !m.alive || m.last >= c.round-int64(jitter):
		case c.active+now-c.heard-m.heard > patience+c.pace.interval:
			m.leave()
		default:
			slowest = min(slowest, m.last)
		}
	}
	return slowest
}
