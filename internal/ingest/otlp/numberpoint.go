package otlp

import (
	"math"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// Fields of a number data point.
const (
	numberStart     = 2<<3 | fixedWire
	numberTime      = 3<<3 | fixedWire
	numberDouble    = 4<<3 | fixedWire
	numberInt       = 6<<3 | fixedWire
	numberAttribute = 7<<3 | bytesWire
	numberFlags     = 8<<3 | varintWire
)

// numberBytes is a point of a sum or a gauge.
type numberBytes struct {
	moment
	value uint64
	form  tag // numberDouble or numberInt; 0: no value
}

func (p *numberBytes) read(b []byte) error {
	c := cursor{b: b}
	for c.next() {
		switch c.tag {
		case numberStart:
			p.start = c.fixed64()
		case numberTime:
			p.at = c.fixed64()
		case numberDouble, numberInt:
			p.value, p.form = c.fixed64(), c.tag
		case numberAttribute:
			p.attributes(&c)
		case numberFlags:
			p.flags = uint32(c.varint())
		default:
			c.pass(numberPoint, 0)
		}
	}
	return c.err
}

// possible reports false for a point that the translator refuses.
func (p *numberBytes) possible() bool {
	return p.moment.possible() && (p.form != 0 || p.stale())
}

func (p *numberBytes) fill(point *sli.Point) {
	p.stamp(point)
	switch {
	case point.Stale:
	case p.form == numberInt:
		point.Int, point.IsInt = int64(p.value), true
	default:
		point.Value = math.Float64frombits(p.value)
	}
}
