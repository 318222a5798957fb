package sli

import (
	"encoding/hex"
	"iter"
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
	// which the latency threshold cuts; where slices of time are the events, by
	// how much they would be less bad if those were good. nil until there is one.
	Uncertain *budget.Ledger
	// traffic holds the events themselves, where a slice of time is as bad as
	// its error ratio: what the ratios rest on. Otherwise nil.
	traffic *budget.Ledger

	program *program
	tracker *Tracker
	// patience is how long a lagging series is waited for.
	patience time.Duration
	// reach is how far back the SLO looks.
	reach   time.Duration
	cohorts map[string]*cohort
	lineUp  []*cohort // the same: to walk over a map at every tick costs more than to judge
	newest  int64     // time of the newest sample, 0 if none
	horizon int64     // of the last Horizon: it never goes back
	notices map[Reason]bool
	traces  []Trace        // of bad events, the newest last; see mostTraces
	slices  map[int64]bool // of a threshold SLI: slice number to "is bad"
	tally   tally
	slicer  *slicer // of an SLO whose budget is made of slices of time; else nil
	// composition is of one that is made of others; else nil.
	composition *composition
	members     []*Members // by label; nil for nearly all
	// number is its own in the state that is written.
	number int
	// seal is the number of the last record that the ledgers hold already.
	seal uint64
}

// newInstance makes the instance of a group; nil values where there are no
// groups.
func newInstance(p *program, t *Tracker, values []string) *Instance {
	in := &Instance{
		Spec: p.Spec, Ledger: newLedger(p.Spec), program: p, tracker: t,
		cohorts: map[string]*cohort{}, patience: settle, reach: longest(p.Spec),
	}
	in.slicer = newSlicer(p.Spec.Budgeting, t.options)
	if p.Spec.Budgeting.Method == slo.RatioTimeslices {
		in.traffic = newLedger(p.Spec)
	}
	if p.Spec.Composite != nil {
		in.composition = &composition{}
	}
	if p.subtracts {
		in.patience = longSettle
	}
	if values != nil {
		in.Group = make(map[string]string, len(values))
		for i, name := range p.Spec.GroupBy {
			in.Group[name] = strings.Clone(values[i])
		}
		if values[0] == slo.OverflowValue {
			in.notice(NoticeOverflow)
		}
	}
	in.ID = instanceID(p.Spec, in.Group)
	in.watch(t, 0)
	return in
}

// absent is how long a target may be silent before its interval no longer
// counts for the instance's.
const absent = 10 * time.Minute

// Horizon is the time up to which the instance can be judged at wall time
// now: not past a sample set of which a part is still on its way, and not past
// the time at which the next one is due. What nobody has seen yet is not
// judged. It never goes back.
func (in *Instance) Horizon(now time.Time) time.Time {
	horizon, _ := in.Pulse(now)
	return horizon
}

// Interval is the time between samples: the longest of the instance's living
// targets. 0 until two sample sets were seen.
func (in *Instance) Interval(now time.Time) time.Duration {
	var longest int64
	for _, c := range in.lineUp {
		if now.UnixNano()-c.round < int64(absent) || c.round >= in.newest-int64(absent) {
			longest = max(longest, c.pace.interval)
		}
	}
	return time.Duration(longest)
}

// Reach is how far back the SLO looks.
func (in *Instance) Reach() time.Duration { return in.reach }

// LastSample is the time of the newest sample; zero if there was none.
func (in *Instance) LastSample() time.Time {
	if in.newest == 0 {
		return time.Time{}
	}
	return time.Unix(0, in.newest)
}

// Subtracts reports whether bad events may be taken away again: they are those
// of one series without those of another, or of slices that are judged anew.
func (in *Instance) Subtracts() bool {
	return in.program.subtracts || in.slicer != nil || in.composition != nil
}

// Notices are the named conditions of this instance, sorted.
func (in *Instance) Notices() []Reason {
	// Buckets become known one by one; only what stays open is worth a word.
	if in.Uncertain != nil && in.Uncertain.All().Bad != 0 {
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

// cohort finds or makes that of a target. The name is kept.
func (in *Instance) cohort(target string) *cohort {
	c := in.cohorts[target]
	if c == nil {
		c = &cohort{instance: in}
		in.cohorts[target] = c
		in.lineUp = append(in.lineUp, c)
	}
	return c
}

// feeds are the series that are bound to the instance.
func (in *Instance) feeds() iter.Seq[*series] {
	return func(yield func(*series) bool) {
		for _, c := range in.lineUp {
			for s := c.members; s != nil; s = s.after(c) {
				if !yield(s) {
					return
				}
			}
		}
	}
}

func newLedger(spec *slo.Spec) *budget.Ledger { return budget.New(longest(spec)) }

// longest is the greatest length that one of the spec's windows can have.
func longest(spec *slo.Spec) (longest time.Duration) {
	for _, window := range spec.Windows() {
		w := window.Nominal()
		if window.Calendar() { // a long month, a leap year, a day of 25 hours
			w += w/28 + 2*time.Hour
		}
		longest = max(longest, w)
	}
	return longest
}

// adopt makes the instance one of an edited spec that counts the same events.
func (in *Instance) adopt(p *program) {
	in.Spec, in.program = p.Spec, p
	in.stretch()
}

// stretch makes the ledgers reach as far back as the spec looks. They are never
// made shorter: an edit that is taken back has lost nothing.
func (in *Instance) stretch() {
	in.reach = longest(in.Spec)
	in.Ledger.Stretch(in.reach)
	if in.Uncertain != nil {
		in.Uncertain.Stretch(in.reach)
	}
	if in.traffic != nil {
		in.traffic.Stretch(in.reach)
	}
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
