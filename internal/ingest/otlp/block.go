package otlp

import (
	"github.com/slo-engine/slo-engine/internal/sli"
)

// block is a stretch of a metric's points. Their series are looked up
// together, because each look-up waits for memory: one after the other they
// would wait in turn, together they wait at once. With a hundred thousand
// series that took look-ups from a quarter of a point's cost to a tenth.
type block struct {
	n      int
	points [32]candidate
}

// candidate is a number point whose series may be known.
type candidate struct {
	numberBytes
	field []byte     // the point as it stands in its metric
	known *sli.Known // nil: it is put aside
	// ignored says that no SLO looks at it.
	ignored bool
}

// numberPoint takes a point of a sum or a gauge into the block.
func (d *decoder) numberPoint(m *metricBytes, b, field []byte) error {
	if d.block.n == len(d.block.points) {
		if err := d.flush(m); err != nil {
			return err
		}
	}
	p := &d.block.points[d.block.n]
	*p = candidate{numberBytes: numberBytes{moment: moment{key: m.key}}, field: field}
	d.block.n++
	return p.read(b)
}

// flush empties the block: points of known series go into the batch, the rest
// is put aside.
func (d *decoder) flush(m *metricBytes) error {
	points := d.block.points[:d.block.n]
	d.block.n = 0
	if d.page != nil {
		d.findAll(points)
	}
	for i := range points {
		p := &points[i]
		switch {
		case p.known == nil:
			if err := d.putAside(m, p.field, p.key); err != nil {
				return err
			}
		case p.ignored:
			d.accepted++
		default:
			p.fill(d.room(m, p.known))
		}
	}
	return nil
}

// findAll looks up points that can be taken. Nothing in a loop depends on what
// it did last, so that the memory it asks for comes all at once.
func (d *decoder) findAll(points []candidate) {
	for i := range points {
		if p := &points[i]; p.possible() {
			p.known = d.page.Find(p.key)
		}
	}
	for i := range points {
		if p := &points[i]; p.known != nil {
			p.ignored = p.known.Ignored()
		}
	}
}
