package budget

import "slices"

// span is a stretch of time whose events are known.
type span struct{ from, to int64 }

// coverage is a list of disjoint spans, sorted. It has one span while a
// source is steady, and one more for each gap in it.
type coverage struct{ spans []span }

// add joins (from, to] to the list.
func (c *coverage) add(from, to int64) {
	if n := len(c.spans); n > 0 { // nearly always: the newest span grows
		newest := &c.spans[n-1]
		if from >= newest.from && from <= newest.to {
			newest.to = max(newest.to, to)
			return
		}
	}
	// The spans i..j touch the new one and melt into it.
	i, _ := slices.BinarySearchFunc(c.spans, from, func(s span, t int64) int {
		if s.to < t {
			return -1
		}
		return 1
	})
	j := i
	for ; j < len(c.spans) && c.spans[j].from <= to; j++ {
		from, to = min(from, c.spans[j].from), max(to, c.spans[j].to)
	}
	c.spans = slices.Replace(c.spans, i, j, span{from, to})
	if len(c.spans) > maxSpans {
		c.closeSmallestGap()
	}
}

// maxSpans bounds the list for a source that is nothing but gaps. Beyond it
// the smallest gap is taken for known.
const maxSpans = 512

func (c *coverage) closeSmallestGap() {
	smallest := 1
	for i := 2; i < len(c.spans); i++ {
		if c.spans[i].from-c.spans[i-1].to < c.spans[smallest].from-c.spans[smallest-1].to {
			smallest = i
		}
	}
	c.spans[smallest-1].to = c.spans[smallest].to
	c.spans = slices.Delete(c.spans, smallest, smallest+1)
}

// forget drops what ended before t.
func (c *coverage) forget(t int64) {
	for len(c.spans) > 1 && c.spans[0].to < t {
		c.spans = c.spans[1:]
	}
}

// newest is the span that grows; empty if there is none.
func (c *coverage) newest() span {
	if len(c.spans) == 0 {
		return span{}
	}
	return c.spans[len(c.spans)-1]
}

// share is the part of (start, end] that is covered; with live the newest
// span reaches to end.
func (c *coverage) share(start, end int64, live bool) float64 {
	if end <= start {
		return 0
	}
	known := c.known(start, end, live)
	if known == end-start {
		return 1 // nearly always, and cheaper than to divide
	}
	return float64(known) / float64(end-start)
}

// known is how much of (start, end] is covered.
func (c *coverage) known(start, end int64, live bool) (known int64) {
	for i := len(c.spans) - 1; i >= 0; i-- {
		s := c.spans[i]
		if live && i == len(c.spans)-1 {
			s.to = max(s.to, end)
		}
		if s.to <= start {
			break
		}
		known += max(0, min(s.to, end)-max(s.from, start))
	}
	return known
}
