package sli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/wire"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// The past of an SLO is counted apart from what arrives, by a tracker of its
// own (Recount), and then merged (Tracker.AddPast): a stretch of it at a time,
// of which nothing was known before.

// Stretch is a stretch of time: (From, To].
type Stretch = budget.Span

// Past is what happened in a stretch of time, as somebody else's samples tell.
type Past struct {
	// SLO is the id of the spec.
	SLO string
	// Of is the stretch that was read.
	Of Stretch

	print  uint64
	groups []pastGroup
}

// Events are all that it holds.
func (p *Past) Events() (sum budget.Counts) {
	for _, g := range p.groups {
		for _, s := range g.events {
			sum = sum.Add(s.Counts)
		}
	}
	return sum
}

// pastGroup is the past of one instance.
type pastGroup struct {
	key            string // of its labels' values, empty without groupBy
	events, unsure []budget.Step
	known          []Stretch
}

// Recount counts a stretch of an SLO's past. It belongs to one goroutine.
type Recount struct {
	program *Program
	tracker *Tracker
	of      Stretch
}

// pastGroups bounds the groups of a recount: which of them the SLO's own limit
// lets in was decided by the order in which they came, and is not known here.
const pastGroups = 100_000

// NewRecount begins to count a stretch.
func NewRecount(p *Program, of Stretch) *Recount {
	spec, program := *p.Spec, *p
	spec.MaxGroups = max(pastGroups, spec.MaxGroups)
	program.Spec = &spec
	t := NewTracker(Options{})
	t.Replace([]*Program{&program}, of.From.Add(-time.Second))
	return &Recount{program: p, tracker: t, of: of}
}

// Book is where those samples can be looked up that were counted before.
func (r *Recount) Book() *Book { return r.tracker.Book() }

// Count counts samples; those of a batch are older than those of the next. A
// value from before the stretch, or at its beginning, is what the first
// difference is taken from. Of a counter, the value at the end of the stretch
// may be told by a sample that is a little younger.
func (r *Recount) Count(batch *Batch, newest time.Time) Receipt {
	var receipt Receipt
	points := r.tracker.Ingest(batch, newest, &receipt)
	receipt.Accepted = points
	for _, one := range receipt.Rejections {
		receipt.Accepted -= one.Points
	}
	return receipt
}

