package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Both kinds of files are a header and frames, all numbers little endian.
//
//	header   magic 8 | version 4 | flags 4 | number 8 | follows 8 | at 8 | created 8 | crc 4
//	frame    length 4 | checksum 4 | payload
//
// The header keeps this place and form in every version, so that an old
// program can tell that a file is too new for it from one that is damaged.
const (
	version     = 1
	headerBytes = 52
	frameBytes  = 8

	segmentMagic  = "slo-log\n"
	snapshotMagic = "slo-snp\n"

	// afterGap: records are missing before this segment.
	afterGap uint32 = 1 << 0
)

// MaxRecord is the longest record, in bytes.
const MaxRecord = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header begins a file.
type header struct {
	magic   string
	version uint32
	flags   uint32
	// number is the segment's; a snapshot has the number of the first segment
	// that it does not hold.
	number uint64
	// follows is the number of the segment that this one goes on from, 0 for
	// the first, and for snapshots; at is where that one ended. So a reader
	// knows if something is missing in between, however it went missing.
	follows uint64
	at      int64
	// created is in Unix nanoseconds. It also tells a file from an earlier one
	// of the same number that a crash took, whose blocks may still be around.
	created int64
}

func (h header) encode() []byte {
	b := make([]byte, 0, headerBytes)
	b = append(b, h.magic...)
	b = binary.LittleEndian.AppendUint32(b, h.version)
	b = binary.LittleEndian.AppendUint32(b, h.flags)
	b = binary.LittleEndian.AppendUint64(b, h.number)
	b = binary.LittleEndian.AppendUint64(b, h.follows)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.at))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.created))
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// seed is what the checksums of the file's frames begin with.
func (h header) seed() uint32 {
	b := h.encode()
	return binary.LittleEndian.Uint32(b[headerBytes-4:])
}

func (h header) time() time.Time { return time.Unix(0, h.created) }

var errHeader = errors.New("no intact header")

// decodeHeader reads a header. It answers errHeader for bytes that are none,
// and ErrVersion for one that we cannot know how to go on from.
func decodeHeader(b []byte, magic string, number uint64) (header, error) {
	if len(b) < headerBytes || string(b[:8]) != magic {
		return header{}, errHeader
	}
	sum := binary.LittleEndian.Uint32(b[headerBytes-4:])
	if crc32.Checksum(b[:headerBytes-4], castagnoli) != sum {
		return header{}, errHeader
	}
	h := header{
		magic:   magic,
		version: binary.LittleEndian.Uint32(b[8:]),
		flags:   binary.LittleEndian.Uint32(b[12:]),
		number:  binary.LittleEndian.Uint64(b[16:]),
		follows: binary.LittleEndian.Uint64(b[24:]),
		at:      int64(binary.LittleEndian.Uint64(b[32:])),
		created: int64(binary.LittleEndian.Uint64(b[40:])),
	}
	if h.version > version {
		return h, fmt.Errorf("%w: version %d, and this program knows %d: use the program that wrote it, or a newer one", ErrVersion, h.version, version)
	}
	if h.number != number { // a file that somebody renamed
		return header{}, errHeader
	}
	return h, nil
}

// appendFrame adds a frame that waits for its seal: until then, the payload's
// own checksum stands in its place.
func appendFrame(b, payload []byte, sum uint32) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint32(b, sum)
	return append(b, payload...)
}

// seal finishes the frames in b, which will stand at a place in the file.
func seal(b []byte, seed uint32, at int64) {
	p := places{seed: seed}
	for len(b) > 0 {
		length := binary.LittleEndian.Uint32(b)
		sum := binary.LittleEndian.Uint32(b[4:])
		binary.LittleEndian.PutUint32(b[4:], p.checksum(at, length, sum))
		b = b[frameBytes+length:]
		at += frameBytes + int64(length)
	}
}

// places makes the checksums of a file's frames.
type places struct {
	seed    uint32
	scratch [16]byte // a field, since the checksum would move it to the heap
}

// checksum binds a payload's checksum to the file, the place and the length.
// It finds all that the inner one finds: a change of up to 32 bits in a row
// changes that, and so, again within 32 bits, this.
func (p *places) checksum(at int64, length, payload uint32) uint32 {
	b := p.scratch[:]
	binary.LittleEndian.PutUint64(b[0:], uint64(at))
	binary.LittleEndian.PutUint32(b[8:], length)
	binary.LittleEndian.PutUint32(b[12:], payload)
	return crc32.Update(p.seed, castagnoli, b)
}
