package sli

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/wire"
)

// record is one batch as the journal keeps it: every point that was looked at,
// in order, with the wall time. Replaying it runs the same code on the same
// points, so that counts and last values cannot disagree.
//
// A point costs about nine bytes: series are numbered and spelt out once, and
// numbers are differences to the point before.
type record struct {
	w       wire.Writer
	last    entry
	refused map[*family]int64 // until when families are distrusted since the batch began
}

// entry is what the next one is told by its difference to.
type entry struct {
	number      uint32
	time, start int64
}

// The bits of an entry's first byte; the two highest are the Type. A gauge has
// no temporality: with flagDelta it stands for a counter whose points are
// Events.
const (
	flagSpelt = 1 << iota // the series' names follow
	flagInt
	flagStale
	flagHistogram
	flagStart
	flagDelta
	typeShift = 6
)

// IngestRecorded is Ingest, and appends the record that is to be kept. kept is
// nil when there is nothing to keep.
func (t *Tracker) IngestRecorded(to []byte, batch *Batch, now time.Time, receipt *Receipt) (points int, kept []byte) {
	t.page = record{w: to}
	t.record = &t.page
	r := t.record
	defer func() { t.record = nil }()
	r.w.Uint(t.sequence + 1)
	r.w.Int(now.UnixNano())
	r.w.Bool(batch.Whole)
	head := len(r.w)
	points = t.Ingest(batch, now, receipt)
	if len(r.w) == head {
		t.sequence-- // no record, no number
		return points, nil
	}
	return points, r.w
}

// entryRefused is the first byte of the entry that says that a series was
// refused: a stale marker with a histogram, which there is not.
const entryRefused = flagStale | flagHistogram | flagInt

// refuse writes that a family is distrusted until a time. A batch of a thousand
// refused series says it once.
func (r *record) refuse(f *family, as called, until int64) {
	if told, ok := r.refused[f]; ok && told >= until {
		return
	}
	if r.refused == nil {
		r.refused = map[*family]int64{}
	}
	r.refused[f] = until
	r.w.Byte(entryRefused)
	writeCalled(&r.w, as)
	r.w.Int(until)
}

// Edition makes records spell every series out again: what was written before
// may be lost.
func (t *Tracker) Edition() {
	for s := range t.series.all() {
		s.spelt = false
	}
}

// point writes one point.
func (r *record) point(t *Tracker, s *series, a *arrival) {
	p := a.point
	kind := a.kind
	if a.temporality == Events {
		kind = TypeGauge
	}
	flags := byte(kind) << typeShift
	spell := !s.spelt
	set := func(on bool, flag byte) {
		if on {
			flags |= flag
		}
	}
	set(spell, flagSpelt)
	set(p.IsInt, flagInt)
	set(p.Stale, flagStale)
	set(p.Histogram != nil && !p.Stale, flagHistogram)
	set(p.Start != 0, flagStart)
	set(a.temporality == Events || a.temporality == Delta && kind != TypeGauge, flagDelta)
	w := &r.w
	w.Byte(flags)
	w.Int(int64(s.number) - int64(r.last.number))
	if spell {
		s.spelt = true
		writeCalled(w, s.called())
	}
	w.Int(p.Time - r.last.time)
	r.last.number, r.last.time = s.number, p.Time
	if p.Start != 0 {
		w.Int(p.Start - r.last.start)
		r.last.start = p.Start
	}
	switch {
	case p.Stale:
	case p.Histogram != nil:
		writeHistogram(w, p.Histogram)
	case p.IsInt:
		w.Int(p.Int)
	default:
		w.Float(p.Value)
	}
}

// errUnknownSeries says that a record names a series that no record before it
// has spelt out.
var errUnknownSeries = errors.New("the record that spells a series out is missing")

