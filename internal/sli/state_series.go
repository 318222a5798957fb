package sli

import (
	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/internal/wire"
)

func (t *Tracker) writeSeries(w *wire.Writer) {
	w.Uint(uint64(t.next))
	w.Uint(uint64(len(t.symbols.places)))
	for n := range t.symbols.places {
		word := t.symbols.word(uint32(n))
		w.String(word.Name)
		w.String(word.Value)
	}
	w.Uint(uint64(t.series.len()))
	for s := range t.series.all() {
		s.spelt = true
		s.write(w)
	}
	t.writeUnborn(w)
}

func (s *series) write(w *wire.Writer) {
	w.Uint(uint64(s.number))
	identity, raw := cutNames(s.slab.names[s.names:])
	w.Bytes(identity)
	w.Bytes(raw)
	w.Int(s.first)
	w.Uint(uint64(s.touched))
	s.counter.write(w)
	w.Float(float64(s.heat.value))
	w.Uint(uint64(s.heat.at))
	n := 0
	for b := s.bindings(); b != nil; b = b.next() {
		n++
	}
	w.Uint(uint64(n))
	for b := s.bindings(); b != nil; b = b.next() {
		b.write(w)
	}
}

func (t *Tracker) readSeries(r *wire.Reader, instances []*Instance) {
	t.next = uint32(r.Uint())
	old := newSymbols()
	for range r.Count() {
		old.places = append(old.places, old.write(r.String(), r.String()))
	}
	read := map[*binding]bool{}
	for range r.Count() {
		t.readOne(r, old, instances, read)
	}
	for s := range t.series.all() { // those of SLOs that are new: the first point is over
		for b := s.bindings(); b != nil; b = b.next() {
			if b.role == roleBucket && !read[b] && s.counter.seen {
				b.offer(s, verdict{})
			}
		}
	}
	t.readUnborn(r)
}

// readOne reads a series, and notes the buckets among its bindings.
func (t *Tracker) readOne(r *wire.Reader, old *symbols, instances []*Instance, read map[*binding]bool) {
	number := uint32(r.Uint())
	t.respell(number, old.unpack(r.Bytes(), r.Bytes()))
	into := t.numbered[number]
	if into == nil {
		into = &series{} // nobody selects it any more: read, and left out
	}
	into.first, into.touched = r.Int(), uint32(r.Uint())
	into.counter.restore(r)
	into.heat = heat{float32(r.Float()), uint32(r.Uint())}
	for range r.Count() {
		if b := into.readBinding(r, instances); b.role == roleBucket {
			read[b] = true
		}
	}
}

func (c *counter) write(w *wire.Writer) {
	w.Bool(c.seen)
	w.Byte(byte(c.temporality))
	w.Bool(c.forgotten)
	w.Int(c.time)
	w.Int(c.start)
	w.Bool(c.isInt)
	if c.isInt {
		w.Int(c.integer())
	} else {
		w.Float(c.value())
	}
	w.Uint(uint64(c.interval))
	w.Bool(c.rare != nil)
	if c.rare != nil {
		c.rare.write(w)
	}
}

func (c *counter) restore(r *wire.Reader) {
	c.seen, c.temporality, c.forgotten = r.Bool(), Temporality(r.Byte()), r.Bool()
	p := Point{Time: r.Int(), Start: r.Int(), IsInt: r.Bool()}
	if p.IsInt {
		p.Int = r.Int()
	} else {
		p.Value = r.Float()
	}
	c.take(&p)
	c.interval = uint32(r.Uint())
	if r.Bool() {
		c.rarely().read(r)
	}
}

func (x *rare) write(w *wire.Writer) {
	w.Float(x.peak)
	w.Int(int64(x.back))
	q := x.quarantine
	w.Bool(q.on)
	w.Int(q.start)
	w.Float(q.value)
	w.Int(q.since)
	w.Uint(uint64(len(x.recent)))
	for _, d := range x.recent {
		w.Int(d.start)
		w.Int(d.time)
		w.Float(d.value)
	}
	w.Int(x.sampled)
	w.Int(x.gone)
	w.Bool(x.native != nil)
	if x.native != nil {
		writeOptional(w, x.native.previous)
	}
}

func (x *rare) read(r *wire.Reader) {
	x.peak, x.back = r.Float(), int(r.Int())
	x.quarantine = quarantine{r.Bool(), r.Int(), r.Float(), r.Int()}
	for range r.Count() {
		x.recent = append(x.recent, deltaPoint{r.Int(), r.Int(), r.Float()})
	}
	x.sampled, x.gone = r.Int(), r.Int()
	if r.Bool() {
		x.native = &native{previous: readOptional(r)}
	}
}

