package sli

import (
	"math"
	"slices"
	"strings"
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
	// MaxSeries bounds the known series; new ones beyond it are refused and
	// known ones go on. Default DefaultMaxSeries.
	MaxSeries int
	// Book is the one to write; nil: one of its own. What it holds of another
	// tracker is struck.
	Book *Book
}

// DefaultMaxSeries bounds the known series where nobody says otherwise.
const DefaultMaxSeries = 1_000_000

func (o Options) withDefaults() Options {
	if o.Lateness <= 0 {
		o.Lateness = 10 * time.Minute
	}
	if o.Remember <= 0 {
		o.Remember = time.Hour
	}
	if o.MaxSeries <= 0 {
		o.MaxSeries = DefaultMaxSeries
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
	symbols  *symbols
	series   register
	book     *Book
	// unsettled are the instances to which the batch has added.
	unsettled []*Instance
	// sequence is the number of the newest record, the first one being 1; next
	// the number of the next new series.
	sequence uint64
	sealed   uint64 // the highest seal of the ledgers that were restored
	next     uint32
	loaded   int64              // when the programs were, wall time
	record   *record            // of the batch; nil if nobody keeps one
	page     record             // where it is written
	asked    bool               // the batch was asked for
	asks     bool               // some batch was, since the last sweep
	numbered map[uint32]*series // while recovering; nil of those that nobody selects
	families map[familyKey]*family
	rivals   map[uint32][]rival // by the series' number
	roster   roster
	// composites are the programs made of others, parts first; gathered is the
	// roster when their parts were looked up.
	composites []*program
	gathered   uint64
	// watches are the labels by which events are told apart, by the SLO's id.
	watches map[string][]string
	census  census
}

type familyKey struct{ name, target string }

// program is a Program at work.
type program struct {
	*Program
	fingerprint uint64
	watched     int64 // since when its series are watched, wall time
	recalled    bool  // what is replayed had it, as it is now
	instances   map[string]*Instance
	classics    map[histogramKey]*classic
	forms       map[histogramKey]role // roleBucket or roleNative: the form counted
	roster      *roster
	parts       []*program // of a composite; nil where one is not there
	by          []string   // the labels that tell members apart
}

// histogramKey names one histogram, in whichever form: its labels without
// name and le, at one target.
type histogramKey struct {
	instance *Instance
	hash     uint64
}

// NewTracker returns a tracker without programs.
func NewTracker(o Options) *Tracker {
	o = o.withDefaults()
	if o.Book == nil {
		o.Book = NewBook(o.MaxSeries)
	}
	o.Book.strike(func(*Known) *Known { return nil })
	t := &Tracker{
		options:  o,
		book:     o.Book,
		symbols:  newSymbols(),
		families: map[familyKey]*family{},
	}
	t.index = newIndex(t.programs)
	return t
}

// Replace makes the tracker count for other programs from now on. A program
// whose events are defined as before (see fingerprint) keeps what it has
// counted.
func (t *Tracker) Replace(programs []*Program, now time.Time) {
	old := map[string]*program{}
	for _, p := range t.programs {
		old[p.Spec.ID()] = p
	}
	t.programs = nil
	t.roster.note()
	for _, p := range programs {
		work := &program{
			Program: p, fingerprint: fingerprint(p.Spec), watched: now.UnixNano(), roster: &t.roster,
			by: t.watches[p.Spec.ID()],
		}
		work.begin()
		if before := old[p.Spec.ID()]; before != nil && before.fingerprint == work.fingerprint {
			work.watched, work.instances = before.watched, before.instances
			work.classics, work.forms = before.classics, before.forms
			for _, in := range work.instances {
				in.adopt(work)
			}
		}
		t.programs = append(t.programs, work)
	}
	t.composites = composites(t.programs)
	before := t.index
	t.index = newIndex(t.programs)
	for key, f := range t.families {
		if !f.named(before, key) && f.named(t.index, key) {
			f.distrust(now.UnixNano()) // only a part of it was watched
		}
	}
	t.loaded = now.UnixNano()
	t.takeCensus()
	t.rebind()
	t.book.strike(func(k *Known) *Known {
		if k.Ignored() {
			return nil // somebody may look now
		}
		return k
	})
}

// begin makes a program one that has counted nothing.
func (p *program) begin() {
	p.instances, p.classics, p.forms = map[string]*Instance{}, map[histogramKey]*classic{}, map[histogramKey]role{}
}

// rebind binds every known series anew. Its last value stays, so nothing that
// is counted from now on is lost or counted twice.
func (t *Tracker) rebind() {
	t.rivals = nil
	for _, in := range t.Instances() {
		for _, c := range in.lineUp {
			c.members = nil
		}
	}
	for s := range t.series.all() {
		before := s.unchained()
		t.bind(s, s.called(), before)
		for _, b := range before {
			if !slices.ContainsFunc(s.unchained(), b.like) {
				b.blinds(false, s.newest(&b))
				b.leave(s.newest(&b))
			}
		}
	}
}

// selects reports whether some program names the metric of a series.
func (t *Tracker) selects(s *Series) bool {
	name, raw := s.Names()
	return len(t.index.unnamed) > 0 || t.index.names(name) || t.index.names(raw)
}

// Book is where receivers look up the series that are known.
func (t *Tracker) Book() *Book { return t.book }

// Ingest counts a batch that arrived at a wall time, and returns how many
// points it had.
func (t *Tracker) Ingest(batch *Batch, now time.Time, receipt *Receipt) (points int) {
	t.sequence++
	t.asked, t.asks = batch.Asked, t.asks || batch.Asked
	for i := range batch.Series {
		in := &batch.Series[i]
		points += len(in.Points)
		t.ingest(in, batch.Whole, now, receipt)
	}
	for i := range batch.Samples {
		t.sample(&batch.Samples[i], batch.Whole, now, receipt)
	}
	t.settle()
	return points + len(batch.Samples)
}

// sample counts a point of a known series.
func (t *Tracker) sample(in *Sample, whole bool, now time.Time, receipt *Receipt) {
	if in.Known.Ignored() {
		return
	}
	s := in.Known.series().current()
	switch {
	case s.swept: // while the sample was on its way
		as := s.called()
		t.ingest(&Series{
			Labels: as.labels, Raw: as.raw, Target: as.target,
			Type: in.Type, Temporality: in.Temporality, Points: []Point{in.Point},
		}, whole, now, receipt)
	default:
		t.take(s, arrival{point: &in.Point, kind: in.Type, temporality: in.Temporality, whole: whole, asked: t.asked, now: now.UnixNano()}, receipt)
	}
}

// take counts a point of a series and says what became of it.
func (t *Tracker) take(s *series, a arrival, receipt *Receipt) {
	s.touched = seconds(a.now)
	if t.record != nil {
		t.record.point(t, s, &a)
	}
	if reason := t.point(s, &a); reason != "" && s.bound() {
		receipt.Reject(reason, 1, func() string { return s.called().labels.String() })
		s.notice(reason)
	}
}

// seconds is a time of this century and the next in fewer bytes.
func seconds(nanoseconds int64) uint32 { return uint32(max(0, nanoseconds) / int64(time.Second)) }

// ingest counts one series of a batch.
func (t *Tracker) ingest(in *Series, whole bool, now time.Time, receipt *Receipt) {
	if !t.selects(in) {
		t.learn(in, nil)
		return
	}
	s := t.find(in)
	if s == nil {
		if s = t.welcome(in, now, receipt); s == nil {
			return
		}
	}
	t.learn(in, s)
	for i := range in.Points {
		t.take(s, arrival{point: &in.Points[i], kind: in.Type, temporality: in.Temporality, whole: whole, asked: t.asked, now: now.UnixNano()}, receipt)
	}
	s.tell(in)
}

// learn notes the key of a series; nil is one that no SLO looks at.
func (t *Tracker) learn(in *Series, s *series) {
	switch {
	case in.Key == 0:
	case s == nil:
		t.book.ignore(in.Key, in.Tag)
	case !s.tagged: // nobody has seen its Known yet
		s.tagged, s.tag = true, in.Tag
		t.book.learn(in.Key, &s.Known)
	case s.tag == in.Tag:
		t.book.learn(in.Key, &s.Known)
	default:
		t.book.learn(in.Key, &Known{slab: s.slab, place: s.place, tag: in.Tag})
	}
}

func (t *Tracker) find(in *Series) *series {
	key, ok := t.symbols.key(in)
	if !ok {
		return nil
	}
	return t.series.find(key)
}

// welcome admits a series that is not known, if anything can be counted of it.
// What is refused takes no room: no series, no group.
func (t *Tracker) welcome(in *Series, now time.Time, receipt *Receipt) *series {
	reach, selected := t.wants(in)
	if name, raw := in.Names(); !selected && !t.index.names(name) && !t.index.names(raw) {
		t.learn(in, nil) // only a selector without a name looked at it
		return nil
	}
	reason := ReasonSeriesLimit
	for i := range in.Points {
		reason = countable(&in.Points[i], now, reach)
		if reason != "" {
			continue
		}
		if t.series.len() < t.options.MaxSeries {
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
	f := t.family(in.called())
	limit := now.Add(calm).UnixNano() // a time far ahead must not silence it for ever
	for i := range in.Points {
		until := min(in.Points[i].Time, limit)
		f.distrust(until)
		if t.record != nil {
			t.record.refuse(f, in.called(), until)
		}
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
	as := in.called()
	for _, c := range t.candidates(as) {
		if _, ok := as.view(c.term); ok {
			reach, selected = max(reach, longest(c.program.Spec)), true
		}
	}
	return reach, selected
}

// admit makes a new series known and binds it.
func (t *Tracker) admit(in *Series) *series {
	as := in.called()
	s := t.series.add(t.symbols, as)
	s.family, s.number = t.family(as), t.next
	t.next++
	t.bind(s, as, nil)
	return s
}

func (s *Series) called() called { return called{s.Labels, s.Raw, s.Target} }

// family finds or makes the family of a series.
func (t *Tracker) family(as called) *family {
	key := familyKey{as.metric(), as.target}
	f := t.families[key]
	if f == nil {
		key = t.symbols.familyKey(key.name, key.target) // the batch may not be kept
		f = &family{target: key.target, raw: strings.Clone(as.raw.Get(labels.MetricName)), watched: t.watched(as)}
		t.families[key] = f
	}
	return f
}

// watched is since when the series' metric has been watched.
func (t *Tracker) watched(as called) int64 {
	watched := int64(math.MaxInt64)
	for _, c := range t.candidates(as) {
		watched = min(watched, c.program.watched)
	}
	return watched
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
func (t *Tracker) Known() int { return t.series.len() }
