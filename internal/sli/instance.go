package sli

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Instance is one SLO, or one group of it, with what was counted for it.
// It belongs to its Tracker's owner.
type Instance struct {
	// ID is the spec's id, for groups with ":" and 16 hex digits.
	ID   string
	Spec *slo.Spec
	// Group holds the groupBy labels; nil without groupBy.
	Group map[string]string
	// Ledger holds the events.
	Ledger *budget.Ledger
	// Uncertain holds, as Bad, the events that lie in the histogram bucket
	// which the latency threshold cuts. nil until there is one.
	Uncertain *budget.Ledger

	// patience is how long a lagging series is waited for.
	patience time.Duration
	cohorts  map[string]*cohort
	feeds    []*series // what is bound to it
	newest   int64     // time of the newest sample, 0 if none
	horizon  int64     // of the last Horizon: it never goes back
	notices  map[Reason]bool
	slices   map[int64]bool // of a threshold SLI: slice number to "is bad"
}

// absent is how long a target may be silent before its interval no longer
// counts for the instance's.
const absent = 10 * time.Minute

// Horizon is the time up to which the instance can be judged at wall time
// now: not past a sample set of which a part is still on its way, and not past
// the time at which the next one is due. What nobody has seen yet is not
// judged. It never goes back.
func (in *Instance) Horizon(now time.Time) time.Time {
	wall := now.UnixNano()
	// A second more, because the ledger is read on whole seconds.
	interval := int64(in.Interval(now))
	horizon := min(wall, in.newest+interval+int64(time.Second))
	for _, c := range in.cohorts {
		horizon = min(horizon, c.known(wall, in.newest, interval, in.patience))
	}
	in.horizon = max(in.horizon, horizon)
	return time.Unix(0, in.horizon)
}

// Interval is the time between samples: the longest of the instance's living
// targets. 0 until two sample sets were seen.
func (in *Instance) Interval(now time.Time) time.Duration {
	var longest int64
	for _, c := range in.cohorts {
		if now.UnixNano()-c.round < int64(absent) || c.round >= in.newest-int64(absent) {
			longest = max(longest, c.pace.interval)
		}
	}
	return time.Duration(longest)
}

// LastSample is the time of the newest sample; zero if there was none.
func (in *Instance) LastSample() time.Time {
	if in.newest == 0 {
		return time.Time{}
	}
	return time.Unix(0, in.newest)
}

// Notices are the named conditions of this instance, sorted.
func (in *Instance) Notices() []Reason {
	// Buckets become known one by one; only what stays open is worth a word.
	if in.Uncertain != nil && in.Uncertain.Since().Bad != 0 {
		in.notice(NoticeThresholdInsideBucket)
	}
	if len(in.notices) == 0 {
		return nil // at every tick, for nearly every instance
	}
	return slices.Sorted(maps.Keys(in.notices))
}

// NoticeThresholdInsideBucket says that a latency threshold lies inside a
// histogram bucket, whose events count as bad.
const NoticeThresholdInsideBucket Reason = "threshold_inside_bucket"

func (in *Instance) notice(r Reason) {
	if in.notices == nil {
		in.notices = map[Reason]bool{}
	}
	in.notices[r] = true
}

func (in *Instance) cohort(target string) *cohort {
	c := in.cohorts[target]
	if c == nil {
		c = &cohort{}
		in.cohorts[strings.Clone(target)] = c
	}
	return c
}

// count adds weighted events.
func (in *Instance) count(i increment, c budget.Counts) { post(in.Ledger, i, c) }

// countUncertain adds events that a bucket leaves undecided.
func (in *Instance) countUncertain(i increment, n float64) {
	if n == 0 {
		return
	}
	if in.Uncertain == nil {
		in.Uncertain = newLedger(in.Spec)
	}
	post(in.Uncertain, i, budget.Counts{Bad: n})
}

func post(l *budget.Ledger, i increment, c budget.Counts) {
	if i.spread {
		l.Spread(time.Unix(0, i.from), time.Unix(0, i.to), c)
		return
	}
	l.Add(time.Unix(0, i.to), c)
}

// observe notes that (from, to] is known.
func (in *Instance) observe(from, to int64) {
	in.Ledger.Observe(time.Unix(0, min(from, to)), time.Unix(0, to))
	in.newest = max(in.newest, to)
}

func newLedger(spec *slo.Spec) *budget.Ledger { return budget.New(longest(spec)) }

// longest is the greatest length the spec's window can have.
func longest(spec *slo.Spec) time.Duration {
	w := spec.Window.Nominal()
	if spec.Window.Calendar() { // a long month, a leap year, a day of 25 hours
		w += w/28 + 2*time.Hour
	}
	return w
}

// instanceID is the id of a group: the spec's id and the xxhash64 of the
// group's labels, sorted, each name and value ended by a byte 0xff.
func instanceID(spec *slo.Spec, group map[string]string) string {
	if group == nil {
		return spec.ID()
	}
	names := make([]string, 0, len(group))
	for name := range group {
		names = append(names, name)
	}
	slices.Sort(names)
	h := xxhash.New()
	for _, name := range names {
		_, _ = h.WriteString(name + "\xff" + group[name] + "\xff")
	}
	return spec.ID() + ":" + hex.EncodeToString(h.Sum(nil))
}
