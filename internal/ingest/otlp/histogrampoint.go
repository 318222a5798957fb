package otlp

import (
	"encoding/binary"
	"math"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// Fields of a histogram data point.
const (
	histogramStart     = 2<<3 | fixedWire
	histogramTime      = 3<<3 | fixedWire
	histogramCount     = 4<<3 | fixedWire
	histogramSum       = 5<<3 | fixedWire
	histogramCounts    = 6<<3 | bytesWire
	histogramOneCount  = 6<<3 | fixedWire // not packed
	histogramBounds    = 7<<3 | bytesWire
	histogramOneBound  = 7<<3 | fixedWire
	histogramAttribute = 9<<3 | bytesWire
	histogramFlags     = 10<<3 | varintWire
)

// The series that a histogram point becomes have keys of their own: a
// bucket's is made from its index, and these from what follows all of them.
const (
	partInf = maxBuckets + iota
	partCount
	partSum
)

// part is the key of a part of a histogram; none has parts without a key.
func part(k sli.Key, i uint64) sli.Key {
	if k == 0 {
		return 0
	}
	return k.With(i)
}

// histogramBytes is a point of a classic histogram.
type histogramBytes struct {
	moment
	count          uint64
	sum            float64
	hasSum         bool
	counts, bounds []byte // eight bytes each
	// odd says that the buckets are not in the one piece that everybody sends.
	odd bool
}

// histogramPoint takes a point if all its series are known; otherwise it
// returns the key under which they are to be learnt. A stale point is left to
// the translator, and nothing is learnt from it: its bounds need not be good.
func (d *decoder) histogramPoint(m *metricBytes, b []byte) (sli.Key, bool, error) {
	p := histogramBytes{moment: moment{key: m.key}}
	if err := p.read(b); err != nil {
		return 0, false, err
	}
	if p.odd || p.stale() {
		return 0, false, nil
	}
	p.key = sli.KeyOf(p.bounds, uint64(p.key))
	return p.key, p.possible() && d.takeHistogram(m, &p), nil
}

func (p *histogramBytes) read(b []byte) error {
	c := cursor{b: b}
	for c.next() {
		switch c.tag {
		case histogramStart:
			p.start = c.fixed64()
		case histogramTime:
			p.at = c.fixed64()
		case histogramCount:
			p.count = c.fixed64()
		case histogramSum:
			p.sum, p.hasSum = math.Float64frombits(c.fixed64()), true
		case histogramCounts:
			p.buckets(&c, &p.counts)
		case histogramBounds:
			p.buckets(&c, &p.bounds)
		case histogramOneCount, histogramOneBound:
			p.odd = true
			c.fixed64()
		case histogramAttribute:
			p.attributes(&c)
		case histogramFlags:
			p.flags = uint32(c.varint())
		default:
			c.pass(histogramPoint, 0)
		}
	}
	return c.err
}

func (p *histogramBytes) buckets(c *cursor, to *[]byte) {
	p.odd = p.odd || *to != nil
	*to = c.bytes()
	if len(*to)%8 != 0 {
		c.fail(errMalformed)
	}
}

// possible reports false for a point that the translator refuses, for a reason
// that may differ from one point to the next. The bounds are in the key: if it
// is known, they were good.
func (p *histogramBytes) possible() bool {
	if !p.moment.possible() || tooLarge(p.count) || len(p.counts) > 0 && len(p.counts) != len(p.bounds)+8 {
		return false
	}
	left := p.count
	for counts := p.counts; len(counts) > 0; counts = counts[8:] {
		n := binary.LittleEndian.Uint64(counts)
		if n > left {
			return false
		}
		left -= n
	}
	return true
}

// takeHistogram takes all series of a point, or none.
func (d *decoder) takeHistogram(m *metricBytes, p *histogramBytes) bool {
	samples, accepted := len(d.batch.Samples), d.accepted
	if d.takeBuckets(m, p) &&
		d.takeCount(m, p, partInf, p.count) &&
		d.takeCount(m, p, partCount, p.count) &&
		(!p.hasSum || d.takeSum(m, p)) {
		return true
	}
	d.batch.Samples, d.accepted = d.batch.Samples[:samples], accepted
	return false
}

func (d *decoder) takeBuckets(m *metricBytes, p *histogramBytes) bool {
	var upTo uint64
	for i := range min(len(p.counts), len(p.bounds)) / 8 {
		upTo += binary.LittleEndian.Uint64(p.counts[8*i:])
		if !d.takeCount(m, p, uint64(i), upTo) {
			return false
		}
	}
	return true
}

func (d *decoder) takeCount(m *metricBytes, p *histogramBytes, part, n uint64) bool {
	room, known := d.take(m, p.key.With(part))
	if room != nil {
		p.stamp(room)
		room.Int, room.IsInt = int64(n), true
	}
	return known
}

func (d *decoder) takeSum(m *metricBytes, p *histogramBytes) bool {
	room, known := d.take(m, p.key.With(partSum))
	if room != nil {
		p.stamp(room)
		room.Value = p.sum
	}
	return known
}
