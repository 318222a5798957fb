package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// memory is a journal on no disk.
type memoryJournal struct {
	mu       sync.Mutex
	snapshot []byte
	records  [][]byte
	busy     bool
	failing  error
	saves    int
	// during is called while a snapshot is written.
	during func()
}

func (m *memoryJournal) Recover(snapshot func(io.Reader) error, record func([]byte) error) error {
	if m.snapshot != nil {
		if err := snapshot(bytes.NewReader(m.snapshot)); err != nil {
			return err
		}
	}
	for _, r := range m.records {
		if err := record(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *memoryJournal) Busy() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.busy
}

func (m *memoryJournal) Append(record []byte) (func(context.Context) error, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing != nil {
		return nil, m.failing
	}
	m.records = append(m.records, bytes.Clone(record))
	return func(context.Context) error { return nil }, nil
}

func (m *memoryJournal) Cut() (func(context.Context, func(io.Writer) error) error, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := len(m.records)
	return func(_ context.Context, save func(io.Writer) error) error {
		var b bytes.Buffer
		if m.during != nil {
			m.during()
		}
		if err := save(&b); err != nil {
			return err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.snapshot, m.records = b.Bytes(), m.records[at:]
		m.saves++
		return nil
	}, nil
}

func (m *memoryJournal) Due() bool { return false }

func (m *memoryJournal) saved() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saves
}

// again starts a second engine where the first one ended.
func again(t *testing.T, m *memoryJournal) *rig {
	t.Helper()
	r := &rig{T: t}
	r.Engine = New(Options{Journal: m, Notify: r.take})
	if err := r.Recover(compile(t, newSpec("shop")), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Engine.Run(ctx) }()
	r.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(r.stop)
	return r
}

func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memoryJournal{}
		r := again(t, m)
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.past(2*time.Hour, 1000, 0)
		f.run(5*time.Minute, 10, 10) // pages
		began, alert := r.last(alerts.NameBurn, alerts.Critical)
		if !alert.Firing() {
			t.Fatal("nothing fires")
		}
		settled()
		before := r.instance("shop:availability")
		saves := m.saved()
		if saves == 0 {
			t.Fatal("no snapshot was written")
		}
		r.stop()

		time.Sleep(20 * time.Second)
		r = again(t, m)
		time.Sleep(3 * time.Second)
		_, now := r.last(alerts.NameBurn, alerts.Critical)
		if !now.Firing() || !now.StartsAt.Equal(alert.StartsAt) {
			t.Errorf("after the restart it began at %v, was %v (sent %v)", now.StartsAt, alert.StartsAt, began)
		}
		after := r.instance("shop:availability")
		if after.Since != before.Since || after.Coverage() < before.Coverage() {
			t.Errorf("after the restart %+v, before %+v", after.Since, before.Since)
		}
		f.rig = r
		f.run(time.Minute, 10, 10) // the counters went on meanwhile
		if got := r.instance("shop:availability").Since; got.Total <= before.Since.Total {
			t.Errorf("nothing is counted after the restart: %+v", got)
		}
	})
}

func TestABusyJournalRefusesBeforeItCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memoryJournal{}
		r := again(t, m)
		f := r.shop("shop", time.Second)
		f.past(time.Minute, 10, 0)
		settled()
		before := r.instance("shop:availability").Since
		m.busy = true
		if _, err := r.Ingest(t.Context(), f.batch(time.Now())); !errors.Is(err, ErrBusy) {
			t.Errorf("ingest: %v", err)
		}
		settled()
		if got := r.instance("shop:availability").Since; got != before {
			t.Errorf("counted %+v of what was refused, before %+v", got, before)
		}
		m.busy = false
	})
}

