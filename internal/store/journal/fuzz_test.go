package journal

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

// sample is an intact file of either kind.
func sample(magic string) []byte {
	h := header{magic: magic, version: version, number: 1}
	b := h.encode()
	var framed []byte
	for n := 1; n < 4; n++ {
		framed = appendFrame(framed, record(n), crcOf(record(n)))
	}
	framed = appendFrame(framed, nil, crcOf(nil))
	seal(framed, h.seed(), headerBytes)
	return append(b, framed...)
}

func seeds(f *testing.F, magic string) {
	whole := sample(magic)
	for _, n := range []int{0, 7, headerBytes - 1, headerBytes, headerBytes + 3, headerBytes + frameBytes, len(whole) - 1, len(whole)} {
		f.Add(whole[:n])
	}
	f.Add(append(bytes.Clone(whole[:headerBytes]), 0xff, 0xff, 0xff, 0x03, 1, 2, 3, 4, 5)) // 64 MiB, it says
	f.Add(append(bytes.Clone(whole), bytes.Repeat([]byte{0}, 100)...))
}

// Arbitrary bytes as a segment: whatever is read stands there with its
// checksum, memory follows what is really there, and the journal opens.
func FuzzSegment(f *testing.F) {
	seeds(f, segmentMagic)
	f.Fuzz(func(t *testing.T, data []byte) {
		checkFrames(t, data, segmentMagic)
		fs := faulty.New()
		fs.Put("/data/journal/0000000000000001.log", data)
		checkOpens(t, fs)
	})
}

func FuzzSnapshot(f *testing.F) {
	seeds(f, snapshotMagic)
	f.Fuzz(func(t *testing.T, data []byte) {
		checkFrames(t, data, snapshotMagic)
		fs := faulty.New()
		fs.Put("/data/snapshot/0000000000000001.snap", data)
		checkOpens(t, fs)
	})
}

func checkFrames(t *testing.T, data []byte, magic string) {
	r, err := openFrames(bytes.NewReader(data), magic, 1)
	if err != nil {
		return
	}
	total := int64(headerBytes)
	for err == nil {
		var payload []byte
		if payload, err = r.next(); err == nil {
			total += frameBytes + int64(len(payload))
		}
	}
	if total != r.end || total > int64(len(data)) {
		t.Errorf("%d bytes of %d were read, it says %d", total, len(data), r.end)
	}
	if cap(r.buf) > 2*len(data)+readChunk {
		t.Errorf("%d bytes of memory for a file of %d", cap(r.buf), len(data))
	}
	if err == io.EOF && total != int64(len(data)) {
		t.Errorf("%d bytes were passed over", int64(len(data))-total)
	}
}

// checkOpens opens the journal twice: the second finds nothing new to repair.
func checkOpens(t *testing.T, fs *faulty.FS) {
	var first state
	for n := range 2 {
		j, err := Open(inMemory(fs))
		if errors.Is(err, ErrVersion) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var s state
		r, err := j.Recover(s.load, func(b []byte) error { s.have = append(s.have, len(b)); return nil })
		_ = shut(j)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // what load says of an odd length
			t.Fatal(err)
		}
		if n == 1 && (!sameNumbers(first.have, s.have) || r.TornBytes > 0 || r.SkippedBytes > 0) {
			t.Fatalf("first %v, then %v: %+v", first.have, s.have, r)
		}
		first = s
	}
}
