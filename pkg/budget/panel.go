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
	cursors []cursor
	// changes and late are those of the ledger at the last Move.
	changes, late uint64
}

// NewPanel returns a panel that reads windows of these lengths, from then on
// known by their position. It reads nothing before the first Move.
func NewPanel(l *Ledger, windows []time.Duration) *Panel {
	p := &Panel{view: View{ledger: l}, cursors: make([]cursor, len(windows))}
	for i, w := range windows {
		p.cursors[i] = cursor{window: int64(w), rung: l.rungFor(w)}
	}
	return p
}

// Move makes all windows end at a time; live is as in Ledger.At. What the
// panel says is good until the ledger changes.
func (p *Panel) Move(at time.Time, live bool) {
	l := p.view.ledger
	p.view = l.At(at, live)
	late, changed := l.late != p.late, l.changes != p.changes
	p.late, p.changes = l.late, l.changes
	for i := range p.cursors {
		c := &p.cursors[i]
		c.start = p.view.at - c.window
		if c.start < c.from || c.start >= c.to || late || changed && !c.steady() {
			c.look(l)
		}
	}
}

// View is the ledger at the time of the last Move.
func (p *Panel) View() View { return p.view }

// Window is View.Window of the window at a position.
func (p *Panel) Window(i int) Reading {
	c := &p.cursors[i]
	return Reading{Start: time.Unix(0, c.from), End: time.Unix(0, p.view.end), Counts: p.view.tail.Sub(c.head)}
}

// Estimate is View.Estimate of the window at a position.
func (p *Panel) Estimate(i int) Counts {
	c := &p.cursors[i]
	return p.view.tail.Sub(between(c.head, c.next, c.start-c.from, c.slot))
}

// Coverage is View.Coverage of the window at a position.
func (p *Panel) Coverage(i int) float64 {
	return p.view.ledger.observed.share(p.cursors[i].start, p.view.at, p.view.live)
}

// Worst bounds what Window and Estimate can read of the window at a position
// while its end moves on by up to ahead and nothing is counted: the most bad
// events, the fewest events, and the highest coverage. ok is false when that
// cannot be said, because events lie ahead or the ring is about to end.
func (p *Panel) Worst(i int, ahead time.Duration) (c Counts, coverage float64, ok bool) {
	l, cursor := p.view.ledger, &p.cursors[i]
	r, edge := l.slotAt(cursor.rung, cursor.start)
	if r != &l.rings[cursor.rung] || l.any && p.view.end < l.newest {
		return Counts{}, 0, false
	}
	low := r.at(edge, l.total)
	high := low
	for last := floorDiv(cursor.start+int64(ahead), r.slot) + 1; edge <= last; edge++ {
		at := r.at(edge, l.total)
		low.Bad, high.Total = min(low.Bad, at.Bad), max(high.Total, at.Total)
	}
	// What lies between two edges may round to a little beyond them.
	c.Bad = p.view.tail.Bad - (low.Bad - rounding*math.Abs(low.Bad))
	c.Total = p.view.tail.Total - (high.Total + rounding*math.Abs(high.Total))
	return c, min(1, p.Coverage(i)+float64(ahead)/float64(cursor.window)), true
}

// rounding is more than the relative error of an interpolated count.
const rounding = 0x1p-50

// cursor is one window and the slot that its start lies in.
type cursor struct {
	window, start int64
	rung          int
	ring          *ring
	edge, slot    int64
	from, to      int64  // of the slot, nanoseconds; the same: it must be looked up each time
	head, next    Counts // what its edges read
	old           bool   // the slot ended long before the newest event
}

// look reads the slot anew.
func (c *cursor) look(l *Ledger) {
	r := &l.rings[c.rung]
	if next := c.start - c.to; c.ring == r && next >= 0 && next < c.slot && r.reaches(c.edge+1) {
		c.edge++ // nearly always; a division costs more than the rest
	} else {
		c.ring, c.edge = l.slotAt(c.rung, c.start)
	}
	c.slot = c.ring.slot
	c.from, c.to = c.edge*c.slot, (c.edge+1)*c.slot
	c.head, c.next = c.ring.at(c.edge, l.total), c.ring.at(c.edge+1, l.total)
	c.old = l.any && c.to <= l.newest-settled
	if c.ring != r { // the finer ring may reach it a moment later
		c.to = c.from
	}
}

// steady reports whether increments that were not late left the cursor right:
// they lie after its slot, and its ring still reaches back to it.
func (c *cursor) steady() bool { return c.old && c.ring.reaches(c.edge) }
