package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// errDamaged: a frame is not what was written: cut off, or with wrong bytes.
var errDamaged = errors.New("damaged")

// readChunk is how far memory is taken ahead of what is really there: a damaged
// length costs no more than this.
const (
	readChunk  = 1 << 20
	readBuffer = 64 << 10
)

// frames reads a file's frames one by one.
type frames struct {
	header
	r      *bufio.Reader
	places places
	// end is where the next frame begins: all before it is intact.
	end  int64
	buf  []byte
	head [frameBytes]byte
}

// openFrames reads the header.
func openFrames(r io.Reader, magic string, number uint64) (*frames, error) {
	f := &frames{r: bufio.NewReaderSize(r, readBuffer)}
	b := make([]byte, headerBytes)
	if _, err := io.ReadFull(f.r, b); err != nil {
		return nil, short(err, errHeader)
	}
	h, err := decodeHeader(b, magic, number)
	if err != nil {
		return nil, err
	}
	f.header, f.places.seed, f.end = h, h.seed(), headerBytes
	return f, nil
}

// next is the next payload, valid until the call after; io.EOF if there is no
// byte more; errDamaged; or what the file answered.
func (f *frames) next() ([]byte, error) {
	head := f.head[:]
	if _, err := io.ReadFull(f.r, head); err == io.EOF {
		return nil, err
	} else if err != nil {
		return nil, short(err, errDamaged)
	}
	length := binary.LittleEndian.Uint32(head)
	if length > MaxRecord {
		return nil, errDamaged
	}
	payload, err := f.payload(int(length))
	if err != nil {
		return nil, short(err, errDamaged)
	}
	sum := crc32.Checksum(payload, castagnoli)
	if binary.LittleEndian.Uint32(head[4:]) != f.places.checksum(f.end, length, sum) {
		return nil, errDamaged
	}
	f.end += frameBytes + int64(length)
	return payload, nil
}

// payload reads n bytes; it takes memory only as they come.
func (f *frames) payload(n int) ([]byte, error) {
	f.buf = f.buf[:0]
	for len(f.buf) < n {
		have := len(f.buf)
		step := min(n-have, max(have, readChunk))
		if cap(f.buf) < have+step {
			grown := max(have+step, min(2*cap(f.buf), readChunk))
			f.buf = append(make([]byte, 0, grown), f.buf...)
		}
		f.buf = f.buf[:have+step]
		if _, err := io.ReadFull(f.r, f.buf[have:]); err != nil {
			return nil, err
		}
	}
	return f.buf, nil
}

// short turns the end of the file, where more was to come, into what it means.
func short(err, meaning error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return meaning
	}
	return fmt.Errorf("read: %w", err)
}
