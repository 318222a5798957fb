package sli

import (
	"encoding/base64"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// sliced is the same SLO with a budget of slices.
func sliced(s *slo.Spec, length time.Duration, target float64) *slo.Spec {
	s.Budgeting = slo.Budgeting{Method: slo.Timeslices, Slice: length, Target: target}
	return s
}

func meanOf(s *slo.Spec, length time.Duration) *slo.Spec {
	s.Budgeting = slo.Budgeting{Method: slo.RatioTimeslices, Slice: length}
	return s
}

// traffic sends both counters of a sample set.
func (b *bench) traffic(seconds, good, bad float64, options ...option) {
	b.Helper()
	b.send(`requests_total{code="200"}`, seconds, good, options...)
	b.send(`requests_total{code="500"}`, seconds, bad, options...)
}

// Minutes of which 95 % must be good. Each row says what the counters read, and
// what all slices together are then.
func TestTimeslices(t *testing.T) {
	b := newBench(t, sliced(spec("a", errorsOf), time.Minute, 0.95), meanOf(spec("mean", errorsOf), time.Minute))
	for _, row := range []struct {
		at, good, bad float64
		wantBad, want float64
		mean          float64
	}{
		{-30, 1000, 10, 0, 0, 0},
		{0, 1000, 10, 0, 0, 0},  // its slice, which ends here, has no events
		{30, 1050, 14, 0, 0, 0}, // 4 of 54 are bad, and the slice is not over
		{60, 1095, 15, 0, 0, 0}, // 5 of 100 are: as many as may be; the end belongs to the slice
		{60.5, 1095, 15, 0, 1, 0.05},
		{90, 1189, 21, 0, 1, 0.05},
		{120.5, 1189, 21, 1, 2, 0.11}, // 6 of 100 were bad in the second
		{180.5, 1189, 21, 1, 2, 0.11}, // and nothing was in the third: it does not count
		{200, 1189, 22, 1, 2, 0.11},
		{260, 1199, 22, 2, 3, 1.11}, // one event, a bad one
		{330, 1199, 22, 2, 4, 1.11},
	} {
		b.traffic(row.at, row.good, row.bad)
		b.want("shop:a", row.wantBad, row.want)
		mean := b.instance("shop:mean").Ledger.Since()
		if mean.Total != row.want || math.Abs(mean.Bad-row.mean) > 1e-12 {
			t.Errorf("at %v s: the ratios add up to %v in %v slices, want %v in %v", row.at, mean.Bad, mean.Total, row.mean, row.want)
		}
	}
	l := b.instance("shop:a").Ledger
	for second, want := range map[float64]budget.Counts{59: {}, 60: {Total: 1}, 119: {Total: 1}, 120: {Bad: 1, Total: 2}, 239: {Bad: 1, Total: 2}, 240: {Bad: 2, Total: 3}} {
		if got := l.Window(time.Unix(0, at(second)), time.Hour).Counts; got != want {
			t.Errorf("until second %v: %+v, want %+v", second, got, want)
		}
	}
}

// A share of exactly the target is good, and one event less is not, however
// the numbers are written in binary.
func TestSliceTarget(t *testing.T) {
	for thousandths := 1; thousandths <= 1000; thousandths++ {
		for _, target := range []float64{float64(thousandths) / 1000, 1 - float64(1000-thousandths)/1000, float64(thousandths) / 10 / 100} {
			s := newSlicer(slo.Budgeting{Method: slo.Timeslices, Slice: time.Minute, Target: target}, Options{})
			for _, total := range []int{1, 3, 7, 10, 100, 360, 999, 1000, 86_400, 999_983, 1e9} {
				for least := total * thousandths / 1000; least <= total*thousandths/1000+1 && least <= total; least++ {
					want := 0.0
					if least*1000 < total*thousandths {
						want = 1
					}
					if bad, ok := s.bad(budget.Counts{Bad: float64(total - least), Total: float64(total)}); !ok || bad != want {
						t.Fatalf("%d of %d good, of %d ‰: bad %v, want %v", least, total, thousandths, bad, want)
					}
				}
			}
		}
	}
}

// What is late makes a slice bad or good after it was told.
func TestLateEventsCorrectSlices(t *testing.T) {
	b := newBench(t, sliced(spec("a", errorsOf), time.Minute, 0.95))
	lagging := target("shop:2")
	b.traffic(0, 0, 0)
	b.traffic(0, 0, 0, lagging)
	b.traffic(30, 95, 5)
	b.traffic(100, 95, 5)
	b.want("shop:a", 0, 1)
	b.wall = 301
	b.traffic(300, 95, 5)
	b.send(`requests_total{code="500"}`, 40, 1, lagging)
	b.want("shop:a", 1, 1)
	b.send(`requests_total{code="200"}`, 45, 30, lagging)
	b.want("shop:a", 0, 1)
	b.send(`requests_total{code="500"}`, 100, 7, lagging) // a slice in which nothing was yet
	b.want("shop:a", 1, 2)
	if got := b.instance("shop:a").Ledger.Window(time.Unix(0, at(119)), time.Hour).Counts; got != (budget.Counts{Total: 1}) {
		t.Errorf("corrections lie elsewhere than at the ends: %+v", got)
	}
}

// Events in a gap are shared out over its slices, also when the series come in
// several requests, one of them long after the others: 60 and 4 in (0, 720 s].
func TestSlicesOfAGap(t *testing.T) {
	specs := func() []*slo.Spec { return []*slo.Spec{sliced(spec("a", errorsOf), time.Minute, 0.95)} }
	b := newBench(t, specs()...)
	b.traffic(0, 0, 0)
	const away = 3 * 24 * 60 // minutes: longer than slices are kept
	b.traffic(60*away, away, away)
	b.want("shop:a", away-1, away-1)
	b.traffic(60*away+600, away, away)
	b.want("shop:a", away, away)

	b = newBench(t, specs()...)
	b.traffic(0, 0, 0)
	b.send(`requests_total{code="200"}`, 720, 60)
	b.want("shop:a", 0, 11)
	b.send(`requests_total{code="200"}`, 721, 60)
	b.want("shop:a", 0, 12)
	b.send(`requests_total{code="500"}`, 720, 4)
	b.want("shop:a", 4, 12) // one in each third minute: of 6, one is more than 5 %
	for second, want := range map[float64]float64{179: 0, 180: 1, 359: 1, 360: 2, 540: 3, 720: 4} {
		if got := b.instance("shop:a").Ledger.Window(time.Unix(0, at(second)), time.Hour).Bad; got != want {
			t.Errorf("until second %v: %v bad slices, want %v", second, got, want)
		}
	}
}

// What comes after its slice is forgotten is left out, and said. Slices that
// never had events are not forgotten: they count then.
func TestLateForASlice(t *testing.T) {
	s := sliced(spec("a", errorsOf), time.Minute, 0.95)
	b := newBench(t, s)
	b.send(`requests_total{code="500"}`, 0, 0, target("late"))
	for m := range 500 {
		if m == 450 { // a restart forgets no more, and no less
			b.tracker = recorded(t, b.tracker).reborn(t, began.Add(450*time.Minute), Options{}, compileAll(t, s)...)
		}
		b.traffic(float64(60*m+30), float64(100*m), 0)
	}
	slicer := b.instance("shop:a").slicer
	if n := len(slicer.kept); n > 380 || n < 360 {
		t.Errorf("%d slices are kept, want those of six hours", n)
	}
	b.tracker = recorded(t, b.tracker).reborn(t, began.Add(500*time.Minute), Options{}, compileAll(t, s)...)
	b.want("shop:a", 0, 498)
	b.send(`requests_total{code="500"}`, 90, 50, target("late"))
	b.want("shop:a", 0, 498)
	if got := b.instance("shop:a").Notices(); !cmp.Equal(got, []Reason{NoticeLateForSlice}) {
		t.Errorf("notices %v", got)
	}
	b.send(`requests_total{code="500"}`, 499*60-10, 100, target("late")) // a gap until now
	since := b.instance("shop:a").Ledger.Since()
	if since.Total != 498 || since.Bad != 0 {
		t.Errorf("50 events in 500 minutes, %+v", since)
	}
	b.send(`requests_total{code="500"}`, 499*60-5, 120, target("late"))
	b.want("shop:a", 1, 498)
}

// A sender that says nothing for a day costs no more slices than a week of
// minutes has, however short they are.
func TestSlicesAreFew(t *testing.T) {
	b := newBench(t, sliced(spec("a", errorsOf), time.Second, 0.95))
	for day := range 3 {
		now := float64(86_400 * day)
		b.send(`requests_total{code="200"}`, now, 2e6*float64(day))
		b.send(`requests_total{code="200"}`, now+15, 2e6*float64(day)+1)
		if n := len(b.instance("shop:a").slicer.kept); n > mostSlices+1 {
			t.Errorf("%d slices are kept", n)
		}
	}
	b.want("shop:a", 0, 1+mostSlices+1+mostSlices) // and one that is not over
	if got := b.instance("shop:a").Notices(); !cmp.Equal(got, []Reason{NoticeLateForSlice}) {
		t.Errorf("notices %v", got)
	}
}

// Of a slice that would be good if the bucket's events were, the verdict is
// uncertain; of a ratio, the share.
func TestUncertainSlices(t *testing.T) {
	cut := func(name string) *slo.Spec { return spec(name, latency(time.Second)) }
	b := newBench(t, sliced(cut("a"), time.Minute, 0.9), meanOf(cut("mean"), time.Minute))
	show := func(at, fast, cut, all float64) {
		for le, v := range map[string]float64{"0.5": fast, "2": cut, "+Inf": all} {
			b.send(fmt.Sprintf(`rt_seconds_bucket{job="x",le=%q}`, le), at, v)
		}
		b.send(`rt_seconds_count{job="x"}`, at, all)
	}
	show(10, 0, 0, 0)
	show(20, 85, 95, 100)   // 85 surely, 95 perhaps
	show(80, 165, 180, 200) // 80 surely, 85 perhaps
	show(140, 165, 180, 200)
	b.want("shop:a", 2, 2)
	if u := b.instance("shop:a").Uncertain.Since().Bad; u != 1 {
		t.Errorf("%v slices are uncertain, want 1", u)
	}
	if u := b.instance("shop:mean").Uncertain.Since().Bad; math.Abs(u-0.15) > 1e-12 {
		t.Errorf("the mean is uncertain by %v, want 0.10 + 0.05", u)
	}
}

// Each sample of a gauge is an event of its slice.
func TestSlicesOfSamples(t *testing.T) {
	below := 10.0
	b := newBench(t, sliced(spec("q", slo.SLI{Threshold: &slo.Threshold{Metric: "depth", Below: &below, PerSample: true}}), time.Minute, 0.75))
	for i, v := range []float64{1, 1, 11, 1, 1, 11, 11, 1, 1, 1, 1, 1} {
		b.send(`depth`, float64(15+15*i), v)
	}
	b.want("shop:q", 1, 2) // 1 of 4, 2 of 4; the third has not ended
}

// An instance is judged up to the end of the newest slice that is over: a
// window of one slice always holds one.
func TestHorizonOfSlices(t *testing.T) {
	b := newBench(t, sliced(spec("a", errorsOf), time.Minute, 0.95))
	horizon := func(wall float64) float64 {
		b.Helper()
		return b.instance("shop:a").Horizon(time.Unix(0, at(wall))).Sub(began).Seconds()
	}
	b.traffic(15, 0, 0)
	b.traffic(30, 10, 0)
	if h := horizon(31); h != 0 {
		t.Errorf("horizon %v before a slice is over, want 0", h)
	}
	b.traffic(45, 20, 0)
	b.traffic(60, 30, 0)
	if h := horizon(61); h != 0 { // events at 60.000 s may still come
		t.Errorf("horizon %v, want 0", h)
	}
	b.traffic(75, 40, 0)
	for _, wall := range []float64{76, 90, 600, 3600} { // nothing more is known
		if h := horizon(wall); h != 60 {
			t.Errorf("horizon %v at %v, want 60", h, wall)
		}
		l := b.instance("shop:a").Ledger
		if c := l.At(time.Unix(0, at(60)), true).Estimate(time.Minute); c.Total != 1 {
			t.Errorf("%+v in the newest slice", c)
		}
	}
}

func TestSlicesRefused(t *testing.T) {
	limit := 1.0
	gauge := slo.SLI{Threshold: &slo.Threshold{Metric: "depth", Below: &limit}}
	for _, tt := range []struct {
		spec *slo.Spec
		want string
	}{
		{sliced(spec("a", gauge), time.Minute, 0.9), "spec.budgeting.method: counts slices of slices"},
		{meanOf(spec("a", errorsOf), 0), "spec.budgeting.slice: is not a whole number of seconds"},
		{sliced(spec("a", errorsOf), 1500*time.Millisecond, 0.9), "spec.budgeting.slice: is not a whole number of seconds"},
	} {
		p, problems := Compile(tt.spec)
		if p != nil || len(problems) != 1 || !strings.Contains(problems[0].Field+": "+problems[0].Message, tt.want) {
			t.Errorf("problems %v, want %s", problems, tt.want)
		}
	}
}

func TestSlicesServed(t *testing.T) {
	for _, tt := range []struct {
		spec *slo.Spec
		want string
	}{
		{sliced(spec("a", errorsOf), 5*time.Minute, 0.955), "counted as it arrives; budget by slices of 5m, good with at least 95.5% good events"},
		{meanOf(spec("a", errorsOf), time.Minute), "counted as it arrives; budget by slices of 1m, by the mean of their error ratios"},
	} {
		p := compileAll(t, tt.spec)[0]
		for _, line := range p.Served() {
			if !strings.HasSuffix(line, tt.want) {
				t.Errorf("%q, want %q at its end", line, tt.want)
			}
		}
	}
}

// A data folder from before there were slices: its state, two ledgers of codes
// and one of a queue, and a record after them.
func TestRestoreVersion2(t *testing.T) {
	text, err := os.ReadFile("testdata/state-v2.txt")
	if err != nil {
		t.Fatal(err)
	}
	var parts [][]byte
	for line := range strings.FieldsSeq(string(text)) {
		part, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	limit := 1.0
	d := &disk{state: parts[0], ledgers: parts[1:4], records: parts[4:]}
	b := &bench{T: t, tracker: d.reborn(t, began.Add(time.Minute), Options{}, compileAll(t,
		spec("errors", errorsOf, "code"), spec("queue", slo.SLI{Threshold: &slo.Threshold{Metric: "depth", Below: &limit}}),
		sliced(spec("slices", errorsOf), 30*time.Second, 0.9))...)}
	b.traffic(40, 120, 7)
	b.send(`depth`, 20, 9) // in the slice that was bad already
	b.traffic(70, 120, 7)
	got := map[string]budget.Counts{}
	for _, in := range b.tracker.Instances() {
		got[in.Spec.Name+in.Group["code"]] = in.Ledger.Since()
	}
	want := map[string]budget.Counts{
		"errors200": {Total: 20}, "errors500": {Bad: 7, Total: 7}, "queue": {Bad: 1, Total: 1},
		"slices": {Total: 1}, // of what came since: nobody counted slices before
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// What comes after a hole in the journal does not count slices again that the
// ledgers have.
func TestSlicesAfterAHole(t *testing.T) {
	s := sliced(spec("a", errorsOf), time.Minute, 0.95)
	b := newBench(t, s)
	b.disk = recorded(t, b.tracker)
	b.traffic(0, 0, 0)
	b.traffic(30, 90, 10)
	b.disk.cut(b.tracker)
	b.traffic(70, 190, 10)
	b.want("shop:a", 1, 1)
	b.disk.save(t, b.tracker, 1)
	b.disk.records = nil // lost, and the ledgers have them
	b.traffic(80, 200, 10)
	b.disk.records = b.disk.records[1:]
	b.tracker = b.disk.reborn(t, began.Add(time.Hour), Options{}, compileAll(t, s)...)
	b.traffic(130, 250, 10)
	b.want("shop:a", 1, 1)
	b.traffic(150, 300, 10)
	b.traffic(190, 300, 10)
	b.want("shop:a", 1, 2)
}
