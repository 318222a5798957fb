package journal

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

// syncs counts the syncs of a file system.
func syncs(fs *faulty.FS) (n int) {
	for _, c := range fs.Calls() {
		if c.Kind == faulty.Sync && strings.HasSuffix(c.Name, segmentSuffix) {
			n++
		}
	}
	return n
}

func TestFsyncInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faulty.New()
		j, _, _ := open(t, Options{Dir: "/data", FS: fs})
		begun := syncs(fs)
		for n := 1; n <= 10; n++ { // for one second: two intervals
			put(t, j, n, n)
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if n := syncs(fs) - begun; n != 2 {
			t.Errorf("%d fsyncs in two intervals", n)
		}
		time.Sleep(time.Hour)
		if n := syncs(fs) - begun; n != 2 {
			t.Errorf("%d fsyncs, though nothing was written after the second", n)
		}
		put(t, j, 11, 11)
		time.Sleep(499 * time.Millisecond)
		if n := syncs(fs) - begun; n != 2 {
			t.Errorf("%d fsyncs before the interval has passed", n)
		}
		time.Sleep(2 * time.Millisecond)
		if n := syncs(fs) - begun; n != 3 {
			t.Errorf("%d fsyncs after the interval has passed", n)
		}
		_ = shut(j)
	})
}

// With FsyncAlways many appends that wait together share one write and one sync.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, d := faulty.New(), &hanging{}
		fs.Before = d.call
		j, _, _ := open(t, Options{Dir: "/data", FS: fs, FsyncInterval: FsyncAlways})
		before := len(fs.Calls())
		release := d.hang(faulty.Sync)
		results := make(chan error, 100)
		for n := 1; n <= 100; n++ {
			ticket, err := j.Append(record(n))
			if err != nil {
				t.Fatal(err)
			}
			go func() { results <- ticket.Wait(t.Context()) }()
			synctest.Wait()
		}
		if len(results) > 0 {
			t.Error("acknowledged before it was synced")
		}
		release()
		for range 100 {
			if err := <-results; err != nil {
				t.Fatal(err)
			}
		}
		if n := len(fs.Calls()) - before; n != 4 {
			t.Errorf("%d calls for the first record and 99 more: %v", n, fs.Calls()[before:])
		}
		_ = shut(j)
	})
}

// hanging is a disk that does not answer for a while.
type hanging struct {
	kind    faulty.Kind
	blocked atomic.Pointer[chan struct{}]
}

func (d *hanging) call(c faulty.Call) {
	if gate := d.blocked.Load(); gate != nil && c.Kind == d.kind {
		<-*gate
	}
}

func (d *hanging) hang(kind faulty.Kind) (release func()) {
	gate := make(chan struct{})
	d.kind = kind
	d.blocked.Store(&gate)
	return func() {
		d.blocked.Store(nil)
		close(gate)
	}
}

// stuck runs a test with a journal whose disk hangs in a write, with record 1
// in it, and with a small queue.
func stuck(t *testing.T, test func(t *testing.T, fs *faulty.FS, j *Journal, first Ticket, release func())) {
	synctest.Test(t, func(t *testing.T) {
		fs, d := faulty.New(), &hanging{}
		fs.Before = d.call
		j, _, _ := open(t, Options{Dir: "/data", FS: fs, QueueBytes: 1000})
		release := d.hang(faulty.Write)
		first, err := j.Append(record(1))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		test(t, fs, j, first, func() { release(); synctest.Wait() })
		_ = shut(j)
	})
}

// fill appends records from 2 on until one is refused, and returns its number.
func fill(j *Journal) (int, error) {
	for n := 2; ; n++ {
		if _, err := j.Append(record(n)); err != nil {
			return n, err
		}
	}
}

