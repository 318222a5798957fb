package budget

import (
	"encoding/binary"
	"math"
)

// Cells are written one after another, each as what it differs by from the one
// before, the first from the base. Whole numbers are a stream of uvarints:
//
//	run<<1            so many more cells read as the one before
//	zigzag(total)<<2 | bad<<1 | 1, if bad is 1 then zigzag(bad)
//
// If any is not whole, the changed cells of the ring are written as their bits:
//
//	run<<1            as above
//	1, c
const (
	flagLost  = 1 << 0 // cells were dropped
	flagWhole = 1 << 1
	flagGap   = 1 << 2 // u first less known stands after the flags
)

func (r *ring) append(b []byte) []byte {
	b = binary.AppendVarint(b, r.first)
	b = appendCounts(b, r.base)
	mark := len(b)
	if whole, ok := r.appendWhole(r.appendShape(b, true)); ok {
		return whole
	}
	return r.appendRaw(r.appendShape(b[:mark], false))
}

// appendShape appends the flags and the number of cells.
func (r *ring) appendShape(b []byte, whole bool) []byte {
	lost := r.known != wholePast
	gap := lost && r.known != r.first
	b = appendFlags(b, lost, whole, gap)
	if gap {
		b = binary.AppendUvarint(b, uint64(r.first-r.known))
	}
	return binary.AppendUvarint(b, uint64(r.n))
}

// readShape reads what appendShape wrote; first is known.
func (r *ring) readShape(d *decoder) (n int, whole bool) {
	flags := d.uvarint(flagLost | flagWhole | flagGap)
	switch flags & (flagLost | flagGap) {
	case 0:
		r.known = wholePast
	case flagLost:
		r.known = r.first
	case flagLost | flagGap:
		r.known = r.first - int64(d.uvarint(math.MaxInt64/2))
	default:
		d.fail("a ring has a gap and has lost nothing")
	}
	return int(d.uvarint(uint64(r.limit))), flags&flagWhole != 0
}

// parts are the cells in order: the ring may wrap around.
func (r *ring) parts() [2][]Counts {
	if end := r.head + r.n; end > len(r.cells) {
		return [2][]Counts{r.cells[r.head:], r.cells[:end-len(r.cells)]}
	}
	return [2][]Counts{r.cells[r.head : r.head+r.n]}
}

// appendWhole writes the cells as whole numbers, if they are.
func (r *ring) appendWhole(b []byte) ([]byte, bool) {
	w := wholeWriter{b: b, before: r.base}
	var okBad, okTotal bool
	w.bad, okBad = whole(r.base.Bad)
	w.total, okTotal = whole(r.base.Total)
	if !okBad || !okTotal {
		return b, false
	}
	for _, cells := range r.parts() {
		if !w.write(cells) {
			return b, false
		}
	}
	return appendRun(w.b, w.run), true
}

// wholeWriter is where a stream of whole cells has come to.
type wholeWriter struct {
	b          []byte
	run        uint64
	before     Counts
	bad, total int64 // before, as integers
}

// write appends cells; false when one is not whole.
func (w *wholeWriter) write(cells []Counts) bool {
	b, run, before, total := w.b, w.run, w.before, w.total // in registers
	for i := range cells {
		c := &cells[i]
		badStays := math.Float64bits(c.Bad) == math.Float64bits(before.Bad)
		if badStays && math.Float64bits(c.Total) == math.Float64bits(before.Total) {
			run++
			continue
		}
		if run > 0 {
			b, run = binary.AppendUvarint(b, run<<1), 0
		}
		now, ok := whole(c.Total)
		if !ok {
			return false
		}
		token := zigzag(now-total)<<2 | 1
		total, before.Total = now, c.Total
		if badStays {
			b = binary.AppendUvarint(b, token)
			continue
		}
		bad, ok := whole(c.Bad)
		if !ok {
			return false
		}
		b = binary.AppendUvarint(binary.AppendUvarint(b, token|2), zigzag(bad-w.bad))
		w.bad, before.Bad = bad, c.Bad
	}
	w.b, w.run, w.before, w.total = b, run, before, total
	return true
}

func appendRun(b []byte, run uint64) []byte {
	if run == 0 {
		return b
	}
	return binary.AppendUvarint(b, run<<1)
}

// exact is up to where every whole number is a float64.
const exact = 1 << 53

// whole is x as an integer; ok is false when that would lose a bit of it. The
// zero below zero is none.
func whole(x float64) (v int64, ok bool) {
	v = int64(x)
	return v, float64(v) == x && v <= exact && v >= -exact && (v != 0 || !math.Signbit(x))
}

func (r *ring) appendRaw(b []byte) []byte {
	before, run := bitsOf(r.base), uint64(0)
	for _, cells := range r.parts() {
		for _, c := range cells {
			if bitsOf(c) == before {
				run++
				continue
			}
			b, run, before = appendRun(b, run), 0, bitsOf(c)
			b = appendCounts(append(b, 1), c)
		}
	}
	return appendRun(b, run)
}

// bitsOf compares as == does not: a NaN is itself, and zero has a sign.
func bitsOf(c Counts) [2]uint64 {
	return [2]uint64{math.Float64bits(c.Bad), math.Float64bits(c.Total)}
}

// read makes an empty ring one that was written.
func (r *ring) read(d *decoder) {
	r.first, r.base = d.varint(), d.counts()
	if far := math.MaxInt64 / 2 / r.slot; r.first > far || r.first < -far {
		d.fail("a ring begins outside of time")
	}
	n, isWhole := r.readShape(d)
	if d.err != nil || n == 0 {
		return
	}
	r.grow(n)
	r.n = n
	if cells := r.cells[:n]; isWhole {
		readWhole(d, cells, r.base)
	} else {
		readRaw(d, cells, r.base)
	}
}

func readWhole(d *decoder, cells []Counts, before Counts) {
	bad, okBad := whole(before.Bad)
	total, okTotal := whole(before.Total)
	if !okBad || !okTotal {
		d.fail("the base is not whole, and the cells are")
	}
	for len(cells) > 0 && d.err == nil {
		token := d.quick()
		if token&1 == 0 {
			cells = fill(d, cells, token>>1, before)
			continue
		}
		total += unzigzag(token >> 2)
		before.Total = float64(total)
		if token&2 != 0 {
			bad += unzigzag(d.quick())
			before.Bad = float64(bad)
		}
		if uint64(total+exact) > 2*exact || uint64(bad+exact) > 2*exact {
			d.fail("a cell is out of range")
		}
		cells[0], cells = before, cells[1:]
	}
}

func readRaw(d *decoder, cells []Counts, before Counts) {
	for len(cells) > 0 && d.err == nil {
		token := d.uvarint(math.MaxUint64)
		switch {
		case token&1 == 0:
			cells = fill(d, cells, token>>1, before)
		case token != 1:
			d.fail("a cell is neither raw nor a run")
		default:
			before = d.counts()
			cells[0], cells = before, cells[1:]
		}
	}
}

// fill reads a run, and returns the cells after it.
func fill(d *decoder, cells []Counts, run uint64, c Counts) []Counts {
	if run == 0 || run > uint64(len(cells)) {
		d.fail("a run is empty, or longer than its ring")
		return nil
	}
	for i := range run {
		cells[i] = c
	}
	return cells[run:]
}
