package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = time.Minute

// The tests' records are numbered, and their bytes follow from the number: what
// comes back is what was appended, or it is found out.
func record(n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(n))
	for i := range n * 37 % 211 {
		b = append(b, byte(n+i))
	}
	return b
}

// state is what the tests keep in a journal: the numbers of all records, in
// their order. A snapshot of it is its records.
type state struct{ have []int }

func (s *state) add(b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("record of %d bytes", len(b))
	}
	n := int(binary.LittleEndian.Uint64(b))
	if !bytes.Equal(b, record(n)) {
		return fmt.Errorf("record %d has wrong bytes", n)
	}
	s.have = append(s.have, n)
	return nil
}

func (s *state) save(w io.Writer) error {
	for _, n := range s.have {
		if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(n))); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) load(r io.Reader) error {
	s.have = nil
	for {
		var b [8]byte
		if _, err := io.ReadFull(r, b[:]); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		s.have = append(s.have, int(binary.LittleEndian.Uint64(b[:])))
	}
}

// check tells what cannot be: a record twice, or before its time.
func (s *state) check() error {
	for i := 1; i < len(s.have); i++ {
		if s.have[i] <= s.have[i-1] {
			return fmt.Errorf("record %d comes after %d", s.have[i], s.have[i-1])
		}
	}
	return nil
}

// missing are the first of want that the state does not hold.
func (s *state) missing(want []int) (out []int) {
	have := map[int]bool{}
	for _, n := range s.have {
		have[n] = true
	}
	for _, n := range want {
		if !have[n] && len(out) < 10 {
			out = append(out, n)
		}
	}
	return out
}

// reopen opens a journal and reads what it holds.
func reopen(o Options) (*Journal, *state, Recovery, error) {
	s := &state{}
	j, err := Open(o)
	if err != nil {
		return nil, s, Recovery{}, err
	}
	r, err := j.Recover(s.load, s.add)
	if err == nil {
		err = s.check()
	}
	return j, s, r, err
}

// open is reopen for tests that expect no error; the journal is closed with the
// test.
func open(t testing.TB, o Options) (*Journal, *state, Recovery) {
	t.Helper()
	j, s, r, err := reopen(o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { shut(j) })
	return j, s, r
}

// shut closes whatever the journal thinks of it.
func shut(j *Journal) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return j.Close(ctx)
}

// put appends records one by one, each when the one before is written.
func put(t testing.TB, j *Journal, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if err := putOne(j, n); err != nil {
			t.Fatalf("append %d: %v", n, err)
		}
	}
}

func putOne(j *Journal, n int) error {
	ticket, err := j.Append(record(n))
	if err != nil {
		return err
	}
	return ticket.Wait(context.Background())
}

// snapshot cuts and saves the state at once.
func snapshot(j *Journal, s *state) error {
	c, err := j.Cut()
	if err != nil {
		return err
	}
	return j.WriteSnapshot(context.Background(), c, s.save)
}

func numbers(from, to int) (list []int) {
	for n := from; n <= to; n++ {
		list = append(list, n)
	}
	return list
}

func sameNumbers(a, b []int) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// inMemory are options for a journal of small segments.
func inMemory(fs *faulty.FS) Options {
	return Options{Dir: "/data", FS: fs, FsyncInterval: time.Hour, SegmentBytes: 2000}
}

