package remotewrite

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// message walks the fields of one protobuf message, in the order of its
// bytes, without copying any:
//
//	m := message{rest: b}
//	for m.next() {
//		switch m.field {
//		case 1:
//			name = m.bytes()
//		}
//	}
//	return m.err
//
// Unknown fields are passed over. A field of another wire type than the one
// that is asked for ends the walk with an error.
type message struct {
	rest  []byte
	field protowire.Number
	err   error

	wire   protowire.Type
	number uint64 // the field's value, if it is a varint or 64 bits wide
	body   []byte // the field's value, if it has a length
}

var errWireType = errors.New("is of an unexpected wire type")

// next goes to the next field. It returns false at the end and at an error.
func (m *message) next() bool {
	if m.err != nil || len(m.rest) == 0 {
		return false
	}
	if m.plain() {
		return true
	}
	var n int
	m.field, m.wire, n = protowire.ConsumeTag(m.rest)
	if m.take(n) {
		m.take(m.value())
	}
	return m.err == nil
}

// plain takes the fields that messages are made of nearly throughout: with a
// tag of one byte, and a number or a length.
func (m *message) plain() bool {
	tag := m.rest[0]
	if tag < 1<<3 || tag >= 0x80 {
		return false
	}
	v, at := uvarint(m.rest, 1)
	switch wire := protowire.Type(tag & 7); {
	case at < 0:
		return false
	case wire == protowire.VarintType:
		m.number = v
	case wire == protowire.BytesType && v <= uint64(len(m.rest)-at):
		m.body = m.rest[at : at+int(v)]
		at += int(v)
	default:
		return false
	}
	m.field, m.wire, m.rest = protowire.Number(tag>>3), protowire.Type(tag&7), m.rest[at:]
	return true
}

func (m *message) value() (n int) {
	switch m.wire {
	case protowire.VarintType:
		m.number, n = protowire.ConsumeVarint(m.rest)
	case protowire.Fixed64Type:
		m.number, n = protowire.ConsumeFixed64(m.rest)
	case protowire.BytesType:
		m.body, n = protowire.ConsumeBytes(m.rest)
	default:
		n = protowire.ConsumeFieldValue(m.field, m.wire, m.rest)
	}
	return n
}

// take passes over n bytes; a negative n is protowire's way to say an error.
func (m *message) take(n int) bool {
	if n < 0 {
		m.err = protowire.ParseError(n)
		return false
	}
	m.rest = m.rest[n:]
	return true
}

func (m *message) is(wire protowire.Type) bool {
	if m.wire != wire && m.err == nil {
		m.err = fmt.Errorf("field %d %w", m.field, errWireType)
	}
	return m.wire == wire
}

// bytes is a string, or a message within this one.
func (m *message) bytes() []byte {
	if !m.is(protowire.BytesType) {
		return nil
	}
	return m.body
}

func (m *message) varint() uint64 {
	if !m.is(protowire.VarintType) {
		return 0
	}
	return m.number
}

func (m *message) double() float64 {
	if !m.is(protowire.Fixed64Type) {
		return 0
	}
	return math.Float64frombits(m.number)
}

// varints yields a repeated field's values, whether they are packed or not.
func (m *message) varints(yield func(uint64) bool) {
	if m.wire == protowire.VarintType {
		yield(m.number)
		return
	}
	for rest := m.bytes(); len(rest) > 0; {
		v, n := protowire.ConsumeVarint(rest)
		if n < 0 {
			m.err = protowire.ParseError(n)
			return
		}
		if !yield(v) {
			return
		}
		rest = rest[n:]
	}
}

// doubles is varints for doubles.
func (m *message) doubles(yield func(float64) bool) {
	if m.wire == protowire.Fixed64Type {
		yield(math.Float64frombits(m.number))
		return
	}
	for rest := m.bytes(); len(rest) > 0; {
		v, n := protowire.ConsumeFixed64(rest)
		if n < 0 {
			m.err = protowire.ParseError(n)
			return
		}
		if !yield(math.Float64frombits(v)) {
			return
		}
		rest = rest[n:]
	}
}
