package remotewrite

import (
	"errors"
	"fmt"
	"unsafe"
)

// symbol is one string of a 2.0 request. It becomes a string when a label
// refers to it: help texts never do.
type symbol struct {
	raw  []byte
	text string
}

var (
	errIsVersion1 = errors.New("it looks like a 1.0 message: send it with Content-Type " + mediaType)
	errReference  = errors.New("is beyond the request's symbols")
)

// request2 reads an io.prometheus.write.v2.Request, in two walks: protobuf
// does not promise that the symbols come before the series that use them.
func (d *decoder) request2(b []byte) error {
	if err := d.readSymbols(b); err != nil {
		return err
	}
	m := message{rest: b}
	for n := 0; m.next(); {
		if m.field != 5 {
			continue
		}
		n++
		if err := d.series2(m.bytes()); err != nil {
			return fmt.Errorf("time series %d: %w", n, err)
		}
	}
	return m.err
}

func (d *decoder) readSymbols(b []byte) error {
	m := message{rest: b}
	for m.next() {
		switch m.field {
		case 1: // reserved, so that a 1.0 message is not taken for an empty one
			return errIsVersion1
		case 4:
			if err := d.spend(unsafe.Sizeof(symbol{})); err != nil {
				return err
			}
			d.symbols = append(d.symbols, symbol{raw: m.bytes()})
		}
	}
	return m.err
}

func (d *decoder) series2(b []byte) error {
	d.begin()
	m := message{rest: b}
	for m.next() {
		var err error
		switch m.field {
		case 1:
			err = d.labels2(&m)
		case 2:
			err = d.sample(m.bytes())
		case 3:
			err = d.histogram(m.bytes())
		case 4: // exemplar
		case 5:
			err = d.metadata(m.bytes())
		case 6: // withdrawn from the specification, but in use
			d.series.created = nanoseconds(m.varint())
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

// labels2 reads references to names and values in turn. A packed field may
// come in pieces, so a name can wait for its value until the next one.
func (d *decoder) labels2(m *message) error {
	for ref := range m.varints {
		if ref >= uint64(len(d.symbols)) {
			return fmt.Errorf("label reference %d %w (%d)", ref, errReference, len(d.symbols))
		}
		s := &d.symbols[ref]
		name := d.series.name
		if name == nil {
			d.series.name = s
			continue
		}
		d.series.name = nil
		if !d.fits(name.raw, s.raw) {
			continue
		}
		if err := d.addLabel(d.textOf(name), d.textOf(s)); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) textOf(s *symbol) string {
	if s.text == "" && len(s.raw) > 0 {
		s.text = d.strings.of(s.raw)
	}
	return s.text
}

func (d *decoder) metadata(b []byte) error {
	m := message{rest: b}
	for m.next() {
		switch m.field {
		case 1:
			d.series.family = family(m.varint())
		case 3, 4: // help, unit: not used, but a reference must be one
			if ref := m.varint(); ref > 0 && ref >= uint64(len(d.symbols)) {
				return fmt.Errorf("metadata reference %d %w (%d)", ref, errReference, len(d.symbols))
			}
		}
	}
	if m.err != nil {
		return fmt.Errorf("metadata: %w", m.err)
	}
	return nil
}
