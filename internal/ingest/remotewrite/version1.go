package remotewrite

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/slo-engine/slo-engine/internal/sli"
)

var errIsVersion2 = errors.New("it looks like a 2.0 message: send it with Content-Type " + mediaType + ";proto=" + protoV2)

// request1 reads a prometheus.WriteRequest. Its metadata name families, not
// series, and come when they please: the type of a 1.0 series is unknown.
func (d *decoder) request1(b []byte) error {
	m := message{rest: b}
	for n := 0; m.next(); {
		switch m.field {
		case 1:
			n++
			if err := d.series1(m.bytes()); err != nil {
				return fmt.Errorf("time series %d: %w", n, err)
			}
		case 5: // a 1.0 message has no such field; to pass over it would lose data in silence
			return errIsVersion2
		}
	}
	return m.err
}

func (d *decoder) series1(b []byte) error {
	d.begin()
	m := message{rest: b}
	for m.next() {
		var err error
		switch m.field {
		case 1:
			err = d.label1(m.bytes())
		case 2:
			err = d.sample(m.bytes())
		case 3: // exemplar
		case 4:
			err = d.histogram(m.bytes())
		}
		if err != nil {
			return err
		}
	}
	if m.err != nil {
		return m.err
	}
	return d.end()
}

func (d *decoder) label1(b []byte) error {
	var name, value []byte
	m := message{rest: b}
	for m.next() {
		switch m.field {
		case 1:
			name = m.bytes()
		case 2:
			value = m.bytes()
		}
	}
	if m.err != nil {
		return fmt.Errorf("label: %w", m.err)
	}
	if !d.fits(name, value) {
		return nil
	}
	return d.addLabel(d.strings.of(name), d.strings.of(value))
}

// sample reads a Sample of either version: 2.0 added a field.
func (d *decoder) sample(b []byte) error {
	if err := d.spend(unsafe.Sizeof(sli.Point{})); err != nil {
		return err
	}
	var p sli.Point
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
	if m.err != nil {
		return fmt.Errorf("sample: %w", m.err)
	}
	d.addSample(p)
	return nil
}
