package budget

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// codecVersion is the first byte of a written ledger; pinnedVersion is that of
// one with pins, mergedVersion that of one with events that were merged. Another
// ladder, or another order of fields, is another version.
//
// A ledger is written as (u: uvarint, z: zigzag varint, c: two float64, little
// endian):
//
//	version byte, u longest, c total, z newest, u any,
//	u spans, for each: z from (less the to before), u length,
//	for each ring: z first, c base, u flags, u cells, the cells (see cells.go),
//	from version 2 on: u pins, for each: z seconds (less those before), c counts,
//	from version 3 on: c of total without what was merged.
const (
	codecVersion  = 1
	pinnedVersion = 2
	mergedVersion = 3
)

// longestLedger bounds what a decoder makes room for.
const longestLedger = 10 * 366 * 24 * time.Hour

// AppendBinary appends all that the ledger knows, for UnmarshalBinary.
func (l *Ledger) AppendBinary(b []byte) ([]byte, error) {
	if l.longest > longestLedger {
		return b, fmt.Errorf("write ledger of %s: longer than %s", l.longest, longestLedger)
	}
	version := l.version()
	b = append(b, version)
	b = binary.AppendUvarint(b, uint64(l.longest))
	b = appendCounts(b, l.total)
	b = binary.AppendVarint(b, l.newest)
	b = appendFlags(b, l.any)
	b = l.observed.append(b)
	for i := range l.rings {
		b = l.rings[i].append(b)
	}
	if version >= pinnedVersion {
		b = appendPins(b, l.pins)
	}
	if version >= mergedVersion {
		b = appendCounts(b, l.since)
	}
	return b, nil
}

// version is the oldest one that can say all there is.
func (l *Ledger) version() byte {
	switch {
	case l.since != l.total:
		return mergedVersion
	case len(l.pins) > 0:
		return pinnedVersion
	}
	return codecVersion
}

// MarshalBinary is AppendBinary to nothing.
func (l *Ledger) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

func appendPins(b []byte, pins []knot) []byte {
	b = binary.AppendUvarint(b, uint64(len(pins)))
	before := int64(0)
	for _, p := range pins {
		second := p.at / int64(time.Second)
		b = appendCounts(binary.AppendVarint(b, second-before), p.counts)
		before = second
	}
	return b
}

func readPins(d *decoder) []knot {
	n := d.uvarint(maxPins)
	if d.err != nil {
		return nil
	}
	pins := make([]knot, 0, n)
	const far = math.MaxInt64 / int64(time.Second) / 2
	second := int64(0)
	for i := range n {
		step := d.varint()
		if step > far || step < -far || i > 0 && step <= 0 {
			d.fail("pins are not in order")
			return nil
		}
		if second += step; second > far || second < -far {
			d.fail("a pin is outside of time")
			return nil
		}
		pins = append(pins, knot{second * int64(time.Second), d.counts()})
	}
	return pins
}

func (c *coverage) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(c.spans)))
	before := int64(0)
	for _, s := range c.spans {
		b = binary.AppendVarint(b, s.from-before)
		b = binary.AppendUvarint(b, uint64(s.to-s.from))
		before = s.to
	}
	return b
}

func appendCounts(b []byte, c Counts) []byte {
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(c.Bad))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(c.Total))
}

// appendFlags writes truths as bits, the first one lowest.
func appendFlags(b []byte, flags ...bool) []byte {
	var bits uint64
	for i, f := range flags {
		if f {
			bits |= 1 << i
		}
	}
	return binary.AppendUvarint(b, bits)
}

// UnmarshalBinary makes the ledger one that was written by AppendBinary; it
// may be the zero value. The bytes may be anything: what cannot be a ledger is
// an error, and then the ledger stays as it was.
func (l *Ledger) UnmarshalBinary(data []byte) error {
	read, err := readLedger(data)
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	read.changes, read.late = l.changes+1, l.late+1 // panels must look again
	*l = *read
	return nil
}

