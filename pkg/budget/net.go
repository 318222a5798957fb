package budget

import (
	"slices"
	"time"
)

// Span is a stretch of time: (From, To].
type Span struct{ From, To time.Time }

// Net is a View that leaves the events of some spans out, and their time with
// them: they are neither good nor bad, and nobody looked. The ledger holds them
// as before; they are taken away from what is read.
//
// A span that was pinned before it was over is left out to the second, however
// long ago it was. Of one that was not, the slots that the rings still tell
// apart are left out whole: rather more than less, or an incident of minutes
// could not be left out at all once only hours are known.
type Net struct {
	view View
	cuts []cut // sorted, disjoint, none after the view's end
}

// cut is a span as far as it is over, its ends on knots.
type cut struct {
	from, to knot
	end      int64 // when it ends: with the view, if it goes on then
	known    int64 // how much of its time's events is known
}

// NetReading is what a window held, without the spans.
type NetReading struct {
	// Reading is what counts. Its Start and End are the window's.
	Reading
	// Excluded is what does not count.
	Excluded Counts
	// Length is the window's time outside of the spans, Known the part of it
	// whose events are known, Out the time of the spans.
	Length, Known, Out time.Duration
}

// Coverage is the share of the time that counts whose events are known. A
// window of which nothing counts has none.
func (r *NetReading) Coverage() float64 {
	switch {
	case r.Known == r.Length && r.Length > 0:
		return 1
	case r.Length <= 0:
		return 0
	}
	return float64(r.Known) / float64(r.Length)
}

// Net leaves spans out, which are sorted and disjoint. One that goes on at the
// view's time is left out up to then.
func (v View) Net(spans []Span) *Net {
	n := &Net{view: v, cuts: make([]cut, 0, len(spans))}
	for _, s := range spans {
		if s.From.UnixNano() < v.at && s.From.Before(s.To) {
			n.leave(s.From.UnixNano(), s.To.UnixNano())
		}
	}
	return n
}

// leave adds a cut to those before it, of which slots that are left out whole
// may be the same.
func (n *Net) leave(from, to int64) {
	l, v := n.view.ledger, n.view
	c := cut{to: knot{v.end, v.tail}, end: v.at}
	if to < v.end {
		if _, after := l.around(0, to); after.at < v.end {
			c.to, c.end = after, after.at
		}
	}
	c.from, _ = l.around(0, from)
	if last := len(n.cuts) - 1; last >= 0 && n.cuts[last].to.at > c.from.at {
		c.from = n.cuts[last].to
	}
	if c.from.at >= c.end {
		return
	}
	c.known = l.observed.known(c.from.at, c.end, v.live)
	n.cuts = append(n.cuts, c)
}

// Plain reports whether nothing is left out.
func (n *Net) Plain() bool { return len(n.cuts) == 0 }

// badUntil is how many bad events lie in the spans up to a time.
func (n *Net) badUntil(t int64) (bad float64) {
	if n == nil {
		return 0
	}
	for _, c := range n.cuts {
		if c.from.at >= t {
			break
		}
		to := c.to
		if t < to.at {
			to, _ = n.view.ledger.around(0, t)
		}
		bad += to.counts.Bad - c.from.counts.Bad
	}
	return bad
}

// Window is View.Window without the spans.
func (n *Net) Window(w time.Duration) NetReading {
	l, start := n.view.ledger, n.view.at-int64(w)
	edge, counts := l.prefix(l.rungFor(w), start)
	return n.read(knot{edge, counts}, start)
}

// Estimate is View.Estimate without the spans.
func (n *Net) Estimate(w time.Duration) NetReading {
	l, start := n.view.ledger, n.view.at-int64(w)
	before, after := l.around(l.rungFor(w), start)
	return n.read(knot{start, between(before.counts, after.counts, start-before.at, after.at-before.at)}, start)
}

// Since is Ledger.Between a time and the view's, without the spans.
func (n *Net) Since(start time.Time) NetReading {
	l, from := n.view.ledger, start.UnixNano()
	head, _ := l.around(l.rungFor(time.Duration(n.view.at-from)), from)
	return n.read(head, from)
}

// read is what lies between a knot and the view's end. Its time is that since
// start, which the knot is rounded down from.
func (n *Net) read(head knot, start int64) NetReading {
	v := n.view
	out := NetReading{
		Reading: Reading{Start: time.Unix(0, head.at), End: time.Unix(0, v.end), Counts: v.tail.Sub(head.counts)},
		Length:  time.Duration(v.at - start),
		Known:   time.Duration(v.ledger.observed.known(start, v.at, v.live)),
	}
	for _, c := range slices.Backward(n.cuts) {
		if c.to.at <= head.at && c.end <= start {
			break
		}
		n.take(&out, c, head, start)
	}
	return out
}

// take takes away what of a cut lies in a window.
func (n *Net) take(r *NetReading, c cut, head knot, start int64) {
	from := c.from
	if from.at < head.at {
		from = head
	}
	if c.to.at > from.at {
		counts := c.to.counts.Sub(from.counts)
		r.Counts, r.Excluded = r.Counts.Sub(counts), r.Excluded.Add(counts)
	}
	if c.from.at < start {
		c.from.at = min(start, c.end)
		c.known = n.view.ledger.observed.known(start, c.end, n.view.live)
	}
	length := time.Duration(c.end - c.from.at)
	r.Length, r.Out, r.Known = r.Length-length, r.Out+length, r.Known-time.Duration(c.known)
}
