package journal

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/slo-engine/slo-engine/internal/store/files"
)

// batchOf2000 is about what a request of 2,000 samples becomes: a reference, a
// time and a value each.
func batchOf2000() []byte {
	b := make([]byte, 24_000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// nowhere is a disk that costs nothing.
type nowhere struct{ files.FS }

type hole struct{}

func (nowhere) Create(string) (files.File, error) { return hole{}, nil }
func (hole) Write(p []byte) (int, error)          { return len(p), nil }
func (hole) Sync() error                          { return nil }
func (hole) Close() error                         { return nil }

// BenchmarkAppend is what the caller pays: paced, as by senders who wait once
// in a while, and offered as fast as the disk takes it.
func BenchmarkAppend(b *testing.B) {
	b.Run("paced", func(b *testing.B) { benchmarkAppend(b, nowhere{files.OS{}}, 40) })
	b.Run("disk", func(b *testing.B) { benchmarkAppend(b, files.OS{}, 0) })
}

func benchmarkAppend(b *testing.B, fs files.FS, pace int) {
	j, _, _ := open(b, Options{Dir: b.TempDir(), FS: fs})
	record := batchOf2000()
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for n := 1; b.Loop(); n++ {
		_, err := j.Append(record)
		if err != nil && !errors.Is(err, ErrFull) {
			b.Fatal(err)
		}
		if err != nil || pace > 0 && n%pace == 0 {
			b.StopTimer()
			drain(b, j)
			b.StartTimer()
		}
	}
}

// drain waits until all is written.
func drain(b *testing.B, j *Journal) {
	for {
		t, err := j.Append([]byte{1})
		if err == nil {
			err = t.Wait(context.Background())
		}
		if err == nil {
			return
		}
		if !errors.Is(err, ErrFull) {
			b.Fatal(err)
		}
	}
}

// BenchmarkAcknowledge is how long one sender waits, alone.
func BenchmarkAcknowledge(b *testing.B) {
	for name, o := range map[string]Options{"interval": {}, "always": {FsyncInterval: FsyncAlways}} {
		b.Run(name, func(b *testing.B) {
			o.Dir = b.TempDir()
			j, _, _ := open(b, o)
			record := batchOf2000()
			b.SetBytes(int64(len(record)))
			b.ReportAllocs()
			for b.Loop() {
				t, err := j.Append(record)
				if err == nil {
					err = t.Wait(context.Background())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			_ = shut(j)
		})
	}
}

// BenchmarkRecover replays 240 MB.
func BenchmarkRecover(b *testing.B) {
	o := Options{Dir: b.TempDir()}
	j, _, _ := open(b, o)
	record := batchOf2000()
	for i := range 10_000 {
		if _, err := j.Append(record); err != nil {
			b.Fatal(err)
		}
		if i%1000 == 999 {
			drain(b, j)
		}
	}
	if err := shut(j); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(10_000 * int64(len(record)))
	for b.Loop() {
		j, err := Open(o)
		if err != nil {
			b.Fatal(err)
		}
		none := func(io.Reader) error { return nil }
		if r, err := j.Recover(none, func([]byte) error { return nil }); err != nil || r.Records < 10_000 {
			b.Fatal(r, err)
		}
		_ = shut(j)
	}
}

// BenchmarkSnapshot writes 64 MB in small pieces.
func BenchmarkSnapshot(b *testing.B) {
	j, _, _ := open(b, Options{Dir: b.TempDir()})
	piece := batchOf2000()
	b.SetBytes(2_667 * int64(len(piece)))
	for b.Loop() {
		c, err := j.Cut()
		if err != nil {
			b.Fatal(err)
		}
		err = j.WriteSnapshot(context.Background(), c, func(w io.Writer) error {
			for range 2_667 {
				if _, err := w.Write(piece); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
