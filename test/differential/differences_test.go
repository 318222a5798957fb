package differential

import (
	"slices"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/test/lab"
)

// requestsSLO is the SLO of the tests below: one by all requests.
var requestsSLO = document("requests", `ratio: {total: requests_total, bad: 'requests_total{code="500"}'}`)

var requestsFigures = figures{total: `requests_total`, bad: `requests_total{code="500"}`}

const (
	good = `requests_total{code="200",instance="i",job="shop"}`
	bad  = `requests_total{code="500",instance="i",job="shop"}`
)

// difference is one in which the engine and Prometheus differ by design.
type difference struct{ *both }

func openDifference(t *testing.T) *difference {
	t.Helper()
	return &difference{startBoth(t, requestsSLO, "", lab.PrometheusOptions{ExtraArgs: anchoring})}
}

// expect wants the engine to count what Prometheus counts with `anchored` in
// the window of that length, and so much more.
func (d *difference) expect(t *testing.T, window string, prometheus, more tally) {
	t.Helper()
	details := d.engine.settled(t)
	if len(details) != 1 {
		t.Fatalf("there are %d SLO instances, want one", len(details))
	}
	for _, in := range details[0].Windows {
		if in.Window == window {
			d.check(t, in, prometheus, more)
			return
		}
	}
	t.Fatalf("there is no window %s", window)
}

func (d *difference) check(t *testing.T, in apitypes.Reading, prometheus, more tally) {
	t.Helper()
	if got := d.anchored(t, requestsFigures, in); got != prometheus {
		t.Errorf("%s: Prometheus counts %+v, want %+v", in.Window, got, prometheus)
	}
	if got, want := counted(t, in.Counts), prometheus.plus(more); got != want {
		t.Errorf("%s: the engine counts %+v, want %+v", in.Window, got, want)
	}
}

// each sends sample sets: values of good and, from 0 on, of bad.
func (d *difference) each(t *testing.T, sets ...[3]float64) {
	t.Helper()
	for _, s := range sets {
		at := int64(s[0])
		d.send(t, sample{good, at, s[1]})
		if s[2] >= 0 {
			d.send(t, sample{bad, at, s[2]})
		}
	}
}

// ago is a time in ms.
func ago(d time.Duration) float64 { return float64(time.Now().Add(-d).UnixMilli()) }

const none = -1

// The first error of a service is a new series. The engine has watched its
// family without it and counts it; to Prometheus it is where counting begins.
func TestFirstErrorCounts(t *testing.T) {
	t.Parallel()
	d := openDifference(t)
	d.live(t, [][2]float64{{1000, none}, {1100, none}, {1200, 7}, {1300, 9}})
	d.expect(t, "1h", tally{bad: 2, total: 302}, tally{bad: 7, total: 7})
}

// A first value that nobody can have watched from its beginning counts for
// neither: here everything is from before the engine began.
func TestFirstErrorOfThePast(t *testing.T) {
	t.Parallel()
	d := openDifference(t)
	d.each(t, [3]float64{ago(50 * minutes), 1000, none}, [3]float64{ago(49 * minutes), 1100, none},
		[3]float64{ago(48 * minutes), 1200, 7}, [3]float64{ago(47 * minutes), 1300, 9})
	d.expect(t, "1h", tally{bad: 2, total: 302}, tally{})
}

// Where a whole family gets other labels, all its series are new and none is
// an older sibling: nothing that was counted before is counted again.
func TestRelabellingCountsForNeither(t *testing.T) {
	t.Parallel()
	d := openDifference(t)
	d.live(t, [][2]float64{{500_000, 1000}, {500_100, 1001}})
	at := nextSecond(t)
	d.send(t, sample{good, at - 1, stale}, sample{bad, at - 1, stale},
		sample{renamed(good), at, 500_200}, sample{renamed(bad), at, 1002})
	at = nextSecond(t)
	d.send(t, sample{renamed(good), at, 500_300}, sample{renamed(bad), at, 1005})
	d.expect(t, "1h", tally{bad: 1 + 3, total: 101 + 103}, tally{})
}

func renamed(series string) string { return series[:len(series)-1] + `,pod="other"}` }

