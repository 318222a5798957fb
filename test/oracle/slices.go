package oracle

import (
	"maps"
	"math/big"
	"slices"
	"time"
)

// Slice is a stretch of time of one length, since the epoch: all that happened
// after its beginning, until and with its end.
type Slice struct {
	End int64
	Counts
}

// Slices sorts events into slices; those without events are left out.
func Slices(parts []Part, length time.Duration) (list []Slice) {
	held := map[int64]Counts{}
	put := func(end int64, bad, total *big.Int) {
		c, ok := held[end]
		if !ok {
			c = none()
			held[end] = c
		}
		c.Bad.Add(c.Bad, bad)
		c.Total.Add(c.Total, total)
	}
	for _, p := range parts {
		for _, i := range p.Increments {
			last := up(i.To, length)
			for end := up(i.From+1, length); end < last && !i.Whole; end += int64(length) {
				put(end, i.within(end, length, p.Weight.Bad), i.within(end, length, p.Weight.Total))
			}
			if i.Whole {
				put(last, i.until(i.To, p.Weight.Bad), i.until(i.To, p.Weight.Total))
			} else {
				put(last, i.within(last, length, p.Weight.Bad), i.within(last, length, p.Weight.Total))
			}
		}
	}
	for _, end := range slices.Sorted(maps.Keys(held)) {
		if c := held[end]; c.Total.Sign() > 0 {
			list = append(list, Slice{end, c})
		}
	}
	return list
}

// within is how much of a weighted increment happened in the slice that ends
// there.
func (i Increment) within(end int64, length time.Duration, weight int64) *big.Int {
	n := i.until(end, weight)
	return n.Sub(n, i.until(end-int64(length), weight))
}

// up rounds up in time since the epoch, which has begun.
func up(t int64, slot time.Duration) int64 {
	return (t + int64(slot) - 1) / int64(slot) * int64(slot)
}

// Good is the share of good events. More bad events than there are leave none
// good, and fewer than none leave all.
func (s Slice) Good() *big.Rat {
	bad := new(big.Int).Set(s.Bad)
	if bad.Sign() < 0 {
		bad.SetInt64(0)
	}
	if bad.Cmp(s.Total) > 0 {
		bad.Set(s.Total)
	}
	return new(big.Rat).SetFrac(bad.Sub(s.Total, bad), s.Total)
}

// Judged makes one event of each slice that ended before a moment, at its end,
// bad where fewer than a share of the slice's events are good.
func Judged(list []Slice, share *big.Rat, before int64) []Part {
	all, bad := Part{Weight: Weight{Total: 1}}, Part{Weight: Weight{Bad: 1}}
	for _, s := range list {
		if s.End >= before {
			continue
		}
		event := Increment{From: s.End, To: s.End, N: 1, Whole: true}
		all.Increments = append(all.Increments, event)
		if s.Good().Cmp(share) < 0 {
			bad.Increments = append(bad.Increments, event)
		}
	}
	return []Part{all, bad}
}
