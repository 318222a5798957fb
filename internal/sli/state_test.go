package sli

import (
	"errors"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// disk keeps what a tracker has to keep.
type disk struct {
	state   []byte
	ledgers [][]byte
	records [][]byte
}

// recorded makes a tracker keep records from now on.
func recorded(t testing.TB, tracker *Tracker) *disk {
	t.Helper()
	d := &disk{}
	d.cut(tracker)
	d.save(t, tracker, len(tracker.Instances()))
	return d
}

func (d *disk) cut(tracker *Tracker) { *d = disk{state: tracker.Cut(nil)} }

// save writes the ledgers of some instances.
func (d *disk) save(t testing.TB, tracker *Tracker, n int) {
	t.Helper()
	for _, in := range tracker.Instances()[:n] {
		b, err := in.AppendLedgers(nil)
		if err != nil {
			t.Fatal(err)
		}
		d.ledgers = append(d.ledgers, b)
	}
}

func (d *disk) keep(record []byte) {
	if record != nil {
		d.records = append(d.records, append([]byte(nil), record...))
	}
}

// reborn is a new tracker that recovers.
func (d *disk) reborn(t testing.TB, now time.Time, o Options, programs ...*Program) *Tracker {
	t.Helper()
	tracker := NewTracker(o)
	tracker.Replace(programs, now)
	if err := tracker.Restore(d.state); err != nil {
		t.Fatal(err)
	}
	instances := map[string]*Instance{}
	for _, in := range tracker.Instances() {
		instances[in.ID] = in
	}
	for _, b := range d.ledgers {
		if err := tracker.RestoreLedgers(b, instances); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range d.records {
		if err := tracker.Replay(r); err != nil {
			t.Fatal(err)
		}
	}
	tracker.Recovered(now)
	return tracker
}

// ingest counts a batch and keeps its record.
func (d *disk) ingest(tracker *Tracker, batch *Batch, now time.Time, receipt *Receipt) int {
	n, record := tracker.IngestRecorded(nil, batch, now, receipt)
	d.keep(record)
	return n
}

// Restarted after any step, with half of the ledgers saved at the cut and all
// of them at the end, a tracker goes on as if it had not been. What happens to
// random worlds is in the properties.
func TestRestartKeepsWhatCounts(t *testing.T) {
	specs := []*slo.Spec{
		spec("a", errorsOf), spec("by", errorsOf, "code"), spec("slow", latency(time.Second)),
		spec("queue", slo.SLI{Threshold: &slo.Threshold{Metric: "depth", Below: new(float64)}}),
		sliced(spec("slices", errorsOf, "code"), 10*time.Second, 0.5), meanOf(spec("mean", latency(time.Second)), 15*time.Second),
	}
	native := func(counts ...float64) *histogram.FloatHistogram {
		h := &histogram.FloatHistogram{Schema: 0, PositiveSpans: []histogram.Span{{Offset: -1, Length: uint32(len(counts))}}, PositiveBuckets: counts}
		for _, c := range counts {
			h.Count += c
		}
		return h
	}
	type step func(b *bench)
	send := func(series string, seconds, v float64, options ...option) step {
		return func(b *bench) { b.send(series, seconds, v, options...) }
	}
	steps := []step{
		send(`requests_total{code="200"}`, 10, 100), send(`requests_total{code="200"}`, 20, 110),
		send(`requests_total{code="500"}`, 20.1, 4), // born, confirmed
		send(`requests_total{code="501"}`, 30, 3),   // waits for a sibling
		send(`requests_total{code="200"}`, 30.1, 120),
		send(`requests_total{code="200"}`, 40, 5, stale), send(`requests_total{code="200"}`, 50, 130),
		send(`requests_total{code="200"}`, 60, 20), send(`requests_total{code="200"}`, 60, 21), // a reset; a second writer
		send(`requests_total{code="d"}`, 40, 7, delta, started(30)), send(`requests_total{code="d"}`, 40, 7, delta, started(30)),
		send(`requests_total{code="d"}`, 50, 8, delta, started(40)),
		send(`rt_seconds_bucket{job="x",le="0.5"}`, 10, 1), send(`rt_seconds_bucket{job="x",le="2"}`, 10, 2), send(`rt_seconds_bucket{job="x",le="+Inf"}`, 10, 2),
		send(`rt_seconds_bucket{job="x",le="1"}`, 20, 9), send(`rt_seconds_bucket{job="x",le="0.5"}`, 20, 7),
		send(`rt_seconds_bucket{job="x",le="2"}`, 20, 12), send(`rt_seconds_bucket{job="x",le="+Inf"}`, 20, 15), send(`rt_seconds_count{job="x"}`, 20, 15),
		send(`rt_seconds{job="x",r="n"}`, 10, 0, nativeOf(native(1, 2))), send(`rt_seconds{job="x",r="n"}`, 20, 0, nativeOf(native(2, 5))),
		send(`rt_seconds{job="x",r="n"}`, 30, 0, nativeOf(native(1, 1))), send(`rt_seconds{job="x",r="n"}`, 40, 0, nativeOf(native(1, 4))),
		send(`depth`, 10, 1), send(`depth`, 70, 0), send(`depth`, 75, 2),
	}
	for cut := range len(steps) + 1 {
		b := newBench(t, specs...)
		b.disk = recorded(t, b.tracker)
		half := cut / 2
		for _, s := range steps[:half] {
			s(b)
		}
		b.disk.cut(b.tracker)
		b.disk.save(t, b.tracker, len(b.tracker.Instances())/2)
		for _, s := range steps[half:cut] {
			s(b)
		}
		for _, in := range b.tracker.Instances() { // the rest: a seal later than the state
			l, err := in.AppendLedgers(nil)
			if err != nil {
				t.Fatal(err)
			}
			b.disk.ledgers = append(b.disk.ledgers, l)
		}
		b.tracker = b.disk.reborn(t, began.Add(time.Hour), Options{}, compileAll(t, specs...)...)
		for _, s := range steps[cut:] {
			s(b)
		}
		twin := newBench(t, specs...)
		for _, s := range steps {
			s(twin)
		}
		alike(t, twin.tracker, b.tracker)
		if t.Failed() {
			t.Fatalf("restarted after step %d", cut)
		}
	}
}

// alike compares what two trackers say of every instance.
func alike(t *testing.T, want, got *Tracker) {
	t.Helper()
	others := map[string]*Instance{}
	for _, in := range got.Instances() {
		others[in.ID] = in
	}
	for _, in := range want.Instances() {
		other := others[in.ID]
		if other == nil {
			t.Errorf("%s is not there", in.ID)
			continue
		}
		if a, b := in.Ledger.Since(), other.Ledger.Since(); a != b {
			t.Errorf("%s: %+v, without a restart %+v", in.ID, b, a)
		}
		for _, w := range propertyWindows {
			end := began.Add(80 * time.Second)
			if a, b := in.Ledger.Window(end, w), other.Ledger.Window(end, w); a != b {
				t.Errorf("%s over %v: %+v, without a restart %+v", in.ID, w, b, a)
			}
			if a, b := in.Ledger.Coverage(end.Add(-w), end, false), other.Ledger.Coverage(end.Add(-w), end, false); a != b {
				t.Errorf("%s over %v: covers %v, without a restart %v", in.ID, w, b, a)
			}
		}
		if (in.Uncertain == nil) != (other.Uncertain == nil) || in.Uncertain != nil && in.Uncertain.Since() != other.Uncertain.Since() {
			t.Errorf("%s: what is uncertain differs", in.ID)
		}
		now := began.Add(100 * time.Second)
		if a, b := in.Horizon(now), other.Horizon(now); !a.Equal(b) {
			t.Errorf("%s: horizon %v, without a restart %v", in.ID, b, a)
		}
		if a, b := in.LastSample(), other.LastSample(); !a.Equal(b) {
			t.Errorf("%s: last sample %v, without a restart %v", in.ID, b, a)
		}
	}
	if want.Known() != got.Known() {
		t.Errorf("%d series known, without a restart %d", got.Known(), want.Known())
	}
}

// An SLO that counts other events than before begins anew; the others go on.
func TestRestartWithOtherSLOs(t *testing.T) {
	b := newBench(t, spec("kept", errorsOf), spec("changed", errorsOf), spec("gone", errorsOf, "code"))
	b.disk = recorded(t, b.tracker)
	feed := func(from int) {
		for i := range 3 {
			at := float64(from + 10*i)
			b.send(`requests_total{code="200"}`, at, 10*at)
			b.send(`requests_total{code="500"}`, at, at)
		}
	}
	feed(10)
	b.tracker = b.disk.reborn(t, began.Add(35*time.Second), Options{},
		compileAll(t, spec("kept", errorsOf), spec("changed", badOf(`requests_total`, `requests_total{code="404"}`)), spec("new", errorsOf))...)
	feed(40)
	b.want("shop:kept", 50, 550)
	// Records are counted by who is there when they are read: nothing is lost
	// that a new SLO can still have.
	for _, in := range b.tracker.Instances() {
		if in.ID == "shop:gone" || in.ID == "shop:changed" && in.Ledger.Since().Bad != 0 {
			t.Errorf("%s: %+v", in.ID, in.Ledger.Since())
		}
	}
}

// After a hole in the journal series are spelt out again.
func TestANewEditionSpellsOut(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.disk = recorded(t, b.tracker)
	empty := *b.disk
	b.send(`requests_total{code="500"}`, 10, 1)
	b.disk.records = nil // lost
	b.send(`requests_total{code="500"}`, 20, 3)
	tracker := NewTracker(Options{})
	tracker.Replace(compileAll(t, spec("a", errorsOf)), began)
	if err := tracker.Restore(empty.state); err != nil {
		t.Fatal(err)
	}
	if err := tracker.Replay(b.disk.records[0]); !errors.Is(err, errUnknownSeries) {
		t.Errorf("replay after a hole: %v", err)
	}
	b.tracker.Edition()
	b.send(`requests_total{code="500"}`, 30, 6)
	b.send(`requests_total{code="500"}`, 40, 10)
	for _, r := range b.disk.records[1:] {
		if err := tracker.Replay(r); err != nil {
			t.Error(err)
		}
	}
	if got := tracker.Instances()[0].Ledger.Since().Bad; got != 4 {
		t.Errorf("counted %v, want 4", got)
	}
}

func FuzzReplay(f *testing.F) {
	specs := []*slo.Spec{spec("a", errorsOf), sliced(spec("slow", latency(time.Second)), 5*time.Second, 0.9)}
	b := newBench(&testing.T{}, specs...)
	b.disk = recorded(f, b.tracker)
	b.send(`requests_total{code="500"}`, 10, 1, started(5))
	b.send(`requests_total{code="500"}`, 20, 3, integer(3))
	b.send(`rt_seconds_bucket{job="x",le="1"}`, 20, 9)
	b.send(`rt_seconds_count{job="x"}`, 20, 9)
	b.send(`rt_seconds_count{job="x"}`, 30, 12)
	for _, r := range b.disk.records {
		f.Add(b.tracker.Cut(nil), r)
	}
	f.Fuzz(func(t *testing.T, state, record []byte) {
		tracker := NewTracker(Options{MaxSeries: 100})
		tracker.Replace(compileAll(t, specs...), began)
		if len(state) > 0 && tracker.Restore(state) != nil {
			return
		}
		_ = tracker.Replay(record)
		tracker.Recovered(began)
		tracker.Cut(nil)
	})
}

// An SLO that was removed, or counts other events now, is left out.
func TestRestoreWithoutAnSLO(t *testing.T) {
	b := newBench(t, spec("a", errorsOf), spec("b", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 1)
	state := b.tracker.Cut(nil)
	tracker := NewTracker(Options{})
	tracker.Replace(compileAll(t, spec("a", errorsOf, "code"), spec("c", errorsOf)), began)
	if err := tracker.Restore(state); err != nil {
		t.Fatal(err)
	}
	if n := tracker.Known(); n != 1 {
		t.Errorf("%d series are known, want the one that c selects", n)
	}
}