func TestWhatIsAppendedComesBack(t *testing.T) {
	fs := faulty.New()
	j, s, r := open(t, inMemory(fs))
	if len(s.have) > 0 || r.Records > 0 {
		t.Fatalf("a fresh folder holds %v", s.have)
	}
	put(t, j, 1, 100)
	if got := j.Stats(); !got.Healthy || got.Segments < 3 || got.QueueBytes != 0 {
		t.Errorf("stats: %+v", got)
	}
	if err := shut(j); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(record(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
	if _, err := j.Cut(); !errors.Is(err, ErrClosed) {
		t.Errorf("cut after close: %v", err)
	}
	_, s, r = open(t, inMemory(fs))
	if !sameNumbers(s.have, numbers(1, 100)) {
		t.Errorf("found %v", s.have)
	}
	if r.Records != 100 || r.Gaps != 0 || r.TornBytes != 0 || r.SkippedBytes != 0 || r.Snapshot != 0 {
		t.Errorf("recovery: %+v", r)
	}
}

func TestASnapshotReplacesTheLogBefore(t *testing.T) {
	fs := faulty.New()
	j, _, _ := open(t, inMemory(fs))
	for round := range 4 {
		put(t, j, round*50+1, round*50+50)
		if err := snapshot(j, &state{numbers(1, round*50+50)}); err != nil {
			t.Fatal(err)
		}
	}
	put(t, j, 201, 210)
	if got := j.Stats(); got.Snapshots != 2 || got.BytesSinceSnapshot == 0 || got.BytesSinceSnapshot > 4000 || got.LastSnapshot.IsZero() {
		t.Errorf("stats: %+v", got)
	}
	files := fs.Names()
	if len(files) > 2+8 {
		t.Errorf("not removed: %v", files)
	}
	shut(j)
	j, s, r := open(t, inMemory(fs))
	if !sameNumbers(s.have, numbers(1, 210)) || r.Records != 10 || r.Gaps != 0 {
		t.Errorf("found %v, %+v", s.have, r)
	}
	if got := j.Stats(); got.LastSnapshot.IsZero() || got.BytesSinceSnapshot != r.Bytes {
		t.Errorf("stats: %+v", got)
	}
}

// What is appended between a cut and the end of its snapshot is after it.
func TestAppendsGoOnDuringASnapshot(t *testing.T) {
	fs := faulty.New()
	j, _, _ := open(t, inMemory(fs))
	put(t, j, 1, 20)
	c, err := j.Cut()
	if err != nil {
		t.Fatal(err)
	}
	put(t, j, 21, 60)
	err = j.WriteSnapshot(context.Background(), c, func(w io.Writer) error {
		put(t, j, 61, 80)
		return (&state{numbers(1, 20)}).save(w)
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, j, 81, 90)
	shut(j)
	_, s, r := open(t, inMemory(fs))
	if !sameNumbers(s.have, numbers(1, 90)) || r.Records != 70 {
		t.Errorf("found %v, %+v", s.have, r)
	}
}

func TestTheOrderOfCallsIsKept(t *testing.T) {
	j, err := Open(inMemory(faulty.New()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(record(1)); !errors.Is(err, ErrOrder) {
		t.Errorf("append before recover: %v", err)
	}
	if _, err := j.Cut(); !errors.Is(err, ErrOrder) {
		t.Errorf("cut before recover: %v", err)
	}
	s := &state{}
	if _, err := j.Recover(s.load, s.add); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Recover(s.load, s.add); !errors.Is(err, ErrOrder) {
		t.Errorf("recover again: %v", err)
	}
	for _, b := range [][]byte{nil, make([]byte, MaxRecord+1)} {
		if _, err := j.Append(b); !errors.Is(err, ErrSize) {
			t.Errorf("append %d bytes: %v", len(b), err)
		}
	}
	old, _ := j.Cut()
	if err := snapshot(j, s); err != nil {
		t.Fatal(err)
	}
	if err := j.WriteSnapshot(context.Background(), old, s.save); !errors.Is(err, ErrOldCut) {
		t.Errorf("snapshot of an old cut: %v", err)
	}
	if err := errors.Join(shut(j), shut(j)); err != nil {
		t.Errorf("close twice: %v", err)
	}
	never, err := Open(inMemory(faulty.New()))
	if err != nil {
		t.Fatal(err)
	}
	if err := shut(never); err != nil {
		t.Errorf("close what never ran: %v", err)
	}
}

func TestRealFiles(t *testing.T) {
	o := Options{Dir: t.TempDir(), FsyncInterval: FsyncAlways, SegmentBytes: 4000}
	j, _, _ := open(t, o)
	put(t, j, 1, 100)
	if err := snapshot(j, &state{numbers(1, 100)}); err != nil {
		t.Fatal(err)
	}
	put(t, j, 101, 200)
	if err := snapshot(j, &state{numbers(1, 200)}); err != nil {
		t.Fatal(err)
	}
	put(t, j, 201, 300)
	if err := shut(j); err != nil {
		t.Fatal(err)
	}
	_, s, r := open(t, o)
	if !sameNumbers(s.have, numbers(1, 300)) || r.Records != 100 || r.Gaps != 0 {
		t.Errorf("found %d records, %+v", len(s.have), r)
	}
}

func crcOf(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// failing is an engine that cannot use what it is given.
type failing struct {
	s    *state
	fail string
	err  error
}

func (f *failing) load(r io.Reader) error {
	if f.fail == "load" {
		return f.err
	}
	return f.s.load(r)
}

func (f *failing) replay(b []byte) error {
	if f.fail == "replay" {
		return f.err
	}
	return f.s.add(b)
}
