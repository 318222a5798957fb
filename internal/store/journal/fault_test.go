package journal

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

// kindsOfFault are what may happen to each call.
var kindsOfFault = map[string]faulty.Fault{
	"disk full":             {Err: syscall.ENOSPC},
	"disk full, for long":   {Err: syscall.ENOSPC, Lasting: true, Kinds: []faulty.Kind{faulty.Create, faulty.Write}},
	"I/O error":             {Err: syscall.EIO},
	"I/O error, for long":   {Err: syscall.EIO, Lasting: true},
	"I/O error, but done":   {Err: syscall.EIO, Part: 1},
	"short write":           {Err: syscall.ENOSPC, Part: 0.5},
	"syncs fail, for long":  {Err: syscall.EIO, Lasting: true, Kinds: []faulty.Kind{faulty.Sync, faulty.SyncDir, faulty.Truncate}},
	"reading fails, always": {Err: syscall.EIO, Lasting: true, Kinds: []faulty.Kind{faulty.Open, faulty.Read}},
}

// sweepOptions sync each write, so that all calls come in the same order in
// each run.
func sweepOptions() Options {
	return Options{Dir: "/data", FsyncInterval: FsyncAlways, SegmentBytes: 1500, StallAfter: time.Hour}
}

// callsOf counts the calls of two lives without a fault.
func callsOf(t *testing.T) int {
	w := newWorld(faulty.New(), sweepOptions())
	for range 2 {
		if err := w.live(); err != nil {
			t.Fatal(err)
		}
		if err := shut(w.j); err != nil {
			t.Fatal(err)
		}
	}
	return len(w.fs.Calls())
}

// Each call of two lives fails once, in each way. Afterwards the disk works
// again: the next snapshot heals the journal, and from then on it is exact.
func TestEveryCallFails(t *testing.T) {
	calls, runs := callsOf(t), 0
	step := 1
	if testing.Short() {
		step = 3
	}
	for name, fault := range kindsOfFault {
		for n := 1; n <= calls; n += step {
			fault.From = n
			if err := failOne(fault); err != nil {
				t.Fatalf("%s from call %d: %v", name, n, err)
			}
			runs++
		}
	}
	t.Logf("faults: %d calls, %d kinds of faults, %d runs: healed by the next snapshot, exact from then on", calls, len(kindsOfFault), runs)
}

func failOne(fault faulty.Fault) error {
	w := newWorld(faulty.New(), sweepOptions())
	w.fs.Inject(fault)
	for life := range 2 {
		acked := w.acked
		err := w.live()
		if err != nil && !mayRefuse(w.fs) {
			return fmt.Errorf("life %d did not start: %w", life, err)
		}
		if err != nil { // the folder cannot be used; when it can, all goes on
			w.fs.Heal()
			if err := w.live(); err != nil {
				return fmt.Errorf("life %d did not start with a working disk: %w", life, err)
			}
		}
		if lost := w.engine.missing(acked); len(lost) > 0 && !readFailed(w.fs) {
			return fmt.Errorf("acknowledged and not found: %v", lost)
		}
		if life == 0 {
			_ = shut(w.j)
		}
	}
	return heals(w)
}

// mayRefuse reports whether one of the calls has failed without which a folder
// cannot be used at all.
func mayRefuse(fs *faulty.FS) bool {
	return slices.ContainsFunc(fs.Calls(), func(c faulty.Call) bool {
		return c.Err != nil && (c.Kind == faulty.Mkdir || c.Kind == faulty.ReadDir || c.Kind == faulty.SyncDir && c.Name == "/data")
	})
}

func readFailed(fs *faulty.FS) bool {
	return slices.ContainsFunc(fs.Calls(), func(c faulty.Call) bool {
		return c.Err != nil && (c.Kind == faulty.Open || c.Kind == faulty.Read)
	})
}

// heals checks that with a working disk one snapshot makes the journal exact.
func heals(w *world) error {
	w.fs.Heal()
	if err := w.snapshot(); err != nil {
		return fmt.Errorf("snapshot with a working disk: %w", err)
	}
	if s := w.j.Stats(); !s.Healthy || s.LastError != nil {
		return fmt.Errorf("not healed: %+v", s)
	}
	w.acked = nil
	w.count(30)
	if len(w.acked) != 30 {
		return fmt.Errorf("healed, and only %d of 30 records were taken", len(w.acked))
	}
	want := slices.Clone(w.engine.have)
	w.fs = w.fs.Kill()
	_ = shut(w.j)
	r, err := w.begin()
	if err != nil {
		return err
	}
	defer shut(w.j)
	if !slices.Equal(w.engine.have, want) || r.Gaps > 0 || r.SkippedBytes > 0 {
		return fmt.Errorf("after healing: found %v, want %v: %+v", w.engine.have, want, r)
	}
	return nil
}

// A process may end in each call, before it, after it or half way through.
func TestKilledInEveryCall(t *testing.T) {
	calls, runs := callsOf(t), 0
	for n := 1; n <= calls; n++ {
		for _, part := range []float64{0, 0.3, 1} {
			if err := killOne(n, part); err != nil {
				t.Fatalf("killed in call %d, %v of it done: %v", n, part, err)
			}
			runs++
		}
	}
	t.Logf("kill -9: %d calls, %d runs: 0 acknowledged records lost, 0 refusals to start", calls, runs)
}

func killOne(n int, part float64) error {
	w := newWorld(faulty.New(), sweepOptions())
	w.fs.StopAt(n, part)
	var acked []int
	for range 2 {
		if err := w.live(); err != nil {
			break
		}
		_ = shut(w.j)
		acked = append(acked, w.acked...)
	}
	w.fs = w.fs.Kill()
	for range 2 { // the second finds what the first left
		r, err := w.begin()
		if err != nil {
			return err
		}
		if lost := w.engine.missing(acked); len(lost) > 0 {
			return fmt.Errorf("acknowledged and not found: %v", lost)
		}
		if r.Gaps > 0 || r.SkippedBytes > 0 {
			return fmt.Errorf("a crash is no gap: %+v", r)
		}
		w.count(10)
		acked = append(acked, w.acked...)
		w.fs = w.fs.Kill()
		_ = shut(w.j)
	}
	return nil
}
