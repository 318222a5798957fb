package sli

import (
	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/internal/wire"
)

func (t *Tracker) writeSeries(w *wire.Writer) {
	w.Uint(uint64(t.next))
	w.Uint(uint64(len(t.symbols.texts)))
	for _, text := range t.symbols.texts {
		w.String(text)
	}
	w.Uint(uint64(len(t.series)))
	for _, s := range t.series {
		w.Uint(uint64(s.number))
		s.written = t.edition
		w.String(s.names.packed)
		w.Uint(uint64(s.names.identity))
		w.Int(s.first)
		w.Uint(uint64(s.touched))
		w.Byte(byte(s.temporality))
		w.Bool(s.forgotten)
		s.counter.write(w)
		s.writeExtra(w)
		w.Uint(uint64(len(s.bindings)))
		for i := range s.bindings {
			s.bindings[i].write(w)
		}
	}
	t.writeUnborn(w)
}

func (t *Tracker) readSeries(r *wire.Reader, instances []*Instance) {
	t.next = uint32(r.Uint())
	old := &symbols{}
	for range r.Count() {
		old.texts = append(old.texts, r.String())
	}
	read := map[*binding]bool{}
	for range r.Count() {
		t.readOne(r, old, instances, read)
	}
	for _, s := range t.series { // those of SLOs that are new: the first point is over
		for i := range s.bindings {
			if b := &s.bindings[i]; b.role == roleBucket && !read[b] && s.counter.seen {
				b.offer(verdict{})
			}
		}
	}
	t.readUnborn(r)
}

// readOne reads a series, and notes the buckets among its bindings.
func (t *Tracker) readOne(r *wire.Reader, old *symbols, instances []*Instance, read map[*binding]bool) {
	number := uint32(r.Uint())
	t.respell(number, old.unpack(names{r.String(), uint32(r.Uint())}))
	into := t.numbered[number]
	if into == nil {
		into = &series{} // nobody selects it any more: read, and left out
	}
	into.first, into.touched = r.Int(), uint32(r.Uint())
	into.temporality, into.forgotten = Temporality(r.Byte()), r.Bool()
	into.counter.restore(r)
	into.readExtra(r)
	for range r.Count() {
		if b := into.readBinding(r, instances); b.role == roleBucket {
			read[b] = true
		}
	}
}

func (c *counter) write(w *wire.Writer) {
	w.Bool(c.seen)
	w.Int(c.last.time)
	w.Int(c.last.start)
	w.Bool(c.last.isInt)
	if c.last.isInt {
		w.Int(c.last.integer())
	} else {
		w.Float(c.last.value())
	}
	w.Int(c.interval)
	w.Bool(c.rare != nil)
	if c.rare != nil {
		c.rare.write(w)
	}
}

func (c *counter) restore(r *wire.Reader) {
	c.seen = r.Bool()
	p := Point{Time: r.Int(), Start: r.Int(), IsInt: r.Bool()}
	if p.IsInt {
		p.Int = r.Int()
	} else {
		p.Value = r.Float()
	}
	c.last = readingOf(&p)
	c.interval = r.Int()
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
}

func (x *rare) read(r *wire.Reader) {
	x.peak, x.back = r.Float(), int(r.Int())
	x.quarantine = quarantine{r.Bool(), r.Int(), r.Float(), r.Int()}
	for range r.Count() {
		x.recent = append(x.recent, deltaPoint{r.Int(), r.Int(), r.Float()})
	}
}

func (s *series) writeExtra(w *wire.Writer) {
	w.Bool(s.extra != nil)
	if s.extra == nil {
		return
	}
	x := s.extra
	w.Int(x.sampled)
	w.Int(x.gone)
	w.Float(x.heat.value)
	w.Int(x.heat.at)
	w.Bool(x.native != nil)
	if x.native != nil {
		writeOptional(w, x.native.previous)
	}
}

func (s *series) readExtra(r *wire.Reader) {
	if !r.Bool() {
		return
	}
	x := s.more()
	x.sampled, x.gone = r.Int(), r.Int()
	x.heat = heat{r.Float(), r.Int()}
	if r.Bool() {
		x.native = &native{previous: readOptional(r)}
	}
}

func (b *binding) write(w *wire.Writer) {
	w.Uint(uint64(b.instance.number))
	w.Byte(byte(b.role))
	w.Int(b.member.last)
	w.Int(b.member.heard)
	w.Bool(b.member.alive)
	w.Bool(b.member.blind)
	bucketed := b.latency != nil && b.latency.bucket != nil
	w.Bool(bucketed)
	if bucketed {
		k := b.latency.bucket
		writeIncrement(w, k.last)
		w.Bool(k.offered)
		w.Bool(k.histogram.lower == k)
		w.Bool(k.histogram.upper == k)
	}
}

// readBinding gives the series' binding to the same instance what it was.
func (s *series) readBinding(r *wire.Reader, instances []*Instance) *binding {
	number, as := r.Uint(), role(r.Byte())
	var b *binding
	for i := range s.bindings {
		if number < uint64(len(instances)) && s.bindings[i].instance == instances[number] && s.bindings[i].role == as {
			b = &s.bindings[i]
		}
	}
	if b == nil {
		b = &binding{member: &member{}} // read, and left out
	}
	m := b.member
	m.last, m.heard, m.alive, m.blind = r.Int(), r.Int(), r.Bool(), r.Bool()
	if !r.Bool() {
		return b
	}
	last, offered, lower, upper := readIncrement(r), r.Bool(), r.Bool(), r.Bool()
	if b.latency == nil || b.latency.bucket == nil {
		return b
	}
	k := b.latency.bucket
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
		n += len(f.unborn)
	}
	w.Uint(uint64(n))
	for _, f := range t.families {
		for _, u := range f.unborn {
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
			f := u.series.family
			f.unborn = append(f.unborn, u) // earliest and latest are the family's
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