func TestAQueueThatIsFull(t *testing.T) {
	stuck(t, func(t *testing.T, fs *faulty.FS, j *Journal, first Ticket, release func()) {
		n, err := fill(j)
		if !errors.Is(err, ErrFull) || n < 5 || n > 20 {
			t.Errorf("record %d: %v", n, err)
		}
		if s := j.Stats(); s.QueueBytes == 0 || s.QueueBytes > 1000 {
			t.Errorf("stats: %+v", s)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := first.Wait(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("wait: %v", err)
		}
		release()
		if err := first.Wait(t.Context()); err != nil {
			t.Errorf("wait: %v", err)
		}
		put(t, j, n, n) // it was not taken, and comes again
		if err := errors.Join(first.Wait(ended), shut(j)); err != nil {
			t.Error(err)
		}
		_, s, r := open(t, Options{Dir: "/data", FS: fs.Kill()})
		if !sameNumbers(s.have, numbers(1, n)) || r.Gaps > 0 {
			t.Errorf("found %v, %+v", s.have, r)
		}
	})
}

func TestADiskThatDoesNotAnswer(t *testing.T) {
	stuck(t, func(t *testing.T, fs *faulty.FS, j *Journal, first Ticket, release func()) {
		second, _ := j.Append(record(2))
		began := time.Now()
		if err := errors.Join(first.Wait(t.Context()), second.Wait(t.Context())); !errors.Is(err, ErrStalled) || time.Since(began) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		third, err := j.Append(record(3))
		if err != nil {
			t.Fatal(err)
		}
		if err := third.Wait(t.Context()); !errors.Is(err, ErrStalled) || time.Since(began) != 5*time.Second {
			t.Errorf("during a stall nobody waits; after %v: %v", time.Since(began), err)
		}
		if s := j.Stats(); !s.Stalled || !s.Healthy {
			t.Errorf("stats: %+v", s)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c, err := j.Cut()
		if err != nil {
			t.Fatal(err)
		}
		if err := j.WriteSnapshot(ctx, c, (&state{}).save); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("snapshot: %v", err)
		}
		release()
		put(t, j, 4, 5)
		if s := j.Stats(); s.Stalled || !s.Healthy {
			t.Errorf("stats: %+v", s)
		}
		if err := shut(j); err != nil {
			t.Error(err)
		}
		_, s, r := open(t, Options{Dir: "/data", FS: fs.Kill()})
		if !sameNumbers(s.have, numbers(1, 5)) || r.Gaps > 0 {
			t.Errorf("a stall loses nothing; found %v, %+v", s.have, r)
		}
	})
}

// When the queue of a stalled disk is full, the engine goes on without it: the
// log has a gap, and says so unless a snapshot has closed it.
func TestADiskThatDoesNotAnswerForLong(t *testing.T) {
	for _, healed := range []bool{false, true} {
		stuck(t, func(t *testing.T, fs *faulty.FS, j *Journal, first Ticket, release func()) {
			time.Sleep(6 * time.Second)
			n, err := fill(j) // from 2 on; n is refused
			if !errors.Is(err, ErrFailed) || !errors.Is(err, ErrStalled) || j.Stats().Healthy {
				t.Errorf("record %d: %v", n, err)
			}
			c, err := j.Cut() // taken again from here on
			if err != nil {
				t.Fatal(err)
			}
			if _, err := j.Append(record(n + 1)); err != nil {
				t.Fatal(err)
			}
			release()
			put(t, j, n+2, n+2)
			if j.Stats().Healthy {
				t.Error("healthy before the snapshot")
			}
			want, gaps := []int{1, n + 1, n + 2}, 1
			if healed {
				if err := j.WriteSnapshot(t.Context(), c, (&state{numbers(1, n)}).save); err != nil || !j.Stats().Healthy {
					t.Errorf("%v, %+v", err, j.Stats())
				}
				want, gaps = numbers(1, n+2), 0
			}
			_, s, r := open(t, Options{Dir: "/data", FS: fs.Kill()})
			if r.Gaps != gaps || !slices.Equal(s.have, want) {
				t.Errorf("healed %v: found %v, %+v", healed, s.have, r)
			}
		})
	}
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	stuck(t, func(t *testing.T, fs *faulty.FS, j *Journal, first Ticket, release func()) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := j.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v", err)
		}
		release()
		if err := errors.Join(shut(j), first.Wait(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// A crash between a failure and the snapshot that heals it: the log has a hole,
// and says so.
func TestAGapIsTold(t *testing.T) {
	fs := faulty.New()
	j, _, _ := open(t, inMemory(fs))
	put(t, j, 1, 3)
	fs.Inject(faulty.Fault{Kinds: []faulty.Kind{faulty.Write}, Err: syscall.ENOSPC, Part: 0.5})
	if err := putOne(j, 4); !errors.Is(err, ErrFailed) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("append: %v", err)
	}
	if _, err := j.Append(record(5)); !errors.Is(err, ErrFailed) {
		t.Errorf("append to a failed journal: %v", err)
	}
	if _, err := j.Cut(); err != nil {
		t.Fatal(err)
	}
	put(t, j, 6, 8)
	if s := j.Stats(); s.Healthy || s.LastError == nil {
		t.Errorf("stats: %+v", s)
	}
	_, s, r := open(t, inMemory(fs.Kill()))
	if r.Gaps != 1 || r.SkippedBytes > 0 || !slices.Equal(s.have, []int{1, 2, 3, 6, 7, 8}) {
		t.Errorf("found %v, %+v", s.have, r)
	}
}

// A record that is lost after the cut may be in the snapshot, which then would
// know more than the log.
func TestALossAfterTheCutEndsTheSnapshot(t *testing.T) {
	fs := faulty.New()
	j, _, _ := open(t, inMemory(fs))
	c, _ := j.Cut()
	err := j.WriteSnapshot(t.Context(), c, func(w io.Writer) error {
		fs.Inject(faulty.Fault{Kinds: []faulty.Kind{faulty.Write}, Err: syscall.EIO})
		_ = putOne(j, 1)
		return nil
	})
	if st := j.Stats(); !errors.Is(err, ErrFailed) || st.Healthy || st.Snapshots != 0 {
		t.Errorf("%v, %+v", err, st)
	}
	if err := snapshot(j, &state{[]int{1}}); err != nil || !j.Stats().Healthy {
		t.Errorf("%v, %+v", err, j.Stats())
	}
}

// A snapshot that holds records is complete only when the log holds them too,
// whatever happens to the machine.
func TestASnapshotIsNotAheadOfTheLog(t *testing.T) {
	for call := range 40 {
		fs := faulty.New()
		options := inMemory(fs)
		options.FsyncInterval = time.Hour
		j, _, _ := open(t, options)
		c, _ := j.Cut()
		fs.StopAt(len(fs.Calls())+call, 0)
		_ = j.WriteSnapshot(t.Context(), c, func(w io.Writer) error {
			if _, err := j.Append(record(1)); err != nil {
				return err
			}
			_, err := w.Write([]byte("knows record 1"))
			return err
		})
		var loaded bool
		after, err := Open(inMemory(fs.Crash(rand.New(rand.NewPCG(uint64(call), 1)))))
		if err != nil {
			t.Fatal(err)
		}
		r, err := after.Recover(func(io.Reader) error { loaded = true; return nil }, func([]byte) error { return nil })
		if err != nil || loaded && r.Records != 1 {
			t.Errorf("power lost at call %d: snapshot %v, %d records, %v", call, loaded, r.Records, err)
		}
		_ = after.Close(t.Context())
	}
}

// Nothing can be written at the start: the engine runs all the same.
func TestAFullDiskAtTheStart(t *testing.T) {
	fs := faulty.New()
	fs.Inject(faulty.Fault{Kinds: []faulty.Kind{faulty.Write}, Err: syscall.ENOSPC, Lasting: true})
	j, s, _ := open(t, inMemory(fs))
	if _, err := j.Append(record(1)); !errors.Is(err, syscall.ENOSPC) || j.Stats().Healthy {
		t.Errorf("append: %v", err)
	}
	for range 100 {
		if err := snapshot(j, s); !errors.Is(err, ErrFailed) {
			t.Fatalf("snapshot: %v", err)
		}
	}
	if n := len(fs.Names()); n > 0 {
		t.Errorf("a full disk fills with %d files", n)
	}
	fs.Heal()
	if err := snapshot(j, s); err != nil || !j.Stats().Healthy {
		t.Errorf("%v, %+v", err, j.Stats())
	}
	put(t, j, 1, 5)
}

func TestMetrics(t *testing.T) {
	fs, reg := faulty.New(), prometheus.NewRegistry()
	o := inMemory(fs)
	o.Registerer, o.Logger = reg, slog.New(slog.NewTextHandler(t.Output(), nil))
	o.Now = func() time.Time { return time.Unix(1_700_000_000, 0) }
	j, s, _ := open(t, o)
	put(t, j, 1, 2)
	if err := snapshot(j, s); err != nil {
		t.Fatal(err)
	}
	fs.Inject(faulty.Fault{Kinds: []faulty.Kind{faulty.Write}, Err: syscall.EIO})
	_ = putOne(j, 3)
	_ = putOne(j, 4)
	want := `
# HELP slo_engine_journal_healthy 1 while all that is acknowledged is kept; 0 from a failure until a snapshot after it.
# TYPE slo_engine_journal_healthy gauge
slo_engine_journal_healthy 0
# HELP slo_engine_journal_last_snapshot_timestamp_seconds When the newest snapshot was written; 0 if there is none.
# TYPE slo_engine_journal_last_snapshot_timestamp_seconds gauge
slo_engine_journal_last_snapshot_timestamp_seconds 1.7e+09
# HELP slo_engine_journal_lost_records_total Records that are not in the log, because the journal had failed.
# TYPE slo_engine_journal_lost_records_total counter
slo_engine_journal_lost_records_total 2
# HELP slo_engine_journal_records_total Records written to the log.
# TYPE slo_engine_journal_records_total counter
slo_engine_journal_records_total 2
# HELP slo_engine_journal_segments Segments of the log.
# TYPE slo_engine_journal_segments gauge
slo_engine_journal_segments 2
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "slo_engine_journal_healthy",
		"slo_engine_journal_last_snapshot_timestamp_seconds", "slo_engine_journal_lost_records_total",
		"slo_engine_journal_records_total", "slo_engine_journal_segments"); err != nil {
		t.Error(err)
	}
	if got := testutil.ToFloat64(j.metrics.errors.WithLabelValues("write")); got != 1 {
		t.Errorf("%v write errors", got)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}
