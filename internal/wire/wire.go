// Package wire writes and reads the records that the engine keeps on disk:
// numbers as varints, strings with their length, nothing about types. What
// the bytes mean is for writer and reader to agree on, by a version.
//
// A Writer cannot fail. A Reader fails once and then returns zeros, so that
// the code that reads looks like the code that writes and asks for the error
// at its end. It never allocates more than its input is long.
package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// Writer is a record on its way. The zero value is empty.
type Writer []byte

// Uint writes an unsigned number.
func (w *Writer) Uint(v uint64) { *w = binary.AppendUvarint(*w, v) }

// Int writes a number; small ones of either sign are short.
func (w *Writer) Int(v int64) { *w = binary.AppendVarint(*w, v) }

// Float writes all bits of a number; whole ones of usual size are short.
func (w *Writer) Float(v float64) { w.Uint(bits.ReverseBytes64(math.Float64bits(v))) }

// Bool writes one byte.
func (w *Writer) Bool(v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	*w = append(*w, b)
}

// Byte writes one byte.
func (w *Writer) Byte(b byte) { *w = append(*w, b) }

// String writes a string with its length.
func (w *Writer) String(s string) {
	w.Uint(uint64(len(s)))
	*w = append(*w, s...)
}

// Bytes writes bytes with their length.
func (w *Writer) Bytes(b []byte) {
	w.Uint(uint64(len(b)))
	*w = append(*w, b...)
}

// ErrDamaged says that a record is not one.
var ErrDamaged = errors.New("record is damaged")

// Reader reads what a Writer wrote.
type Reader struct {
	rest []byte
	err  error
}

// NewReader reads a record. What it returns may share the record's bytes.
func NewReader(record []byte) *Reader { return &Reader{rest: record} }

// Err is what went wrong first; nil if nothing did.
func (r *Reader) Err() error { return r.err }

// Left is how many bytes have not been read.
func (r *Reader) Left() int { return len(r.rest) }

// Fail makes the reader fail, if it has not yet.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err, r.rest = err, nil
	}
}

// Uint reads an unsigned number.
func (r *Reader) Uint() uint64 {
	v, n := binary.Uvarint(r.rest)
	return v * r.took(n)
}

// took passes over n bytes: 1 if that went well.
func (r *Reader) took(n int) uint64 {
	if n <= 0 {
		r.Fail(ErrDamaged)
		return 0
	}
	r.rest = r.rest[n:]
	return 1
}

// Int reads a number.
func (r *Reader) Int() int64 {
	v, n := binary.Varint(r.rest)
	return v * int64(r.took(n))
}

// Float reads a number.
func (r *Reader) Float() float64 { return math.Float64frombits(bits.ReverseBytes64(r.Uint())) }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if len(r.rest) == 0 {
		r.Fail(ErrDamaged)
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// Bool reads one byte.
func (r *Reader) Bool() bool { return r.Byte() != 0 }

// Bytes reads bytes. They are the record's own.
func (r *Reader) Bytes() []byte {
	n := r.Uint()
	if n > uint64(len(r.rest)) {
		r.Fail(ErrDamaged)
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// String reads a string.
func (r *Reader) String() string { return string(r.Bytes()) }

// Count reads how many things follow, each of at least one byte.
func (r *Reader) Count() int {
	n := r.Uint()
	if n > uint64(len(r.rest)) {
		r.Fail(ErrDamaged)
		return 0
	}
	return int(n)
}
