package referee

import (
	"math/big"
	"slices"
	"sort"
	"time"

	"github.com/slo-engine/slo-engine/test/oracle"
)

// Counts are events.
type Counts struct{ Bad, Total int64 }

func (c Counts) plus(d Counts) Counts  { return Counts{c.Bad + d.Bad, c.Total + d.Total} }
func (c Counts) minus(d Counts) Counts { return Counts{c.Bad - d.Bad, c.Total - d.Total} }

// Tape is everything that is ever sampled of one SLO. Each increment is known
// from its end on.
type Tape struct {
	times []int64  // ends of the increments that lie whole at their end
	sums  []Counts // all of them up to and with this one
	gaps  []gap
	sets  []int64 // moments of samples
	seen  []span  // what is observed, sorted and disjoint
}

// gap is an increment that is spread over the time in which nobody looked.
type gap struct {
	from, to int64
	n        Counts
}

// span is a stretch of time (from, to].
type span struct{ from, to int64 }

// NewTape records increments, as an SLO weighs them, and when anything was
// sampled.
func NewTape(parts []oracle.Part, sets []int64) *Tape {
	t := &Tape{sets: slices.Compact(slices.Sorted(slices.Values(sets)))}
	whole := map[int64]Counts{}
	for _, p := range parts {
		for _, i := range p.Increments {
			n := Counts{p.Weight.Bad * i.N, p.Weight.Total * i.N}
			t.seen = append(t.seen, span{i.From, i.To})
			if i.Whole {
				whole[i.To] = whole[i.To].plus(n)
			} else {
				t.gaps = append(t.gaps, gap{i.From, i.To, n})
			}
		}
	}
	for at := range whole {
		t.times = append(t.times, at)
	}
	slices.Sort(t.times)
	sum := Counts{}
	for _, at := range t.times {
		sum = sum.plus(whole[at])
		t.sums = append(t.sums, sum)
	}
	t.seen = union(t.seen)
	return t
}

// union melts spans that touch.
func union(list []span) []span {
	sort.Slice(list, func(i, j int) bool { return list[i].from < list[j].from })
	var out []span
	for _, s := range list {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// Until is what had happened at a moment, as far as it was known at now.
func (t *Tape) Until(at, now int64) Counts {
	var c Counts
	if n := sort.Search(len(t.times), func(i int) bool { return t.times[i] > min(at, now) }); n > 0 {
		c = t.sums[n-1]
	}
	for _, g := range t.gaps {
		if g.to <= now {
			c = c.plus(Counts{g.until(at, g.n.Bad), g.until(at, g.n.Total)})
		}
	}
	return c
}

// until is how much of n had happened at a moment, rounded towards zero.
func (g gap) until(at, n int64) int64 {
	switch {
	case at >= g.to:
		return n
	case at <= g.from:
		return 0
	}
	part := new(big.Int).Mul(big.NewInt(n), big.NewInt(at-g.from))
	return part.Quo(part, big.NewInt(g.to-g.from)).Int64()
}

// Window is what people see: its start is rounded down to the grid that the
// window's length has, its end to a second.
func (t *Tape) Window(at, now int64, w time.Duration) (start, end int64, c Counts) {
	start, end = floor(at-int64(w), oracle.Slot(w)), floor(at, time.Second)
	return start, end, t.Until(end, now).minus(t.Until(start, now))
}

// newest is the last sample at or before now; 0 if there was none.
func (t *Tape) newest(now int64) int64 {
	n := sort.Search(len(t.sets), func(i int) bool { return t.sets[i] > now })
	if n == 0 {
		return 0
	}
	return t.sets[n-1]
}

// coverage is the share of the last w before at that was observed, as known
// at now. What follows the newest sample is observed: the next is not due.
func (t *Tape) coverage(at, now int64, w time.Duration) float64 {
	start, known := at-int64(w), int64(0)
	for _, s := range t.known(now) {
		known += max(0, min(s.to, at)-max(s.from, start))
	}
	if last := t.newest(now); last < at {
		known += at - max(last, start)
	}
	return float64(known) / float64(w)
}

// known are the spans that were observed by now.
func (t *Tape) known(now int64) []span {
	last := t.newest(now)
	var out []span
	for _, s := range t.seen {
		if s.from < last {
			out = append(out, span{s.from, min(s.to, last)})
		}
	}
	return out
}

// floor rounds down in time since the epoch, which has begun.
func floor(at int64, slot time.Duration) int64 { return at - at%int64(slot) }