// Replay counts a record again. What it selects no more is left out. The error
// says what could not be read; what came before it is counted.
func (t *Tracker) Replay(kept []byte) error {
	defer t.settle()
	r := wire.NewReader(kept)
	t.follow(r.Uint())
	now, whole := time.Unix(0, r.Int()), r.Bool()
	var last entry
	var unknown int
	for r.Left() > 0 && r.Err() == nil {
		flags := r.Byte()
		if flags == entryRefused {
			as, until := readCalled(r), r.Int()
			if len(as.labels) > 0 && len(t.families) < maxFamilies {
				t.family(as).distrust(until)
			}
			continue
		}
		s, a, err := t.readPoint(r, flags, &last)
		switch {
		case err != nil:
			unknown++
		case s != nil && r.Err() == nil:
			a.whole, a.now = whole, now.UnixNano()
			t.take(s, a, &Receipt{})
		}
	}
	if r.Err() == nil && unknown > 0 {
		return fmt.Errorf("%d points: %w", unknown, errUnknownSeries)
	}
	return r.Err()
}

// readPoint reads one point; a nil series is one that nobody selects now.
func (t *Tracker) readPoint(r *wire.Reader, flags byte, last *entry) (*series, arrival, error) {
	last.number = uint32(int64(last.number) + r.Int())
	if flags&flagSpelt != 0 {
		t.respell(last.number, readCalled(r))
	}
	s, spelt := t.numbered[last.number]
	p := &Point{Stale: flags&flagStale != 0, IsInt: flags&flagInt != 0}
	last.time += r.Int()
	p.Time = last.time
	if flags&flagStart != 0 {
		last.start += r.Int()
		p.Start = last.start
	}
	switch {
	case p.Stale:
	case flags&flagHistogram != 0:
		p.Histogram = readHistogram(r)
	case p.IsInt:
		p.Int = r.Int()
	default:
		p.Value = r.Float()
	}
	a := arrival{point: p, kind: Type(flags >> typeShift)}
	switch {
	case flags&flagDelta == 0:
	case a.kind == TypeGauge:
		a.kind, a.temporality = TypeCounter, Events
	default:
		a.temporality = Delta
	}
	if !spelt {
		return nil, a, errUnknownSeries
	}
	return s, a, nil
}

// respell makes a series known under the number that records call it by.
func (t *Tracker) respell(number uint32, as called) {
	in := &Series{Labels: as.labels, Raw: as.raw, Target: as.target}
	var s *series
	if len(as.labels) > 0 && t.selects(in) {
		if s = t.find(in); s == nil {
			s = t.admit(in)
		}
		s.number, s.spelt = number, true
	}
	if t.numbered == nil { // there was no snapshot
		t.numbered = map[uint32]*series{}
	}
	t.numbered[number] = s
	t.next = max(t.next, number+1)
}

// follow goes on to a record. Where some are missing that ledgers hold, the
// ledgers are ahead of the series: what these count next they would count
// twice, so they begin anew.
func (t *Tracker) follow(sequence uint64) {
	if sequence != t.sequence+1 && t.sequence < t.sealed {
		for s := range t.series.all() {
			s.counter.forgotten = true
		}
		for _, in := range t.Instances() {
			in.slicer.lose()
		}
	}
	t.sequence = sequence
}

// Recovered ends replaying: what counts from here on is new. While we were
// away nobody was silent but we.
func (t *Tracker) Recovered(now time.Time) {
	t.numbered, t.sealed = nil, 0
	t.beginAnew(t.unrecalled())
	for _, in := range t.Instances() {
		in.seal = 0
	}
	for s := range t.series.all() {
		s.touched = seconds(now.UnixNano())
	}
	t.Edition()
}

func writeCalled(w *wire.Writer, as called) {
	w.String(as.target)
	for _, ls := range []labels.Labels{as.labels, as.raw} {
		w.Uint(uint64(len(ls)))
		for _, l := range ls {
			w.String(l.Name)
			w.String(l.Value)
		}
	}
}

func readCalled(r *wire.Reader) called {
	as := called{target: r.String()}
	for _, ls := range []*labels.Labels{&as.labels, &as.raw} {
		for range r.Count() {
			*ls = append(*ls, labels.Label{Name: r.String(), Value: r.String()})
		}
	}
	return as
}