// A full disk does not blind anybody; and a snapshot that may know what the log
// does not is given up.
func TestAFailingJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memoryJournal{}
		r := again(t, m)
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.past(time.Minute, 10, 0)
		settled()
		saves := m.saved()
		m.during = func() {
			m.mu.Lock()
			m.failing = errors.New("no space left on device")
			m.mu.Unlock()
			f.put(time.Now(), 1, 1)
		}
		before := r.instance("shop:availability").Since
		if err := r.Engine.saveSnapshot(t.Context()); !errors.Is(err, errHole) {
			t.Errorf("snapshot after a hole: %v", err)
		}
		settled()
		if got := r.instance("shop:availability").Since; got.Total != before.Total+2 {
			t.Errorf("counted %+v without a disk, before %+v", got, before)
		}
		if m.saved() != saves {
			t.Error("a snapshot with a hole was kept")
		}
		m.during = nil
		m.mu.Lock()
		m.failing = nil
		m.mu.Unlock()
		time.Sleep(10 * time.Second)
		if m.saved() == saves {
			t.Error("no snapshot closes the hole")
		}
		if r.mark.lost != r.cutLost {
			t.Error("the hole is still there")
		}
	})
}

// Killed before the first snapshot, and after a load that no snapshot knows.
func TestRestartWithRecordsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memoryJournal{}
		r := again(t, m)
		f := r.shop("shop", 100*time.Millisecond)
		f.put(time.Now(), 100, 0)
		time.Sleep(500 * time.Millisecond)
		f.put(time.Now(), 10, 10)
		var before budget.Counts
		r.do(nil, func() { before = r.core.Evaluate(time.Now()).Instances[0].Since })
		r.stop()
		if m.snapshot != nil || len(m.records) < 3 {
			t.Fatalf("a snapshot of %d bytes, %d records", len(m.snapshot), len(m.records))
		}
		r = again(t, m)
		time.Sleep(2 * time.Second)
		if got := r.instance("shop:availability").Since; got != before || got.Bad != 10 {
			t.Errorf("after the restart %+v, before %+v", got, before)
		}
	})
}

// What would take a restart long is in a snapshot soon, and before a stop.
func TestALongRecountIsSpared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memoryJournal{}
		r := again(t, m)
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.past(time.Minute, 10, 0)
		time.Sleep(5 * time.Second) // the snapshot after the start

		saves := m.saved()
		r.recount.Store(int64(longRecount))
		time.Sleep(5 * time.Second)
		if m.saved() != saves {
			t.Error("a snapshot was written before it was due")
		}
		r.recount.Add(1)
		time.Sleep(5 * time.Second)
		if m.saved() != saves+1 || r.recount.Load() != 0 {
			t.Errorf("%d snapshots, want one; %d ns to count again", m.saved()-saves, r.recount.Load())
		}

		r.recount.Store(int64(shortRecount) + 1)
		r.stop()
		if m.saved() != saves+2 || len(m.records) != 0 {
			t.Errorf("stopped with %d records after the last of %d snapshots, want none after 2", len(m.records), m.saved()-saves)
		}
	})
}

// BenchmarkRecover10000SLOs restarts with thirty days of history.
func BenchmarkRecover10000SLOs(b *testing.B) {
	l := newLoad(b, 10_000, 2, 10, 0)
	m := &memoryJournal{}
	l.options.Journal = m
	for range 720 {
		l.at = l.at.Add(time.Hour - 15*time.Second)
		l.next(b)
	}
	for range 40 {
		l.next(b)
	}
	if err := l.saveSnapshot(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(m.snapshot))/10_000, "B/SLO")
	for range 20 {
		l.next(b)
	}
	var specs []*slo.Spec
	for i := range 10_000 {
		specs = append(specs, newSpec(fmt.Sprintf("service-%d", i), own, func(s *slo.Spec) { s.SLI.Ratio = ratioOf(i) }))
	}
	programs := compile(b, specs...)
	b.ResetTimer()
	for range b.N {
		e := New(Options{Journal: m, Now: func() time.Time { return l.at }})
		if err := e.Recover(programs, nil); err != nil {
			b.Fatal(err)
		}
		s := e.core.Evaluate(l.at)
		if n := len(s.Instances); n != 10_000 || s.Instances[0].Since.Total == 0 {
			b.Fatal(fmt.Sprint(n, " instances"))
		}
	}
}
