package otlp

import (
	"encoding/binary"
	"errors"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

var errMalformed = errors.New("request is not a valid protobuf message")

// cursor reads the fields of one protobuf message in the order in which they
// were sent, whichever that is. It hands out parts of the message and copies
// nothing. What it cannot read ends the message and sets err.
type cursor struct {
	b     []byte
	at    int // where to read on
	start int // where the field at hand begins
	tag   tag // of the field at hand
	err   error
}

// tag is a field's number and how its value is written.
type tag uint64

// The ways in which values are written, as they stand in a tag.
const (
	varintWire  = tag(protowire.VarintType)
	fixedWire   = tag(protowire.Fixed64Type)
	fixed32Wire = tag(protowire.Fixed32Type)
	bytesWire   = tag(protowire.BytesType)
)

func (t tag) number() uint64 { return uint64(t >> 3) }
func (t tag) wire() tag      { return t & 7 }

// next goes to the next field. The caller reads its value, by one call of
// what follows here, before it goes on.
func (c *cursor) next() bool {
	if c.at >= len(c.b) {
		return false
	}
	c.start = c.at
	if t := c.b[c.at]; t >= 1<<3 && t < 0x80 { // nearly always
		c.at++
		c.tag = tag(t)
		return true
	}
	c.tag = tag(c.varint())
	if n := c.tag.number(); n == 0 || n > math.MaxInt32 {
		c.fail(errMalformed)
	}
	return c.err == nil
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.at = len(c.b)
}

// note fails with an error of a part, if it has one.
func (c *cursor) note(err error) {
	if err != nil {
		c.fail(err)
	}
}

func (c *cursor) varint() uint64 {
	if c.at < len(c.b) && c.b[c.at] < 0x80 {
		c.at++
		return uint64(c.b[c.at-1])
	}
	return c.longVarint()
}

func (c *cursor) longVarint() uint64 {
	v, n := protowire.ConsumeVarint(c.b[c.at:])
	if n < 0 {
		c.fail(errMalformed)
		return 0
	}
	c.at += n
	return v
}

func (c *cursor) fixed64() uint64 {
	if len(c.b)-c.at < 8 {
		c.fail(errMalformed)
		return 0
	}
	c.at += 8
	return binary.LittleEndian.Uint64(c.b[c.at-8:])
}

func (c *cursor) bytes() []byte {
	var n uint64
	if c.at < len(c.b) && c.b[c.at] < 0x80 {
		n = uint64(c.b[c.at])
		c.at++
	} else {
		n = c.longVarint()
	}
	if n > uint64(len(c.b)-c.at) {
		c.fail(errMalformed)
		return nil
	}
	c.at += int(n)
	return c.b[c.at-int(n) : c.at]
}

// skip passes over a value of any field. Groups, which no message of OTLP
// ever had, are refused: no decoder can be made to see another message in
// them than the one that was looked at.
func (c *cursor) skip() {
	switch c.tag.wire() {
	case varintWire:
		c.varint()
	case fixedWire:
		c.fixed64()
	case bytesWire:
		c.bytes()
	case fixed32Wire:
		if c.at += 4; c.at > len(c.b) {
			c.fail(errMalformed)
		}
	default:
		c.fail(errMalformed)
	}
}

// nested appends a message as it stands inside of others; fields lead to it
// from the outermost one.
func nested(to, message []byte, fields ...protowire.Number) []byte {
	if len(fields) == 0 {
		return append(to, message...)
	}
	size := len(message)
	for i := len(fields) - 1; i > 0; i-- {
		size = protowire.SizeTag(fields[i]) + protowire.SizeBytes(size)
	}
	to = protowire.AppendTag(to, fields[0], protowire.BytesType)
	to = protowire.AppendVarint(to, uint64(size))
	return nested(to, message, fields[1:]...)
}
