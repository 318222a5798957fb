package remotewrite

import (
	"errors"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/sli"
)

var errIsVersion2 = errors.New("it looks like a 2.0 message: send it with Content-Type " + mediaType + ";proto=" + protoV2)

// request1 reads a prometheus.WriteRequest. Its metadata name families, not
// series, and come when they please: the type of a 1.0 series is unknown.
func (d *decoder) request1(b []byte) error {
	m := message{rest: b}
	for m.next() {
		switch m.field {
		case 1:
			if err := d.add(m.bytes()); err != nil {
				return err
			}
		case 5: // a 1.0 message has no such field; to pass over it would lose data in silence
			return errIsVersion2
		}
	}
	if m.err != nil {
		return m.err
	}
	return d.flush()
}

// key1 outlines a series: the bytes of its labels are its key.
func (d *decoder) key1(o *outline, b []byte) sli.Key {
	if !o.read(b, &parts1) {
		return 0
	}
	return sli.KeyOf(o.labels, d.saltOf(o, familyUnknown))
}

// slow1 reads a series that is not known. It is to be learnt under key.
func (d *decoder) slow1(b []byte, key sli.Key) error {
	d.begin(key)
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
