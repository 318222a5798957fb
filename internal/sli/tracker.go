package sli

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Options bound a Tracker. The zero value is usable.
type Options struct {
	// Lateness is how late data may be and still land where it happened
	// without being taken for a repetition. Default 10 minutes.
	Lateness time.Duration
	// Remember is how long the last value of a series that ended is kept, so
	// that the difference counts when it returns. Default 1 hour.
	Remember time.Duration
	// Quota bounds the known series; new ones beyond it are refused and known
	// ones go on. Trackers may share one. Default: a million of its own.
	Quota *Quota
}

// DefaultMaxSeries is the Quota where nobody says otherwise.
const DefaultMaxSeries = 1_000_000

// Quota is a number of series that several trackers share. It is safe for
// concurrent use.
type Quota struct{ left atomic.Int64 }

// NewQuota returns room for n series.
func NewQuota(n int) *Quota {
	q := &Quota{}
	q.left.Store(int64(n))
	return q
}

// take asks for room for one series.
func (q *Quota) take() bool {
	if q.left.Add(-1) >= 0 {
		return true
	}
	q.left.Add(1)
	return false
}

// give returns room for n series.
func (q *Quota) give(n int) { q.left.Add(int64(n)) }

func (o Options) withDefaults() Options {
	if o.Lateness <= 0 {
		o.Lateness = 10 * time.Minute
	}
	if o.Remember <= 0 {
		o.Remember = time.Hour
	}
	if o.Quota == nil {
		o.Quota = NewQuota(DefaultMaxSeries)
	}
	return o
}

// ahead is how far in the future a sample may lie: clocks differ.
const ahead = time.Minute

// Tracker counts events for a set of programs. It belongs to one goroutine.
type Tracker struct {
	options  Options
	programs []*program
	index    index
	series   map[uint64][]*series // by hash; nearly always one each
	known    int
	families map[familyKey]*family
}

type familyKey struct{ name, target string }

// program is a Program at work.
type program struct {
	*Program
	watched   int64 // since when its series are watched, wall time
	instances map[string]*Instance
	classics  map[histogramKey]*classic
	forms     map[histogramKey]role // roleBucket or roleNative: the form counted
}

// histogramKey names one histogram, in whichever form: its labels without
// name and le, at one target.
type histogramKey struct {
	instance *Instance
	hash     uint64
}

// index finds terms by metric name.
type index struct {
	byName  map[string][]selected
	unnamed []selected
}

type selected struct {
	program *program
	term    *term
}

// NewTracker returns a tracker without programs.
func NewTracker(o Options) *Tracker {
	t := &Tracker{
		options:  o.withDefaults(),
		series:   map[uint64][]*series{},
		families: map[familyKey]*family{},
	}
	t.reindex()
	return t
}

// Replace makes the tracker count for other programs from now on. A program
// whose events are defined as before (SLI, groupBy and window) keeps what it
// has counted.
func (t *Tracker) Replace(programs []*Program, now time.Time) {
	old := map[string]*program{}
	for _, p := range t.programs {
		old[p.Spec.ID()] = p
	}
	t.programs = nil
	for _, p := range programs {
		work := &program{
			Program: p, watched: now.UnixNano(), instances: map[string]*Instance{},
			classics: map[histogramKey]*classic{}, forms: map[histogramKey]role{},
		}
		if before := old[p.Spec.ID()]; before != nil && sameEvents(before.Spec, p.Spec) {
			work.watched, work.instances = before.watched, before.instances
			work.classics, work.forms = before.classics, before.forms
			for _, in := range work.instances {
				in.Spec, in.feeds = p.Spec, nil // bound anew below
			}
		}
		t.programs = append(t.programs, work)
	}
	before := t.index
	t.reindex()
	for key, f := range t.families {
		if len(before.byName[key.name]) == 0 && len(t.index.byName[key.name]) > 0 {
			f.distrust(now.UnixNano()) // only a part of it was watched
		}
	}
	t.rebind()
}

// sameEvents reports whether two specs count the same events in the same
// instances.
func sameEvents(a, b *slo.Spec) bool {
	return reflect.DeepEqual(a.SLI, b.SLI) && slices.Equal(a.GroupBy, b.GroupBy) && a.Window.String() == b.Window.String()
}

func (t *Tracker) reindex() {
	t.index = index{byName: map[string][]selected{}}
	for _, p := range t.programs {
		for i := range p.terms {
			s := selected{p, &p.terms[i]}
			if name := p.terms[i].name; name != "" {
				t.index.byName[name] = append(t.index.byName[name], s)
			} else {
				t.index.unnamed = append(t.index.unnamed, s)
			}
		}
	}
}

// rebind binds every known series anew. Its last value stays, so nothing that
// is counted from now on is lost or counted twice.
func (t *Tracker) rebind() {
	for _, chain := range t.series {
		for _, s := range chain {
			before := s.bindings
			s.bindings = nil
			t.bind(s, before)
			for _, b := range before {
				if !slices.ContainsFunc(s.bindings, func(n binding) bool { return n.member == b.member }) {
					b.member.blinds(false)
					b.member.leave()
				}
			}
		}
	}
}

// Selects reports whether some program names the metric of a series. Others
// need not be handed to Ingest.
func (t *Tracker) Selects(s *Series) bool {
	name, raw := s.Names()
	return len(t.index.unnamed) > 0 || len(t.index.byName[name]) > 0 || len(t.index.byName[raw]) > 0
}

