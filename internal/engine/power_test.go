package engine

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
	"github.com/slo-engine/slo-engine/internal/store/journal"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

var (
	scale     = flag.Int("prove.scale", 1, "how many times as many random scenarios")
	firstSeed = flag.Uint64("prove.seed", 1, "the first scenario's seed")
)

// disk is a journal in files that can be broken.
type disk struct {
	*journal.Journal
	during func() // happens between a cut and the ledgers
}

func (d disk) Recover(snapshot func(io.Reader) error, record func([]byte) error) error {
	_, err := d.Journal.Recover(snapshot, record)
	return err
}

func (d disk) Busy() bool { return false }
func (d disk) Due() bool  { return false }

func (d disk) Append(record []byte) (func(context.Context) error, error) {
	ticket, err := d.Journal.Append(record)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { _ = ticket.Wait(ctx); return nil }, nil
}

func (d disk) Cut() (func(context.Context, func(io.Writer) error) error, error) {
	cut, err := d.Journal.Cut()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, save func(io.Writer) error) error {
		return d.WriteSnapshot(ctx, cut, func(w io.Writer) error {
			if ctx.Value(duringKey{}) != nil {
				d.during()
			}
			return save(w)
		})
	}, nil
}

// duringKey marks the snapshots that the test asks for; the engine's own run
// beside it.
type duringKey struct{}

// save writes a snapshot; more requests come before its ledgers are written.
func (l *life) save() error {
	return l.engine.saveSnapshot(context.WithValue(context.Background(), duringKey{}, true))
}

// life is one process between two crashes, and the sender that outlives them.
type life struct {
	*testing.T
	rng    *rand.Rand
	engine *Engine
	disk   disk
	clock  atomic.Int64 // nanoseconds
	stop   func()

	values map[string]float64 // of each series, as its process counts
	begun  map[string]float64
	past   []budget.Counts // what was right after each request
	codes  []string
}

func newLife(t *testing.T, seed uint64) *life {
	l := &life{
		T: t, rng: rand.New(rand.NewPCG(seed, 3)),
		values: map[string]float64{}, begun: map[string]float64{},
	}
	l.clock.Store(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	return l
}

func (l *life) now() time.Time { return time.Unix(0, l.clock.Load()) }

// begin starts an engine on files.
func (l *life) begin(fs *faulty.FS) {
	l.Helper()
	j, err := journal.Open(journal.Options{Dir: "/data", FS: fs, FsyncInterval: time.Hour, SegmentBytes: 2000})
	if err != nil {
		l.Fatal(err)
	}
	l.disk = disk{j, func() {
		for range l.rng.IntN(3) {
			if len(l.past) > 0 {
				_ = l.send(l.codes...)
			}
		}
	}}
	l.engine = New(Options{Journal: l.disk, Tick: 24 * time.Hour, Now: l.now})
	if err := l.engine.Recover(compile(l, newSpec("shop"), newSpec("shop", named("codes"), by("code"))), nil); err != nil {
		l.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.engine.Run(ctx) }()
	l.stop = func() {
		cancel()
		<-ended
		_ = j.Close(context.Background())
	}
}

// send sends the next request. A series that was not there before is born.
func (l *life) send(codes ...string) error {
	l.clock.Add(int64(15 * time.Second))
	batch := &sli.Batch{}
	for _, code := range codes {
		if _, known := l.values[code]; !known && len(l.past) == 0 {
			l.values[code] = 1000
			l.begun[code] = 1000
		}
		l.values[code] += float64(1 + l.rng.IntN(9))
		if len(l.past) == 0 {
			l.begun[code] = l.values[code]
		}
		batch.Series = append(batch.Series, sli.Series{
			Labels: labels.FromStrings("__name__", "requests_total", "code", code, "service", "shop"),
			Target: "shop:1", Points: []sli.Point{{Time: l.clock.Load(), Value: l.values[code]}},
		})
	}
	l.past = append(l.past, l.truth())
	_, err := l.engine.Ingest(context.Background(), batch)
	return err
}

// truth is what is right now.
func (l *life) truth() (c budget.Counts) {
	for code, v := range l.values {
		c.Total += v - l.begun[code]
		if code[0] == '5' {
			c.Bad += v - l.begun[code]
		}
	}
	return c
}

// counted is what the engine says, by the SLO as a whole and by its groups.
func (l *life) counted() (whole, groups budget.Counts) {
	l.engine.do(nil, func() {
		for _, in := range l.engine.core.Evaluate(l.now()).Instances {
			if in.Group == nil {
				whole = whole.Add(in.Since)
			} else {
				groups = groups.Add(in.Since)
			}
		}
	})
	return whole, groups
}

// agree fails unless the engine says what is right.
func (l *life) agree(when string) {
	l.Helper()
	if whole, groups := l.counted(); whole != l.truth() || groups != whole {
		l.Errorf("%s: counted %+v, by groups %+v, right is %+v", when, whole, groups, l.truth())
	}
}

// Power is lost in any call to the disk. What is counted then was right after
// some request, not earlier than the last one that a snapshot or an fsync had
// made durable; and with the next sample of each series all is right again.
func TestPowerLoss(t *testing.T) {
	scenarios := uint64(150 * *scale)
	behind := 0
	for seed := *firstSeed; seed < *firstSeed+scenarios; seed++ {
		l := newLife(t, seed)
		fs := faulty.New()
		l.begin(fs)
		_ = l.send("200", "500")
		_ = l.save()
		l.codes = []string{"200", "500"}
		for range 3 { // lives
			fs.StopAt(len(fs.Calls())+l.rng.IntN(30), l.rng.Float64())
			durable := len(l.past) - 1
			for range 5 + l.rng.IntN(10) {
				if l.rng.IntN(6) == 0 && len(l.codes) < 6 {
					l.codes = append(l.codes, fmt.Sprintf("50%d", len(l.codes)))
				}
				_ = l.send(l.codes...)
				if l.rng.IntN(3) == 0 && l.save() == nil {
					durable = len(l.past) - 1
				}
			}
			l.stop()
			fs = fs.Crash(l.rng)
			l.begin(fs)
			whole, groups := l.counted()
			at := -1
			for i := len(l.past) - 1; i >= 0 && at < 0; i-- {
				if l.past[i] == whole {
					at = i
				}
			}
			if at < durable || groups != whole {
				t.Errorf("counted %+v, by groups %+v: not what was right at any time since request %d of %d: %+v",
					whole, groups, durable, len(l.past), l.past)
			}
			behind = max(behind, len(l.past)-1-at)
			_ = l.send(l.codes...)
			l.agree("with the next samples")
			if err := l.save(); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				t.Fatalf("again: go test ./internal/engine -run '^TestPowerLoss$' -prove.seed=%d", seed)
			}
		}
		l.stop()
	}
	t.Logf("%d power losses: 0 wrong counts, 0 durable requests lost, 0 refusals to start, at most %d unsynced requests to catch up; seeds %d to %d",
		3*scenarios, behind, *firstSeed, *firstSeed+scenarios-1)
}

