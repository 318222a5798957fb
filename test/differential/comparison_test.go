package differential

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// comparison compares what an engine says with what Prometheus says.
type comparison struct {
	*both
	sent   *stream
	newest map[string]int64 // by series, of what was sent already

	windows, differ int
	ends            map[time.Time]bool
	worst, strain   float64
}

// look compares everything. The newest sample that both have is of newest, in ms.
func (c *comparison) look(t *testing.T, newest int64) {
	t.Helper()
	details := c.engine.settled(t)
	if len(details) != 6 {
		t.Errorf("there are %d SLO instances, want 6", len(details))
	}
	for _, d := range details {
		if slices.Contains(d.Notices, "multiple_writers") {
			t.Errorf("%s: one writer is taken for several", d.ID)
		}
		if len(d.Windows) < 10 {
			t.Errorf("%s has only %d windows", d.ID, len(d.Windows))
		}
		for _, in := range d.Windows {
			c.compare(t, d, in)
		}
		whole := apitypes.Reading{Window: "everything", Counts: *d.SinceStart}
		whole.WindowStart.Time, whole.WindowEnd.Time = time.UnixMilli(newest).Add(-12*time.Hour), time.UnixMilli(newest)
		c.count(t, d, whole)
	}
}

// compare wants one window to be what Prometheus counts.
func (c *comparison) compare(t *testing.T, d apitypes.Detail, in apitypes.Reading) {
	t.Helper()
	exact, correction := c.count(t, d, in)
	c.windows++
	c.ends[in.WindowEnd.Time] = true
	if correction != (tally{}) {
		c.differ++
	}
	sameBurn(t, d, in, exact.plus(correction))
	c.tolerate(t, d, in, exact)
}

// count wants the counts to be those of Prometheus to the last event, except
// for what is counted otherwise by design.
func (c *comparison) count(t *testing.T, d apitypes.Detail, in apitypes.Reading) (exact, correction tally) {
	t.Helper()
	f := figuresOf(d)
	exact, correction = c.anchored(t, f, in), c.sent.byDesign(f, in, c.newest)
	if got := counted(t, in.Counts); got != exact.plus(correction) {
		t.Errorf("%s, %s in (%s, %s]: the engine counts %+v, Prometheus %+v and %+v for gaps",
			d.ID, in.Window, in.WindowStart, in.WindowEnd, got, exact, correction)
	}
	return exact, correction
}

// sameBurn wants the burn rate to follow from the counts.
func sameBurn(t *testing.T, d apitypes.Detail, in apitypes.Reading, want tally) {
	t.Helper()
	if want.total == 0 {
		if in.BurnRate != nil {
			t.Errorf("%s, %s: burn rate %v without events", d.ID, in.Window, *in.BurnRate)
		}
		return
	}
	burn := max(want.bad, 0) / want.total / budget // more good than there are: no burn
	if in.BurnRate == nil || math.Abs(*in.BurnRate-burn) > 1e-9*math.Abs(burn) {
		t.Errorf("%s, %s: burn rate %v, want %v", d.ID, in.Window, in.BurnRate, burn)
	}
}

// tolerate wants increase() without a modifier to be near. At each end of a
// window it adds at most 1.1 average increments of each series, and it lacks
// the increment that leads to the window's first sample.
func (c *comparison) tolerate(t *testing.T, d apitypes.Detail, in apitypes.Reading, exact tally) {
	t.Helper()
	f := figuresOf(d)
	off := math.Abs(c.plain(t, f, in).total - exact.total)
	allowed := 1e-6 // floats
	for series := range c.sent.steps {
		if selects(f.total, series) {
			allowed += 2.2 * c.sent.steepest(series, in.WindowStart.UnixMilli(), in.WindowEnd.UnixMilli())
		}
	}
	if off > allowed {
		t.Errorf("%s, %s in (%s, %s]: increase() is off by %v, more than %v",
			d.ID, in.Window, in.WindowStart, in.WindowEnd, off, allowed)
	}
	if c.strain = max(c.strain, off/allowed); exact.total > 0 && length(in) >= 5*minutes {
		c.worst = max(c.worst, off/exact.total)
	}
}
