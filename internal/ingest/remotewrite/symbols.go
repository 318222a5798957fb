package remotewrite

import (
	"encoding/binary"
	"unsafe"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// symbol is one string of a 2.0 request. It becomes a string when a label
// refers to it: help texts never do.
type symbol struct {
	raw  []byte
	text string
}

func (d *decoder) readSymbols(b []byte) error {
	m := message{rest: b}
	for m.next() {
		switch m.field {
		case 1: // reserved, so that a 1.0 message is not taken for an empty one
			return errIsVersion1
		case 4:
			if err := d.spend(unsafe.Sizeof(symbol{}) + unsafe.Sizeof(sli.Key(0))); err != nil {
				return err
			}
			d.symbols = append(d.symbols, symbol{raw: m.bytes()})
			if d.page != nil {
				d.hashes = append(d.hashes, sli.KeyOf(m.bytes(), 0))
			}
		}
	}
	return m.err
}

func (d *decoder) textOf(s *symbol) string {
	if s.text == "" && len(s.raw) > 0 {
		s.text = d.strings.of(s.raw)
	}
	return s.text
}

// maxReferenceBytes is what the two references of a label take at most, with
// a little for the field they are in.
const maxReferenceBytes = 16

// spell writes what the label references of an outline mean: the hashes of
// their symbols. False: a reference means nothing, or they are more than a
// series may have.
func (d *decoder) spell(fields []byte) bool {
	if len(fields) > maxReferenceBytes*d.limits.MaxLabels {
		return false
	}
	hashes, spelling := d.hashes, d.spelling[:0]
	for len(fields) > 0 {
		at, end := chunk(fields, 1)
		for at < end {
			ref := uint64(fields[at])
			at++
			if ref >= 0x80 {
				if ref, at = uvarint(fields[:end], at-1); at < 0 {
					return false
				}
			}
			if ref >= uint64(len(hashes)) {
				return false
			}
			spelling = binary.LittleEndian.AppendUint64(spelling, uint64(hashes[ref]))
		}
		fields = fields[end:]
	}
	d.spelling = spelling
	return true
}