// In a gap of ten minutes 6,600 requests were counted. A window that begins or
// ends within it holds its share of them for the engine; Prometheus puts all
// of them where the gap ends.
func TestLongGapIsSpread(t *testing.T) {
	t.Parallel()
	d := openDifference(t)
	start := time.Now().Truncate(time.Hour).Add(-3 * time.Hour) // windows of 30 m and 1 h begin on its edges
	at := func(after time.Duration) float64 { return float64(start.Add(after).UnixMilli()) }
	d.each(t, [3]float64{at(0), 0, 0}, [3]float64{at(10 * time.Second), 100, 0}, [3]float64{at(20 * time.Second), 200, 0})
	resumed := 20*time.Second + 10*minutes
	d.each(t, [3]float64{at(resumed), 6200, 600}, [3]float64{at(resumed + 10*time.Second), 6300, 600})
	// The next sample is due 20 s after the gap, and windows end a second
	// before that. So the last five minutes begin 281 s before the gap ends,
	// and of its 600 s lie 319 before them.
	d.expect(t, "5m", tally{bad: 600, total: 6600 + 100}, tally{bad: -319, total: -3509})
	d.expect(t, "1h", tally{bad: 600, total: 6900}, tally{})
}

// Two minutes without a sample are no gap: the increment lies where it was
// seen, for both.
func TestShortGapIsNotSpread(t *testing.T) {
	t.Parallel()
	d := openDifference(t)
	start := time.Now().Truncate(time.Hour).Add(-3 * time.Hour)
	at := func(after time.Duration) float64 { return float64(start.Add(after).UnixMilli()) }
	d.each(t, [3]float64{at(0), 0, 0}, [3]float64{at(10 * time.Second), 100, 0},
		[3]float64{at(130 * time.Second), 1300, 5}, [3]float64{at(140 * time.Second), 1400, 5})
	d.expect(t, "30s", tally{bad: 5, total: 100 + 1205}, tally{})
	d.expect(t, "1m", tally{bad: 5, total: 100 + 1205}, tally{})
}

// Two processes under one name are told apart at the first return of the
// larger value. From there on the engine counts nothing, says so, and its
// windows end where it last knew. The truth until then is 3; to Prometheus each
// change of writer is a reset.
func TestTwoWritersAreNotCounted(t *testing.T) {
	t.Parallel()
	d := openDifference(t)
	for i, v := range []float64{1000, 5, 1003, 8, 1006, 11} {
		d.each(t, [3]float64{ago(minutes) + float64(10_000*i), v, none})
	}
	d.expect(t, "5m", tally{total: 5 + 998}, tally{total: -998})
	if notices := d.engine.settled(t)[0].Notices; !slices.Contains(notices, "multiple_writers") {
		t.Errorf("the engine does not say why: %q", notices)
	}
}

// A restart whose first value is just below the old one and whose next is just
// above it looks like two writers, but not twenty minutes after the last
// sample: it has had the time. Here nothing differs.
func TestRestartAfterAGapIsNoSecondWriter(t *testing.T) {
	t.Parallel()
	d := openDifference(t)
	for i, v := range []float64{453, 473, 456, 476, 496} {
		at := ago(30*minutes) + float64(10_000*i)
		if i > 1 {
			at = ago(10*minutes) + float64(10_000*i)
		}
		d.each(t, [3]float64{at, v, none})
	}
	d.expect(t, "1h", tally{total: 20 + 456 + 20 + 20}, tally{})
}

// A series that ended is remembered for an hour. What it counted until it
// returned is counted within that hour by both; after it only by Prometheus,
// which looks back as far as it is told.
func TestEndedSeriesIsRememberedForAnHour(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		away time.Duration
		more tally
	}{
		"forty minutes":   {40 * minutes, tally{}},
		"seventy minutes": {70 * minutes, tally{bad: -30, total: -30}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDifference(t)
			began := 5*time.Hour - time.Second
			for i := range 20 * 6 { // good is there all the time
				d.send(t, sample{good, int64(ago(began)), float64(100 * i)})
				switch after := time.Duration(i) * minutes; {
				case after <= 10*minutes:
					d.send(t, sample{bad, int64(ago(began)) + 1, 20})
				case after == 11*minutes:
					d.send(t, sample{bad, int64(ago(began)) + 1, stale})
				case after >= 10*minutes+c.away:
					d.send(t, sample{bad, int64(ago(began)) + 1, 50})
				}
				began -= minutes
			}
			d.expect(t, "6h", tally{bad: 30, total: 119*100 + 30}, c.more)
		})
	}
}

// live sends sample sets now, one in each second: only what happens before
// the engine's eyes can be a birth.
func (d *difference) live(t *testing.T, sets [][2]float64) {
	t.Helper()
	for _, s := range sets {
		d.each(t, [3]float64{float64(nextSecond(t)), s[0], s[1]})
	}
}

// nextSecond waits for the next second and returns it, in ms.
func nextSecond(t *testing.T) int64 {
	t.Helper()
	next := time.Now().Truncate(time.Second).Add(time.Second)
	lab.Eventually(t, patience, func() error {
		if time.Now().Before(next) {
			return errTooEarly
		}
		return nil
	})
	return next.UnixMilli()
}