// Ingest counts one series of a batch. whole is Batch.Whole, now the wall
// time.
func (t *Tracker) Ingest(in *Series, whole bool, now time.Time, receipt *Receipt) {
	if !t.Selects(in) {
		return
	}
	s := t.find(in)
	if s == nil {
		if s = t.welcome(in, now, receipt); s == nil {
			return
		}
	}
	s.touched = now.UnixNano()
	for i := range in.Points {
		reason := t.point(s, arrival{in, &in.Points[i], whole, now.UnixNano()})
		if reason == "" {
			continue
		}
		if len(s.bindings) > 0 {
			receipt.Reject(reason, 1, s.labels.String)
			s.notice(reason)
		}
	}
}

func (t *Tracker) find(in *Series) *series {
	for _, s := range t.series[hash(in)] {
		if s.target == in.Target && labels.Equal(s.labels, in.Labels) {
			return s
		}
	}
	return nil
}

func hash(in *Series) uint64 { return in.Labels.Hash() ^ stringHash(in.Target) }

// welcome admits a series that is not known, if anything can be counted of it.
// What is refused takes no room: no series, no group.
func (t *Tracker) welcome(in *Series, now time.Time, receipt *Receipt) *series {
	reach, selected := t.wants(in)
	if !selected && len(t.index.byName[in.Labels.Get(labels.MetricName)]) == 0 {
		return nil // only a selector without a name looked at it
	}
	reason := ReasonSeriesLimit
	for i := range in.Points {
		reason = countable(&in.Points[i], now, reach)
		if reason != "" {
			continue
		}
		if t.options.Quota.take() {
			return t.admit(in)
		}
		reason = ReasonSeriesLimit
		break
	}
	t.distrust(in, now)
	if selected && reason != "" && len(in.Points) > 0 {
		receipt.Reject(reason, len(in.Points), in.Labels.String)
	}
	return nil
}

// maxFamilies bounds what is remembered only because something was refused.
const maxFamilies = 200_000

// distrust notes with the family that a series of it was refused.
func (t *Tracker) distrust(in *Series, now time.Time) {
	if len(t.families) >= maxFamilies {
		return
	}
	f := t.family(in.Labels, in.Raw, in.Target)
	limit := now.Add(calm).UnixNano() // a time far ahead must not silence it for ever
	for i := range in.Points {
		f.distrust(min(in.Points[i].Time, limit))
	}
}

// countable says why a point of an unknown series cannot be counted.
func countable(p *Point, now time.Time, reach time.Duration) Reason {
	switch {
	case p.Time > now.Add(ahead).UnixNano():
		return ReasonInFuture
	case reach > 0 && p.Time < now.Add(-reach).UnixNano():
		return ReasonTooOld
	case p.Stale || p.Histogram != nil:
		return ""
	}
	return check(p)
}

// wants reports whether some SLO selects a series, and the longest of their
// windows.
func (t *Tracker) wants(in *Series) (reach time.Duration, selected bool) {
	s := series{labels: in.Labels, raw: in.Raw}
	for _, c := range t.candidates(&s) {
		if _, ok := s.view(c.term); ok {
			reach, selected = max(reach, longest(c.program.Spec)), true
		}
	}
	return reach, selected
}

// admit makes a new series known and binds it. Its labels are copied: the
// batch may not be kept.
func (t *Tracker) admit(in *Series) *series {
	s := &series{labels: clone(in.Labels), raw: clone(in.Raw), target: strings.Clone(in.Target)}
	s.family = t.family(s.labels, s.raw, s.target)
	t.bind(s, nil)
	h := hash(in)
	t.series[h] = append(t.series[h], s)
	t.known++
	return s
}

// family finds or makes the family of a series.
func (t *Tracker) family(l, raw labels.Labels, target string) *family {
	key := familyKey{l.Get(labels.MetricName), target}
	f := t.families[key]
	if f == nil {
		f = &family{watched: t.watched(&series{labels: l, raw: raw})}
		t.families[familyKey{strings.Clone(key.name), strings.Clone(key.target)}] = f
	}
	return f
}

// watched is since when the series' metric has been watched.
func (t *Tracker) watched(s *series) int64 {
	watched := int64(math.MaxInt64)
	for _, c := range t.candidates(s) {
		watched = min(watched, c.program.watched)
	}
	return watched
}

func clone(l labels.Labels) labels.Labels {
	out := make(labels.Labels, len(l))
	for i, p := range l {
		out[i] = labels.Label{Name: strings.Clone(p.Name), Value: strings.Clone(p.Value)}
	}
	return out
}

// Instances are all instances of all programs, in no order.
func (t *Tracker) Instances() []*Instance {
	var list []*Instance
	for _, p := range t.programs {
		for _, in := range p.instances {
			list = append(list, in)
		}
	}
	return list
}

// Idle are the specs that have no instance yet.
func (t *Tracker) Idle() []*slo.Spec {
	var list []*slo.Spec
	for _, p := range t.programs {
		if len(p.instances) == 0 {
			list = append(list, p.Spec)
		}
	}
	return list
}

// Known is the number of series kept.
func (t *Tracker) Known() int { return t.known }
