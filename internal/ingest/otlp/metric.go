package otlp

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// metricBytes is what all points of a metric share.
type metricBytes struct {
	name, unit []byte
	// form is the field that says what kind of metric it is, data its value,
	// forms how many such fields there are.
	form  tag
	data  []byte
	forms int

	// points counts them; the other two are what stands beside them.
	points    int
	relative  uint64
	monotonic bool

	typ         sli.Type
	temporality sli.Temporality
	key         sli.Key
}

// Fields of a metric, and of the message that holds its points.
const (
	fieldName        = 1<<3 | bytesWire
	fieldUnit        = 3<<3 | bytesWire
	fieldGauge       = 5<<3 | bytesWire
	fieldSum         = 7<<3 | bytesWire
	fieldHistogram   = 9<<3 | bytesWire
	fieldExponential = 10<<3 | bytesWire
	fieldSummary     = 11<<3 | bytesWire

	fieldDataPoints  = 1<<3 | bytesWire
	fieldTemporality = 2<<3 | varintWire
	fieldMonotonic   = 3<<3 | varintWire
)

// Temporalities as OTLP numbers them.
const (
	toldDelta      = 1
	toldCumulative = 2
)

// metric reads a metric. What is rare is left to the library: other kinds,
// several values in place of one, none at all.
func (d *decoder) metric(b []byte) error {
	m, err := readMetric(b)
	if err != nil {
		return err
	}
	if m.forms != 1 || m.form == fieldExponential || m.form == fieldSummary {
		return d.translateMetric(b, nil)
	}
	if err := m.readHead(); err != nil {
		return err
	}
	if m.points == 0 {
		return d.translateMetric(b, nil)
	}
	m.identify(d.resource.key)
	return d.dataPoints(&m)
}

func readMetric(b []byte) (m metricBytes, err error) {
	c := cursor{b: b}
	for c.next() {
		switch c.tag {
		case fieldName:
			m.name = c.bytes()
		case fieldUnit:
			m.unit = c.bytes()
		case fieldGauge, fieldSum, fieldHistogram, fieldExponential, fieldSummary:
			m.form, m.data = c.tag, c.bytes()
			m.forms++
		default:
			c.pass(metricMessage, 0)
		}
	}
	return m, c.err
}

// readHead reads what stands beside the points, before or behind them.
func (m *metricBytes) readHead() error {
	c := cursor{b: m.data}
	for c.next() {
		switch c.tag {
		case fieldDataPoints:
			c.bytes()
			m.points++
		case fieldTemporality:
			m.relative = uint64(int32(c.varint()))
		case fieldMonotonic:
			m.monotonic = c.varint() != 0
		default:
			c.pass(metricMessage.field(m.form.number()), 0)
		}
	}
	return c.err
}

// identify says what its samples are, and makes the key from which theirs
// come: all that the translator reads of a metric is in it.
func (m *metricBytes) identify(resource sli.Key) {
	switch m.form { // the fields of a sum mean nothing elsewhere
	case fieldGauge:
		m.relative, m.monotonic = toldCumulative, false
	case fieldHistogram:
		m.monotonic = true
	}
	m.typ = sli.TypeGauge
	if m.monotonic {
		m.typ = sli.TypeCounter
	}
	if m.relative == toldDelta {
		m.temporality = sli.Delta
	}
	shape := uint64(m.form)<<33 | uint64(uint32(m.relative))<<1 | protowire.EncodeBool(m.monotonic)
	name := sli.KeyOf(m.name, uint64(resource))
	m.key = sli.KeyOf(m.unit, uint64(name)).With(shape)
}
