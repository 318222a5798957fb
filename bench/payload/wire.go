package payload

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protobuf message in the making.
type message []byte

func (m message) text(field protowire.Number, s string) message {
	return protowire.AppendString(protowire.AppendTag(m, field, protowire.BytesType), s)
}

func (m message) sub(field protowire.Number, of []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), of)
}

func (m message) varint(field protowire.Number, v uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), v)
}

func (m message) fixed(field protowire.Number, v uint64) message {
	return protowire.AppendFixed64(protowire.AppendTag(m, field, protowire.Fixed64Type), v)
}

// bare appends a varint without a tag, as packed fields hold them.
func (m message) bare(v uint64) message { return protowire.AppendVarint(m, v) }

// raw appends fields that are encoded already.
func (m message) raw(fields []byte) message { return append(m, fields...) }

func fieldNumber(n int) protowire.Number { return protowire.Number(n) }

// The placeholders that a value and a timestamp are written over. A timestamp
// in milliseconds takes six bytes from the year 1971 to 2109.
const (
	someValue  = 0
	someMillis = 1 << 40
)

// putFixed writes eight bytes as protobuf has them.
func putFixed(at []byte, v uint64) { binary.LittleEndian.PutUint64(at, v) }

// putMillis writes a timestamp over another of six bytes.
func putMillis(at []byte, v int64) {
	for i := range 5 {
		at[i] = byte(v>>(7*i)) | 0x80
	}
	at[5] = byte(v >> 35)
}