// Past is what was counted, as coarsely as a ledger will know it at a time.
func (r *Recount) Past(now time.Time) *Past {
	p := &Past{SLO: r.program.Spec.ID(), Of: r.of, print: fingerprint(r.program.Spec)}
	work := r.tracker.programs[0]
	for key, in := range work.instances {
		g := pastGroup{key: key, events: r.steps(in.Ledger, now)}
		if in.Uncertain != nil {
			g.unsure = r.steps(in.Uncertain, now)
		}
		for _, s := range in.Ledger.Observed() {
			if s.To = earlier(s.To, r.end()); s.From.Before(s.To) {
				g.known = append(g.known, s)
			}
		}
		if len(g.known) > 0 {
			p.groups = append(p.groups, g)
		}
	}
	slices.SortFunc(p.groups, func(a, b pastGroup) int { return strings.Compare(a.key, b.key) })
	return p
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// end is up to when the recount's events count. What live counting began with
// was the value of each series in its first sample set, so counters count up to
// there. A slice of time that was not over then is counted live.
func (r *Recount) end() time.Time {
	switch g := r.program.Grain(); {
	case g.Slice > 0:
		end := time.Unix(0, r.of.To.UnixNano()/int64(g.Slice)*int64(g.Slice))
		if r.program.threshold != nil && r.program.Spec.Budgeting.Method == slo.Occurrences {
			end = end.Add(-1) // there a slice begins
		}
		return end
	case g.Samples:
		return r.of.To
	}
	return r.of.To.Add(MostTail)
}

// MostTail is how much younger than the end of a stretch a sample may be that
// tells a counter's value there.
const MostTail = 10 * time.Minute

// steps are a ledger's events of the stretch.
func (r *Recount) steps(l *budget.Ledger, now time.Time) []budget.Step {
	var steps []budget.Step
	end := r.end()
	for _, s := range l.Steps() {
		if !s.At.After(r.of.From) || s.At.After(end) {
			continue
		}
		at := roundUp(s.At, now.Sub(s.At))
		if at.After(r.of.To) {
			at = s.At
		}
		if last := len(steps) - 1; last >= 0 && steps[last].At.Equal(at) {
			steps[last].Counts = steps[last].Counts.Add(s.Counts)
			continue
		}
		steps = append(steps, budget.Step{At: at, Counts: s.Counts})
	}
	return steps
}

// roundUp is the edge that a ledger of long windows knows after such an age:
// see the ladder of package budget.
func roundUp(t time.Time, age time.Duration) time.Time {
	slot := time.Second
	switch {
	case age > 73*time.Hour:
		slot = time.Hour
	case age > 25*time.Hour:
		slot = 5 * time.Minute
	case age > 3*time.Hour:
		slot = time.Minute
	}
	if down := t.Truncate(slot); down.Before(t) {
		return down.Add(slot)
	}
	return t
}

// Missing is what a past must tell of an SLO.
type Missing struct {
	// Of are the stretches of its windows of which nothing is known of any of
	// its instances, the newest first. Where one ends before now, live counting
	// went on there.
	Of []Stretch
	// Watched is since when its series are watched: of samples from before,
	// live counting takes no series for new.
	Watched time.Time
	// Newest is the end of what is known; zero: nothing is.
	Newest time.Time
}

// Missing is what is missing of an SLO; nothing of one that is not there or is
// made of others.
func (t *Tracker) Missing(id string, now time.Time) (m Missing) {
	p := t.byID()[id]
	if p == nil || p.Spec.Composite != nil {
		return Missing{}
	}
	m.Watched = time.Unix(0, p.watched)
	var known []Stretch
	for _, in := range p.instances {
		known = append(known, in.Ledger.Observed()...)
	}
	slices.SortFunc(known, func(a, b Stretch) int { return a.To.Compare(b.To) })
	if len(known) > 0 {
		m.Newest = known[len(known)-1].To
	}
	until, begin := now, now.Add(-longest(p.Spec))
	for i, s := range slices.Backward(known) {
		if i < len(known)-1 && s.To.Before(until) { // what follows the newest is yet to come
			m.Of = append(m.Of, Stretch{From: laterOf(s.To, begin), To: until})
		}
		until = earlier(until, s.From)
		if !until.After(begin) {
			return m
		}
	}
	m.Of = append(m.Of, Stretch{From: begin, To: until})
	return m
}

func laterOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// ErrKnown says that something of a stretch is known already: nothing was
// counted, or it would count twice.
var ErrKnown = errors.New("something of the stretch is known already")

// ErrOtherEvents says that the SLO is not there any more, or counts other
// events than the past was read for.
var ErrOtherEvents = errors.New("the SLO counts other events now")

// AddPast counts what Recount did, and appends the record to be kept. A group
// that nothing has come of since the tracker watches is over, and left out. An
// error means that nothing was counted.
func (t *Tracker) AddPast(to []byte, p *Past) (kept []byte, err error) {
	work, err := t.receiver(p)
	if err != nil {
		return nil, err
	}
	for _, in := range work.instances {
		if in.Ledger.Known(p.Of.From, p.Of.To) > 0 {
			return nil, fmt.Errorf("add the past of %s: %w", p.SLO, ErrKnown)
		}
	}
	t.sequence++
	t.merge(work, p)
	w := wire.Writer(to)
	w.Uint(t.sequence)
	writePast(&w, p)
	return w, nil
}

// ReplayPast counts the record of a past again.
func (t *Tracker) ReplayPast(kept []byte) error {
	r := wire.NewReader(kept)
	sequence := r.Uint()
	p := readPast(r)
	if r.Err() != nil {
		return fmt.Errorf("replay past: %w", r.Err())
	}
	t.follow(sequence)
	if work, err := t.receiver(p); err == nil {
		t.merge(work, p)
	}
	return nil
}

// receiver is whose past it is.
func (t *Tracker) receiver(p *Past) (*program, error) {
	work := t.byID()[p.SLO]
	if work == nil || !work.counts(p.print) {
		return nil, fmt.Errorf("add the past of %s: %w", p.SLO, ErrOtherEvents)
	}
	return work, nil
}

func (t *Tracker) merge(work *program, p *Past) {
	for _, g := range p.groups {
		in := t.heir(work, g.key)
		if in == nil || in.sealed() {
			continue
		}
		in.Ledger.Merge(g.events)
		if len(g.unsure) > 0 {
			in.uncertain().Merge(g.unsure)
		}
		for _, s := range g.known {
			in.Ledger.Observe(s.From, s.To)
			in.newest = max(in.newest, s.To.UnixNano())
		}
	}
}

// heir is the instance that a group's past belongs to; nil if there is none.
func (t *Tracker) heir(work *program, key string) *Instance {
	if len(work.Spec.GroupBy) == 0 {
		return t.instanceOf(work, nil)
	}
	if in := work.instances[key]; in != nil {
		return in
	}
	over := strings.Join(slices.Repeat([]string{slo.OverflowValue}, len(work.Spec.GroupBy)), "\xff")
	return work.instances[over]
}

func writePast(w *wire.Writer, p *Past) {
	w.String(p.SLO)
	w.Uint(p.print)
	w.Int(p.Of.From.UnixNano())
	w.Int(p.Of.To.UnixNano())
	w.Uint(uint64(len(p.groups)))
	for _, g := range p.groups {
		w.String(g.key)
		writeSteps(w, g.events)
		writeSteps(w, g.unsure)
		w.Uint(uint64(len(g.known)))
		for _, s := range g.known {
			w.Int(s.From.UnixNano())
			w.Int(s.To.UnixNano())
		}
	}
}

func readPast(r *wire.Reader) *Past {
	p := &Past{SLO: r.String(), print: r.Uint()}
	p.Of = Stretch{From: time.Unix(0, r.Int()), To: time.Unix(0, r.Int())}
	for range r.Count() {
		g := pastGroup{key: r.String(), events: readSteps(r), unsure: readSteps(r)}
		for range r.Count() {
			g.known = append(g.known, Stretch{From: time.Unix(0, r.Int()), To: time.Unix(0, r.Int())})
		}
		p.groups = append(p.groups, g)
	}
	return p
}

// writeSteps writes each time, a whole second, as the difference to the one
// before.
func writeSteps(w *wire.Writer, steps []budget.Step) {
	w.Uint(uint64(len(steps)))
	before := int64(0)
	for _, s := range steps {
		w.Int(s.At.Unix() - before)
		w.Float(s.Bad)
		w.Float(s.Total)
		before = s.At.Unix()
	}
}

func readSteps(r *wire.Reader) []budget.Step {
	steps := make([]budget.Step, 0, r.Count())
	second := int64(0)
	for range cap(steps) {
		second += r.Int()
		steps = append(steps, budget.Step{At: time.Unix(second, 0), Counts: budget.Counts{Bad: r.Float(), Total: r.Float()}})
	}
	return steps
}
