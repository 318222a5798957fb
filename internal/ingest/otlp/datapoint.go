package otlp

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// maxRest bounds how many bytes are put aside for the library at a time, so
// that a large request of unknown series is not held several times over.
const maxRest = 256 << 10

// dataPoints reads the points of a metric: those of known series from their
// bytes, the rest through the library.
func (d *decoder) dataPoints(m *metricBytes) error {
	d.rest, d.keys, d.block.n = d.rest[:0], d.keys[:0], 0 // an error may have left some
	c := cursor{b: m.data}
	for c.next() {
		if c.tag != fieldDataPoints {
			c.skip() // readHead has looked at it
			continue
		}
		point := c.bytes()
		c.note(d.dataPoint(m, point, m.data[c.start:c.at]))
	}
	if c.err == nil {
		c.note(d.flush(m))
	}
	if c.err != nil || len(d.keys) == 0 {
		return c.err
	}
	return d.translateRest(m)
}

// dataPoint reads a point; field is the same with its tag and length.
func (d *decoder) dataPoint(m *metricBytes, b, field []byte) error {
	if m.form != fieldHistogram {
		return d.numberPoint(m, b, field)
	}
	key, known, err := d.histogramPoint(m, b)
	if known || err != nil {
		return err
	}
	return d.putAside(m, field, key)
}

// putAside leaves a point to the library. It is to be learnt under a key.
func (d *decoder) putAside(m *metricBytes, field []byte, key sli.Key) error {
	d.rest = append(d.rest, field...)
	d.keys = append(d.keys, key)
	if len(d.rest) < maxRest {
		return nil
	}
	return d.translateRest(m)
}

// take reports whether a series is known, and makes room for a point of it
// in the batch: nil where no SLO looks at it.
func (d *decoder) take(m *metricBytes, key sli.Key) (room *sli.Point, known bool) {
	if d.page == nil {
		return nil, false
	}
	found := d.page.Find(key)
	if found == nil {
		return nil, false
	}
	if found.Ignored() {
		d.accepted++
		return nil, true
	}
	return d.room(m, found), true
}

// room is where the next point of a known series goes.
func (d *decoder) room(m *metricBytes, known *sli.Known) *sli.Point {
	d.batch.Samples = append(d.batch.Samples, sli.Sample{Known: known, Type: m.typ, Temporality: m.temporality})
	return &d.batch.Samples[len(d.batch.Samples)-1].Point
}

// moment is what the points of all metrics have in common.
type moment struct {
	start, at uint64
	flags     uint32
	// key is that of the metric and of the attributes as they are spelled here.
	key sli.Key
}

// attributes adds the attribute at hand to the key, and those that follow:
// mostly all of a point stand in one piece, which is hashed at once.
func (m *moment) attributes(c *cursor) {
	c.bytes()
	for c.at < len(c.b) && c.b[c.at] == byte(c.tag) {
		c.at++
		c.bytes()
	}
	m.key = sli.KeyOf(c.b[c.start:c.at], uint64(m.key))
}

func (m *moment) stale() bool {
	return pmetric.DataPointFlags(m.flags).NoRecordedValue()
}

// possible reports false for times that stamp refuses.
func (m *moment) possible() bool { return m.at != 0 && m.at <= math.MaxInt64 }

// stamp is as the function of that name, for possible times.
func (m *moment) stamp(p *sli.Point) {
	p.Time = int64(m.at)
	if m.start <= m.at {
		p.Start = int64(m.start)
	}
	p.Stale = m.stale()
}
