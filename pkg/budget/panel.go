package budget

import (
	"math"
	"time"
)

// settled is how long before the newest event counts rarely change any more:
// the samples of several targets are out of order by less.
const settled = int64(time.Minute)

// Panel reads the same windows of one ledger again and again. It answers
// exactly as a View does, and looks into the rings only where something can
// read differently: where a window's start has come to another slot, or where
// events were counted.
//
// The zero value is not usable: call NewPanel. A panel belongs to its ledger's
// goroutine; a ledger may have several.
type Panel struct {
	view    View
	windows []time.Duration
	cursors []cursor
	// changes and late are those of the ledger at the last Move.
	changes, late uint64
	newest        span // of what the ledger has observed
	rungs         int  // that the ledger had when the cursors were told theirs
}

// NewPanel returns a panel that reads windows of these lengths, from then on
// known by their position. It reads nothing before the first Move. The list is
// kept: panels of many ledgers share it, and nobody may change it.
func NewPanel(l *Ledger, windows []time.Duration) *Panel {
	p := &Panel{view: View{ledger: l}, windows: windows, cursors: make([]cursor, len(windows))}
	p.climb()
	return p
}

// climb tells the cursors their rungs.
func (p *Panel) climb() {
	l := p.view.ledger
	p.rungs = len(l.rings)
	for i, w := range p.windows {
		p.cursors[i] = cursor{rung: uint8(l.rungFor(w))}
	}
}

// Move makes all windows end at a time; live is as in Ledger.At. What the
// panel says is good until the ledger changes.
func (p *Panel) Move(at time.Time, live bool) {
	l := p.view.ledger
	p.view = l.At(at, live)
	late, changed := l.late != p.late, l.changes != p.changes
	p.late, p.changes = l.late, l.changes
	if changed {
		p.newest = l.observed.newest()
		if p.rungs != len(l.rings) { // it was stretched
			p.climb()
		}
	}
	for i := range p.cursors {
		c := &p.cursors[i]
		start := p.start(i)
		if !c.good || late || changed && !c.steady(l) || !c.advance(start) {
			c.look(l, start)
		}
	}
}

// start is where the window at a position begins.
func (p *Panel) start(i int) int64 { return p.view.at - int64(p.windows[i]) }

// View is the ledger at the time of the last Move.
func (p *Panel) View() View { return p.view }

// Window is View.Window of the window at a position.
func (p *Panel) Window(i int) Reading {
	c := &p.cursors[i]
	return Reading{
		Start: time.Unix(0, c.edge*c.slot()), End: time.Unix(0, p.view.end),
		Counts: p.view.tail.Sub(c.head),
	}
}

// Estimate is View.Estimate of the window at a position.
func (p *Panel) Estimate(i int) Counts {
	c := &p.cursors[i]
	head := c.head
	if slot := c.slot(); c.edge == c.last {
		head = between(c.head, c.next, p.start(i)-c.edge*slot, slot)
	}
	return p.view.tail.Sub(head)
}

// Coverage is View.Coverage of the window at a position.
func (p *Panel) Coverage(i int) float64 {
	start := p.start(i)
	if start >= p.newest.from && start < p.view.at && p.newest.from < p.newest.to && (p.view.live || p.view.at <= p.newest.to) {
		return 1 // nearly always
	}
	return p.view.ledger.observed.share(start, p.view.at, p.view.live)
}

// Worst bounds what Window and Estimate can read of the window at a position
// while its end moves on by up to ahead and nothing is counted: the most bad
// events, the fewest events, and the highest coverage. ok is false when that
// cannot be said, because events lie ahead or the ring is about to end.
func (p *Panel) Worst(i int, ahead time.Duration) (c Counts, coverage float64, ok bool) {
	l, cursor := p.view.ledger, &p.cursors[i]
	if !cursor.good || l.any && p.view.end < l.newest {
		return Counts{}, 0, false
	}
	// All edges up to the end of the slot that the start comes to last.
	low, high, slot := cursor.head, cursor.head, cursor.slot()
	last := p.start(i) + int64(ahead)
	for edge := cursor.last; edge*slot <= last; {
		edge++
		at := cursor.next
		if edge > cursor.last+1 {
			at = l.rings[cursor.rung].at(edge, l.total)
		}
		low.Bad, high.Total = min(low.Bad, at.Bad), max(high.Total, at.Total)
	}
	// What lies between two edges may round to a little beyond them.
	c.Bad = p.view.tail.Bad - (low.Bad - rounding*math.Abs(low.Bad))
	c.Total = p.view.tail.Total - (high.Total + rounding*math.Abs(high.Total))
	return c, min(1, p.Coverage(i)+float64(ahead)/float64(p.windows[i])), true
}

// rounding is more than the relative error of an interpolated count.
const rounding = 0x1p-50

// cursor is the slot that a window's start lies in, and those after it in which
// nothing happened. There are a dozen for each SLO, and memory is what it costs
// to read them: it holds no more than it must, and a ring is far away.
type cursor struct {
	edge, last int64  // edges from the slot's to last read the same
	head, next Counts // that, and what the one after last reads
	rung       uint8  // the window's
	slots      uint8  // the rung of the slot, a coarser one where that has forgotten
	// good says that the slot is one of the window's own rung; otherwise it
	// must be looked up each time, for the rung may reach it a moment later.
	good bool
	old  bool // the slots ended long before the newest event
}

func (c *cursor) slot() int64 { return int64(ladder[c.slots].slot) }

// farthest is up to how many slots further a cursor looks.
const farthest = 16

// advance goes to the slot of a start, if that is one that it knows.
func (c *cursor) advance(start int64) bool {
	slot := c.slot()
	inside := start - c.edge*slot
	if inside < 0 || start >= (c.last+1)*slot {
		return false
	}
	for ; inside >= slot; inside -= slot { // not often; a division costs more
		c.edge++
	}
	return true
}

// look reads the slot anew.
func (c *cursor) look(l *Ledger, start int64) {
	r := &l.rings[c.rung]
	if slot, next := c.slot(), c.last+1; c.good && start >= next*slot && start < (next+1)*slot && r.reaches(next) {
		c.edge = next
	} else {
		r, c.edge = l.slotAt(int(c.rung), start)
		c.good = r == &l.rings[c.rung]
		for c.slots = c.rung; r != &l.rings[c.slots]; c.slots++ {
		}
	}
	c.last = c.edge
	c.head, c.next = r.at(c.edge, l.total), r.at(c.edge+1, l.total)
	for c.next == c.head && c.last < c.edge+farthest {
		c.last++
		c.next = r.at(c.last+1, l.total)
	}
	c.old = l.any && (c.last+1)*r.slot <= l.newest-settled
}

// steady reports whether increments that were not late left the cursor right:
// they lie after its slots, and its ring still reaches back to it.
func (c *cursor) steady(l *Ledger) bool { return c.old && l.rings[c.rung].reaches(c.edge) }
