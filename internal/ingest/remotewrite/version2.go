package remotewrite

import (
	"errors"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/sli"
)

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
	for m.next() {
		if m.field != 5 {
			continue
		}
		if err := d.add(m.bytes()); err != nil {
			return err
		}
	}
	if m.err != nil {
		return m.err
	}
	return d.flush()
}

// key2 outlines a series: what its label references mean is its key.
func (d *decoder) key2(o *outline, b []byte) sli.Key {
	if !o.read(b, &parts2) || !d.spell(o.labels) {
		return 0
	}
	family, err := d.family(familyUnknown, o.metadata)
	if err != nil {
		return 0
	}
	return sli.KeyOf(d.spelling, d.saltOf(o, family))
}

// slow2 reads a series that is not known. It is to be learnt under key.
func (d *decoder) slow2(b []byte, key sli.Key) error {
	d.begin(key)
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
			d.series.family, err = d.family(d.series.family, m.bytes())
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

// family reads the metadata of a series. f is what earlier ones said.
func (d *decoder) family(f family, b []byte) (family, error) {
	m := message{rest: b}
	for m.next() {
		switch m.field {
		case 1:
			f = familyOf(m.varint())
		case 3, 4: // help, unit: not used, but a reference must be one
			if ref := m.varint(); ref > 0 && ref >= uint64(len(d.symbols)) {
				return f, fmt.Errorf("metadata reference %d %w (%d)", ref, errReference, len(d.symbols))
			}
		}
	}
	if m.err != nil {
		return f, fmt.Errorf("metadata: %w", m.err)
	}
	return f, nil
}