func (b *binding) write(w *wire.Writer) {
	w.Uint(uint64(b.instance().number))
	w.Byte(byte(b.role))
	w.Uint(uint64(b.heard))
	w.Bool(b.is(alive))
	w.Bool(b.is(blind))
	k := b.bucket()
	w.Bool(k != nil)
	if k != nil {
		writeIncrement(w, k.last)
		w.Bool(k.offered)
		w.Bool(k.histogram.lower == k)
		w.Bool(k.histogram.upper == k)
	}
}

// readBinding gives the series' binding to the same instance what it was.
func (s *series) readBinding(r *wire.Reader, instances []*Instance) *binding {
	number, as := r.Uint(), role(r.Byte())
	b := s.bindings()
	for b != nil && (number >= uint64(len(instances)) || b.instance() != instances[number] || b.role != as) {
		b = b.next()
	}
	if b == nil {
		b = &binding{} // read, and left out
	}
	b.heard = uint32(r.Uint())
	b.mark(alive, r.Bool())
	b.mark(blind, r.Bool())
	if !r.Bool() {
		return b
	}
	last, offered, lower, upper := readIncrement(r), r.Bool(), r.Bool(), r.Bool()
	k := b.bucket()
	if k == nil {
		return b
	}
	k.last, k.offered = last, offered
	if lower {
		k.histogram.lower = k
	}
	if upper {
		k.histogram.upper = k
	}
	return b
}

func writeIncrement(w *wire.Writer, i increment) {
	w.Int(i.from)
	w.Int(i.to)
	w.Float(i.value)
	w.Bool(i.spread)
}

func readIncrement(r *wire.Reader) increment {
	return increment{r.Int(), r.Int(), r.Float(), r.Bool()}
}

// writeUnborn writes the births that wait for a sibling.
func (t *Tracker) writeUnborn(w *wire.Writer) {
	n := 0
	for _, f := range t.families {
		n += len(f.births())
	}
	w.Uint(uint64(n))
	for _, f := range t.families {
		for _, u := range f.births() {
			w.Uint(uint64(u.series.number))
			w.Int(u.at)
			writeIncrement(w, u.verdict.increment)
			w.Bool(u.verdict.counted)
			writeOptional(w, u.added)
		}
	}
}

func (t *Tracker) readUnborn(r *wire.Reader) {
	for range r.Count() {
		u := unborn{series: t.numbered[uint32(r.Uint())], at: r.Int()}
		u.verdict = verdict{increment: readIncrement(r), counted: r.Bool()}
		u.added = readOptional(r)
		if u.series != nil && r.Err() == nil {
			u.series.family.wait(u)
		}
	}
}

func writeOptional(w *wire.Writer, h *histogram.FloatHistogram) {
	w.Bool(h != nil)
	if h != nil {
		writeHistogram(w, h)
	}
}

func readOptional(r *wire.Reader) *histogram.FloatHistogram {
	if !r.Bool() {
		return nil
	}
	return readHistogram(r)
}

func writeHistogram(w *wire.Writer, h *histogram.FloatHistogram) {
	w.Byte(byte(h.CounterResetHint))
	w.Int(int64(h.Schema))
	for _, v := range []float64{h.ZeroThreshold, h.ZeroCount, h.Count, h.Sum} {
		w.Float(v)
	}
	for _, spans := range [][]histogram.Span{h.PositiveSpans, h.NegativeSpans} {
		w.Uint(uint64(len(spans)))
		for _, s := range spans {
			w.Int(int64(s.Offset))
			w.Uint(uint64(s.Length))
		}
	}
	for _, list := range [][]float64{h.PositiveBuckets, h.NegativeBuckets, h.CustomValues} {
		w.Uint(uint64(len(list)))
		for _, v := range list {
			w.Float(v)
		}
	}
}

// readHistogram reads a histogram; one that is not possible is damage.
func readHistogram(r *wire.Reader) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{CounterResetHint: histogram.CounterResetHint(r.Byte()), Schema: int32(r.Int())}
	for _, v := range []*float64{&h.ZeroThreshold, &h.ZeroCount, &h.Count, &h.Sum} {
		*v = r.Float()
	}
	for _, spans := range []*[]histogram.Span{&h.PositiveSpans, &h.NegativeSpans} {
		for range r.Count() {
			*spans = append(*spans, histogram.Span{Offset: int32(r.Int()), Length: uint32(r.Uint())})
		}
	}
	for _, list := range []*[]float64{&h.PositiveBuckets, &h.NegativeBuckets, &h.CustomValues} {
		for range r.Count() {
			*list = append(*list, r.Float())
		}
	}
	if r.Err() == nil && h.Validate() != nil {
		r.Fail(wire.ErrDamaged)
	}
	return h
}
