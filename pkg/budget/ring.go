package budget

import "math"

// ring holds cumulative counts at the edges of equal slots of time. The cell
// of edge e holds all events at or before e*slot. Subtracting two cells gives
// the events between them, whatever the distance: one ring serves every
// window that it reaches.
//
// Edges after the newest event need no cell, for nothing has changed since:
// they read as the total. So a ring costs nothing while nothing happens.
type ring struct {
	slot  int64    // nanoseconds
	limit int      // cells at most; older ones are dropped
	first int64    // edge of the oldest cell
	head  int      // index of the oldest cell
	n     int      // cells in use
	cells []Counts // circular; grows up to limit
	base  Counts   // what edges before first read as
	known int64    // edges before it read wrong: their cells were dropped
}

// wholePast is known while no cell was ever dropped.
const wholePast = math.MinInt64

// last is the edge of the newest cell.
func (r *ring) last() int64 { return r.first + int64(r.n) - 1 }

func (r *ring) cell(edge int64) *Counts {
	i := r.head + int(edge-r.first)
	if i >= len(r.cells) {
		i -= len(r.cells)
	}
	return &r.cells[i]
}

// at reads the cumulative counts at an edge; total is the ledger's total.
func (r *ring) at(edge int64, total Counts) Counts {
	switch {
	case r.n == 0 || edge > r.last():
		return total
	case edge < r.first:
		return r.base
	}
	return *r.cell(edge)
}

// reaches reports whether an edge reads exactly.
func (r *ring) reaches(edge int64) bool {
	return edge >= r.known
}

// add spreads an increment over the cells: the cell of edge e takes what
// share says had happened by then. total is the ledger's total before it.
func (r *ring) add(s *share, total Counts) {
	from := r.ceil(s.first)
	to := from
	if s.first != s.to {
		to = r.ceil(s.to)
	}
	r.cover(from, to, total)
	if from < r.first { // out of reach: it lies before every cell
		r.base = r.base.Add(s.at(min(r.first-1, to) * r.slot))
		r.known = r.first
		from = r.first
	}
	for e := from; e <= r.last(); e++ {
		c := r.cell(e)
		*c = c.Add(s.at(e * r.slot))
	}
}

// ceil is the smallest edge at or after t. Nearly always that is the newest
// cell or the one after it, and a division costs more than the rest of add.
func (r *ring) ceil(t int64) int64 {
	last := r.last()
	switch since := t - last*r.slot; {
	case since > 0 && since <= r.slot:
		return last + 1
	case since <= 0 && since > -r.slot:
		return last
	}
	return ceilDiv(t, r.slot)
}

// cover makes room for the edges from..to as far as the limit allows.
func (r *ring) cover(from, to int64, total Counts) {
	if r.n == 0 {
		from = max(from, to-int64(r.limit)+1)
		r.first, r.n = from, 0
		r.push(to, total)
		return
	}
	r.push(to, total)
	r.unshift(max(from, r.known, r.last()-int64(r.limit)+1))
}

// push appends cells up to edge, each reading as the total so far.
func (r *ring) push(edge int64, total Counts) {
	next := r.first + int64(r.n)
	if edge < next {
		return
	}
	if edge-int64(r.limit) >= next { // a gap longer than the ring: nothing in it needs a cell
		r.head, r.n, r.first = 0, 0, edge
		r.base, r.known = total, next
		next = edge
	}
	missing := int(edge - next + 1)
	r.grow(min(r.n+missing, r.limit))
	r.drop(r.n + missing - r.limit)
	for range missing {
		r.n++
		*r.cell(next) = total
		next++
	}
}

// drop forgets the oldest n cells.
func (r *ring) drop(n int) {
	if n <= 0 {
		return
	}
	r.base = *r.cell(r.first + int64(n) - 1)
	r.head = (r.head + n) % len(r.cells)
	r.first += int64(n)
	r.known = r.first
	r.n -= n
}

// unshift prepends cells down to edge, each reading as the base.
func (r *ring) unshift(edge int64) {
	missing := int(r.first - edge)
	if missing <= 0 {
		return
	}
	r.grow(r.n + missing)
	r.head = (r.head - missing + len(r.cells)) % len(r.cells)
	r.first = edge
	r.n += missing
	for e := edge; e < edge+int64(missing); e++ {
		*r.cell(e) = r.base
	}
}

// grow makes room for n cells, doubling so that a young SLO stays small.
func (r *ring) grow(n int) {
	if n <= len(r.cells) {
		return
	}
	size := min(max(n, 2*len(r.cells), 8), r.limit)
	cells := make([]Counts, size)
	for i := range r.n {
		cells[i] = *r.cell(r.first + int64(i))
	}
	r.cells, r.head = cells, 0
}

// ceilDiv is the smallest edge at or after t.
func ceilDiv(t, slot int64) int64 {
	q := t / slot
	if t%slot > 0 {
		q++
	}
	return q
}

// floorDiv is the greatest edge at or before t.
func floorDiv(t, slot int64) int64 {
	q := t / slot
	if t%slot < 0 {
		q--
	}
	return q
}