func readLedger(data []byte) (*Ledger, error) {
	d := &decoder{data: data}
	version := d.byte()
	if d.err == nil && (version < codecVersion || version > mergedVersion) {
		return nil, fmt.Errorf("version %d is not known, only %d to %d", version, codecVersion, mergedVersion)
	}
	longest := d.uvarint(uint64(longestLedger))
	if d.err == nil && longest == 0 {
		d.fail("no longest window")
	}
	if d.err != nil {
		return nil, d.err
	}
	l := New(time.Duration(longest))
	l.total, l.newest, l.any = d.counts(), d.varint(), d.uvarint(1) == 1
	l.since = l.total
	l.observed.read(d)
	for i := range l.rings {
		l.rings[i].read(d)
	}
	if version >= pinnedVersion {
		l.pins = readPins(d)
	}
	if version >= mergedVersion {
		l.since = d.counts()
	}
	if left := len(data) - d.at; d.err == nil && left > 0 {
		d.fail(fmt.Sprintf("%d bytes are left over", left))
	}
	return l, d.err
}

func (c *coverage) read(d *decoder) {
	n := d.uvarint(maxSpans)
	if d.err != nil || n == 0 {
		return
	}
	c.spans = make([]span, n)
	before := int64(0)
	for i := range c.spans {
		gap, length := d.varint(), d.uvarint(math.MaxInt64)
		s := &c.spans[i]
		s.from = before + gap
		s.to = s.from + int64(length)
		if i > 0 && gap <= 0 || s.to < s.from || gap > 0 && s.from < before {
			d.fail("observed spans are not in order")
			return
		}
		before = s.to
	}
}

// decoder reads from its front. After an error it reads zeroes.
type decoder struct {
	data []byte
	at   int // how far it was read
	err  error
}

var errShort = errors.New("it ends too early")

func (d *decoder) fail(what string) { d.end(errors.New(what)) }

func (d *decoder) end(err error) {
	if d.err == nil {
		d.err = err
	}
	d.at = len(d.data)
}

func (d *decoder) take(n int) []byte {
	if len(d.data)-d.at < n {
		d.end(errShort)
		return make([]byte, n)
	}
	d.at += n
	return d.data[d.at-n : d.at]
}

func (d *decoder) byte() byte { return d.take(1)[0] }

// uvarint reads a number that is at most limit.
func (d *decoder) uvarint(limit uint64) uint64 {
	if d.at < len(d.data) && d.data[d.at] < 0x80 && uint64(d.data[d.at]) <= limit {
		d.at++
		return uint64(d.data[d.at-1])
	}
	return d.long(limit)
}

// long is uvarint of more than a byte.
func (d *decoder) long(limit uint64) uint64 {
	v, n := binary.Uvarint(d.data[d.at:])
	switch {
	case n <= 0:
		d.end(errShort)
		return 0
	case v > limit:
		d.fail("a number is out of range")
		return 0
	}
	d.at += n
	return v
}

// quick is uvarint without a limit, and without a loop: how long the numbers
// of a ring are changes from one to the next, so that a processor that guesses
// is mostly wrong.
func (d *decoder) quick() uint64 {
	if len(d.data)-d.at < 8 {
		return d.long(math.MaxUint64)
	}
	x := binary.LittleEndian.Uint64(d.data[d.at:])
	last := ^x & 0x8080808080808080 // set in the bytes that end a number
	if last == 0 {
		return d.long(math.MaxUint64)
	}
	d.at += (bits.TrailingZeros64(last) + 1) / 8
	x &= last ^ (last - 1) // of the first number alone
	// Seven bits of eight, then 14 of 16, then 28 of 32.
	x = x&0x007f007f007f007f | x&0x7f007f007f007f00>>1
	x = x&0x00003fff00003fff | x&0x3fff00003fff0000>>2
	return x&0x000000000fffffff | x&0x0fffffff00000000>>4
}

func (d *decoder) varint() int64 { return unzigzag(d.uvarint(math.MaxUint64)) }

func (d *decoder) counts() Counts {
	b := d.take(16)
	return Counts{
		Bad:   math.Float64frombits(binary.LittleEndian.Uint64(b)),
		Total: math.Float64frombits(binary.LittleEndian.Uint64(b[8:])),
	}
}

func zigzag(v int64) uint64   { return uint64(v<<1) ^ uint64(v>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }
