package journal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

// written is a folder with four segments of five records, the first of a
// process that ended in order. It returns the segments' names.
func written(t *testing.T) (*faulty.FS, []string) {
	t.Helper()
	fs := faulty.New()
	o := inMemory(fs)
	o.SegmentBytes = headerBytes + 1 // each write fills one
	j, _, _ := open(t, o)
	for from := 1; from <= 16; from += 5 {
		appendTogether(t, j, from, from+4)
	}
	if err := shut(j); err != nil {
		t.Fatal(err)
	}
	return fs, fs.Names()
}

// appendTogether puts records into one write: they queue behind a disk that
// hangs.
func appendTogether(t *testing.T, j *Journal, from, to int) {
	t.Helper()
	var last Ticket
	j.mu.Lock() // the writer waits, too
	for n := from; n <= to; n++ {
		b := record(n)
		if n == from {
			last = Ticket{j.addLocked()}
		}
		before := len(last.batch.buf)
		last.batch.buf = appendFrame(last.batch.buf, b, crcOf(b))
		last.batch.records++
		j.bytes += len(last.batch.buf) - before
	}
	j.mu.Unlock()
	j.signal()
	if err := last.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Wherever the last segment ends, and whichever bit of it is wrong, what is
// intact before comes back, and the journal goes on.
func TestTheLastSegmentIsTorn(t *testing.T) {
	fs, names := written(t)
	name := names[3]
	size := len(fs.Content(name))
	edits := 0
	try := func(edit func(b []byte) []byte) {
		edits++
		crashed := fs.Kill()
		crashed.Edit(name, edit)
		j, s, r, err := reopen(inMemory(crashed))
		if err != nil {
			t.Fatal(err)
		}
		if !isPrefix(s.have, numbers(1, 20)) || len(s.have) < 15 || r.Gaps > 0 || r.SkippedBytes > 0 {
			t.Fatalf("found %v, %+v", s.have, r)
		}
		put(t, j, 21, 22)
		if err := shut(j); err != nil {
			t.Fatal(err)
		}
		want := append(s.have, 21, 22)
		j, s, r, err = reopen(inMemory(crashed))
		if err != nil || !slices.Equal(s.have, want) || r.Gaps > 0 || r.TornBytes > 0 {
			t.Fatalf("then found %v, want %v: %+v %v", s.have, want, r, err)
		}
		_ = shut(j)
	}
	for n := range size {
		try(func(b []byte) []byte { return b[:n] })
		try(func(b []byte) []byte { b[n] ^= 1 << (n % 8); return b })
		try(func(b []byte) []byte { clear(b[n:]); return b })
	}
	try(func(b []byte) []byte { return append(b, 0) })
	try(func(b []byte) []byte { return append(b, make([]byte, 5000)...) })
	try(func(b []byte) []byte { return append(b, b[headerBytes:]...) }) // right bytes, wrong place
	t.Logf("torn and flipped tails: %d edits, always what stands before", edits)
}

// Damage inside the log costs what stands behind it in its segment, and is told.
func TestASegmentInTheMiddleIsDamaged(t *testing.T) {
	fs, names := written(t)
	for n := range len(fs.Content(names[1])) {
		rotten := fs.Kill()
		rotten.Edit(names[1], func(b []byte) []byte { b[n] ^= 0x10; return b })
		j, s, r, err := reopen(inMemory(rotten))
		if err != nil {
			t.Fatal(err)
		}
		_ = shut(j)
		if err := s.check(); err != nil || len(s.missing(append(numbers(1, 5), numbers(11, 20)...))) > 0 {
			t.Fatalf("byte %d: found %v: %v", n, s.have, err)
		}
		if len(s.have) == 20 || r.Gaps != 1 || r.SkippedBytes == 0 {
			t.Fatalf("byte %d: found %v, %+v", n, s.have, r)
		}
	}
	gone := fs.Kill()
	if err := gone.Remove(names[1]); err != nil {
		t.Fatal(err)
	}
	if _, s, r := open(t, inMemory(gone)); len(s.have) != 15 || r.Gaps != 1 {
		t.Errorf("without a segment: found %v, %+v", s.have, r)
	}
	short := fs.Kill() // at the end of a record, where no checksum can tell
	short.Edit(names[1], func(b []byte) []byte { return b[:headerBytes+frameBytes+len(record(6))] })
	if _, s, r := open(t, inMemory(short)); len(s.have) != 16 || r.Gaps != 1 {
		t.Errorf("with a shorter segment: found %v, %+v", s.have, r)
	}
}

// A damaged snapshot costs time, not history.
func TestASnapshotIsDamaged(t *testing.T) {
	fs := faulty.New()
	j, _, _ := open(t, inMemory(fs))
	for to := 30; to <= 90; to += 30 {
		put(t, j, to-29, to)
		if err := snapshot(j, &state{numbers(1, to)}); err != nil {
			t.Fatal(err)
		}
	}
	put(t, j, 91, 95)
	shut(j)
	var snaps []string
	for _, n := range fs.Names() {
		if strings.HasSuffix(n, snapshotSuffix) {
			snaps = append(snaps, n)
		}
	}
	for n := range len(fs.Content(snaps[1])) {
		rotten := fs.Kill()
		if n%2 == 0 {
			rotten.Edit(snaps[1], func(b []byte) []byte { return b[:n] })
		} else {
			rotten.Edit(snaps[1], func(b []byte) []byte { b[n] ^= 1; return b })
		}
		j, s, r, err := reopen(inMemory(rotten))
		if err != nil || !slices.Equal(s.have, numbers(1, 95)) || r.DamagedSnapshots != 1 || r.Gaps > 0 || r.Records != 35 {
			t.Fatalf("byte %d: found %v, %+v: %v", n, s.have, r, err)
		}
		for range 2 { // the damaged one does not count as one of two
			if err := snapshot(j, s); err != nil {
				t.Fatal(err)
			}
		}
		_ = shut(j)
		if names := strings.Join(rotten.Names(), " "); strings.Contains(names, "damaged") {
			t.Fatalf("kept for ever: %s", names)
		}
	}
	both := fs.Kill()
	for _, name := range snaps {
		both.Edit(name, func(b []byte) []byte { return b[:len(b)-1] })
	}
	_, s, r := open(t, inMemory(both))
	if r.Gaps != 1 || r.DamagedSnapshots != 2 || !slices.Equal(s.have, numbers(61, 95)) {
		t.Errorf("without any snapshot: found %v, %+v", s.have, r)
	}
}

// Whoever cannot load an intact snapshot, or replay an intact record, has to
// be told; the files stay.
func TestTheCallersErrorsAreReturned(t *testing.T) {
	fs := faulty.New()
	j, s, _ := open(t, inMemory(fs))
	put(t, j, 1, 3)
	if err := snapshot(j, s); err != nil {
		t.Fatal(err)
	}
	put(t, j, 4, 6)
	shut(j)
	mine := errors.New("mine")
	for _, fail := range []string{"load", "replay"} {
		before := len(fs.Names())
		j, err := Open(inMemory(fs))
		if err != nil {
			t.Fatal(err)
		}
		bad := &failing{s: &state{}, fail: fail, err: mine}
		if _, err := j.Recover(bad.load, bad.replay); !errors.Is(err, mine) || !strings.Contains(err.Error(), fail) {
			t.Errorf("%s: %v", fail, err)
		}
		if _, err := j.Append(record(9)); !errors.Is(err, ErrOrder) {
			t.Errorf("append after %s failed: %v", fail, err)
		}
		if err := shut(j); err != nil || len(fs.Names()) != before {
			t.Errorf("%s: %v, %v", fail, err, fs.Names())
		}
	}
}

// An old program must not touch what a newer one wrote.
func TestANewerVersionIsRefused(t *testing.T) {
	for name, magic := range map[string]string{
		"/data/journal/0000000000000001.log":   segmentMagic,
		"/data/snapshot/0000000000000001.snap": snapshotMagic,
	} {
		fs := faulty.New()
		h := header{magic: magic, version: version + 1, number: 1}
		fs.Put(name, append(h.encode(), "whatever it holds"...))
		_, err := Open(inMemory(fs))
		if !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if len(fs.Names()) != 1 || len(fs.Content(name)) != headerBytes+17 {
			t.Errorf("%s was changed", name)
		}
	}
}

func TestStrangersAreLeftAlone(t *testing.T) {
	fs := faulty.New()
	strangers := []string{
		"/data/journal/README", "/data/journal/0000000000000001.snap", "/data/journal/0000000000000000.log",
		"/data/journal/99999999999999999999.log", "/data/snapshot/0000000000000007.log", "/data/else",
	}
	for _, name := range strangers {
		fs.Put(name, []byte("not ours"))
	}
	fs.Put("/data/snapshot/0000000000000003.snap.tmp", []byte("half a snapshot"))
	j, s, _ := open(t, inMemory(fs))
	put(t, j, 1, 10)
	s.have = numbers(1, 10)
	for range 3 {
		if err := snapshot(j, s); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range strangers {
		if string(fs.Content(name)) != "not ours" {
			t.Errorf("%s was touched", name)
		}
	}
	if fs.Content("/data/snapshot/0000000000000003.snap.tmp") != nil && !slices.Contains(j.intact, 3) {
		t.Error("the unfinished snapshot is still there")
	}
}

const goldenSegment = "736c6f2d6c6f670a 01000000 00000000 0100000000000000 0000000000000000 0000000000000000" +
	"02ca9a3b00000000 0492c76b" + "03000000 7a2cc815 6f6e65"

const goldenSnapshot = "736c6f2d736e700a 01000000 00000000 0200000000000000 0000000000000000 0000000000000000" +
	"02ca9a3b00000000 f46f8a55" + "08000000 3c04ef26 0700000000000000" + "00000000 d10974f3"

// The bytes of both files, so that a change of the format is noticed.
func TestFormat(t *testing.T) {
	fs := faulty.New()
	o := inMemory(fs)
	o.Now = func() time.Time { return time.Unix(1, 2).UTC() }
	j, _, _ := open(t, o)
	if _, err := j.Append([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := snapshot(j, &state{[]int{7}}); err != nil {
		t.Fatal(err)
	}
	shut(j)
	for name, want := range map[string]string{
		"/data/journal/0000000000000001.log":   goldenSegment,
		"/data/snapshot/0000000000000002.snap": goldenSnapshot,
	} {
		got := fs.Content(name)
		if b, err := hex.DecodeString(strings.ReplaceAll(want, " ", "")); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s:\n got %x\nwant %s", name, got, want)
		}
	}
}
