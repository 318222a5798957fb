package remotewrite

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unsafe"

	"github.com/prometheus/prometheus/model/value"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// sample reads a Sample of either version and adds it to the series.
func (d *decoder) sample(b []byte) error {
	if err := d.spendPoint(); err != nil {
		return err
	}
	var p sli.Point
	if err := readSample(&p, b); err != nil {
		return err
	}
	d.samples = append(d.samples, p)
	return nil
}

// spendPoint accounts for a point as if its series were known: whether it is
// must not decide whether a request is too large.
func (d *decoder) spendPoint() error { return d.spend(unsafe.Sizeof(sli.Sample{})) }

// readSample makes a point of a Sample of either version: 2.0 added the start.
func readSample(p *sli.Point, b []byte) error {
	*p = sli.Point{}
	if !plainSample(p, b) {
		if err := anySample(p, b); err != nil {
			return fmt.Errorf("sample: %w", err)
		}
	}
	if value.IsStaleNaN(p.Value) {
		p.Value, p.Stale = 0, true
	}
	return nil
}

const (
	tagValue = 1<<3 | 1
	tagTime  = 2 << 3
	tagStart = 3 << 3
)

// plainSample reads a sample as senders write it: its fields in order, without
// those that are zero.
func plainSample(p *sli.Point, b []byte) bool {
	at, v := 0, uint64(0)
	if len(b) >= 9 && b[0] == tagValue {
		p.Value, at = math.Float64frombits(binary.LittleEndian.Uint64(b[1:])), 9
	}
	if at < len(b) && b[at] == tagTime {
		if v, at = uvarint(b, at+1); at < 0 {
			return false
		}
		p.Time = nanoseconds(v)
	}
	if at < len(b) && b[at] == tagStart {
		if v, at = uvarint(b, at+1); at < 0 {
			return false
		}
		p.Start = nanoseconds(v)
	}
	return at == len(b)
}

func anySample(p *sli.Point, b []byte) error {
	*p = sli.Point{}
	m := message{rest: b}
	for m.next() {
		switch m.field {
		case 1:
			p.Value = m.double()
		case 2:
			p.Time = nanoseconds(m.varint())
		case 3:
			p.Start = nanoseconds(m.varint())
		}
	}
	return m.err
}

// nanoseconds makes a time of the milliseconds on the wire. Those beyond what
// nanoseconds can say become the last time that can be said: they must not
// wrap around into a time that looks like now.
func nanoseconds(wire uint64) int64 {
	const most = math.MaxInt64 / int64(time.Millisecond)
	switch ms := int64(wire); {
	case ms > most:
		return math.MaxInt64
	case ms < -most:
		return math.MinInt64
	default:
		return ms * int64(time.Millisecond)
	}
}