// The disk refuses, at any call and in any way, for a while. Nobody who sends
// notices, nothing is counted wrong, and with the next snapshot all is on disk
// again.
func TestDiskFaults(t *testing.T) {
	faults := []faulty.Fault{
		{Err: syscall.ENOSPC}, {Err: syscall.EIO}, {Err: syscall.EIO, Part: 0.5},
		{Err: syscall.ENOSPC, Lasting: true}, {Err: syscall.EIO, Lasting: true, Part: 0.3},
		{Kinds: []faulty.Kind{faulty.Sync}, Err: syscall.EIO}, {Kinds: []faulty.Kind{faulty.Rename}, Err: syscall.EIO},
	}
	runs := 0
	for i, fault := range faults {
		for call := 0; ; call++ {
			l := newLife(t, uint64(call))
			fs := faulty.New()
			l.begin(fs)
			if err := l.send("200", "500"); err != nil {
				t.Fatal(err)
			}
			l.codes = []string{"200", "500", "503"}
			_ = l.save()
			before := len(fs.Calls())
			fault.From = before + call
			fs.Inject(fault)
			for range 6 {
				if err := l.send("200", "500", "503"); err != nil {
					t.Errorf("refused: %v", err)
				}
			}
			_ = l.save()
			_ = l.send("200", "500", "503")
			l.agree("while the disk refuses")
			reached := len(fs.Calls()) > before+call
			fs.Heal()
			_ = l.save() // the first one may see the file that failed
			err := l.save()
			for errors.Is(err, journal.ErrOldCut) { // a snapshot of the engine's own was faster
				err = l.save()
			}
			if err != nil || !l.disk.Stats().Healthy {
				t.Errorf("the disk works again: %v, %+v", err, l.disk.Stats())
			}
			_ = l.send("200", "500", "503")
			after := fs.Kill()
			l.stop()
			l.begin(after)
			l.agree("after a crash, healed before")
			l.stop()
			runs++
			if t.Failed() {
				t.Fatalf("fault %d at call %d", i, call)
			}
			if !reached {
				break
			}
		}
	}
	t.Logf("%d faults: 0 requests refused, 0 wrong counts, 0 not healed", runs)
}
