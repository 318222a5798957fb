package sli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/wire"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// A snapshot has two parts. The state is everything but the ledgers: it is
// small and written at one moment, the cut. The ledgers are large and written one by one while samples
// keep coming; each says which record was its last, and a replay passes over
// what it holds already.

// stateVersion is what is written; from oldestState on all versions are read.
// 2 had no slices of time.
const (
	stateVersion = 3
	oldestState  = 2
)

// Cut appends the state at this moment. From here on records spell their series
// out again, unless the state has them.
func (t *Tracker) Cut(to []byte) []byte {
	w := wire.Writer(slices.Grow(to, t.expected())) // the owner waits: not step by step
	w.Uint(stateVersion)
	w.Uint(t.sequence)
	t.writeFamilies(&w)
	t.writePrograms(&w)
	t.writeSeries(&w)
	return w
}

// expected is about how many bytes a state takes: the words, the names, and
// some fifty for the rest of a series.
func (t *Tracker) expected() (size int) {
	for _, text := range t.symbols.texts {
		size += text.Len()
	}
	for _, sl := range t.series.slabs {
		size += len(sl.names) + 50*sl.used
	}
	return size
}

// Restore takes over a state. The programs must be loaded; whatever the state
// has of SLOs that are not there, or count other events, is left out. The
// tracker must not have counted yet. After an error it is not usable.
func (t *Tracker) Restore(state []byte) error {
	r := wire.NewReader(state)
	version := r.Uint()
	if (version < oldestState || version > stateVersion) && r.Err() == nil {
		return fmt.Errorf("restore state: version %d was written by another build, this one reads %d to %d: go back to that build, or move the data folder away to begin anew", version, oldestState, stateVersion)
	}
	t.numbered = map[uint32]*series{}
	t.sequence = r.Uint()
	t.readFamilies(r)
	instances := t.readPrograms(r, version)
	t.readSeries(r, instances)
	t.recount()
	t.rename()
	if r.Err() != nil {
		return fmt.Errorf("restore state: %w", r.Err())
	}
	return nil
}

func (t *Tracker) writeFamilies(w *wire.Writer) {
	w.Uint(uint64(len(t.families)))
	for key, f := range t.families {
		w.String(key.name)
		w.String(key.target)
		w.String(f.raw)
		w.Bool(f.named(t.index, key))
		for _, v := range []int64{
			f.watched, f.first, f.previous, f.last, f.pace.interval, f.pace.last,
			f.sibling, f.siblingFirst,
		} {
			w.Int(v)
		}
	}
}

func (t *Tracker) readFamilies(r *wire.Reader) {
	for range r.Count() {
		key := familyKey{r.String(), r.String()}
		f := &family{target: key.target, raw: r.String()}
		named := r.Bool()
		for _, v := range []*int64{
			&f.watched, &f.first, &f.previous, &f.last, &f.pace.interval, &f.pace.last,
			&f.sibling, &f.siblingFirst,
		} {
			*v = r.Int()
		}
		if !named && f.named(t.index, key) {
			f.distrust(t.loaded) // only a part of it was watched
		}
		t.families[key] = f
	}
}

// AppendLoad appends which SLOs count, and since when: the record of a load.
func (t *Tracker) AppendLoad(to []byte) []byte {
	w := wire.Writer(to)
	w.Uint(uint64(len(t.programs)))
	for _, p := range t.programs {
		w.String(p.Spec.ID())
		w.Uint(p.fingerprint)
		w.Int(p.watched)
	}
	return w
}

// ReplayLoad takes over since when SLOs count. One that was loaded with this
// record begins with it: what was replayed before it did not see.
func (t *Tracker) ReplayLoad(kept []byte) error {
	known, r, late := t.byID(), wire.NewReader(kept), []*program(nil)
	for range r.Count() {
		p, print, watched := known[r.String()], r.Uint(), r.Int()
		if p == nil || !p.counts(print) || r.Err() != nil {
			continue
		}
		if !p.recalled || p.watched != watched {
			late = append(late, p)
		}
		p.watched, p.recalled = watched, true
	}
	t.beginAnew(late)
	return r.Err()
}

// beginAnew makes programs begin now, with the series as they are.
func (t *Tracker) beginAnew(late []*program) {
	late = slices.DeleteFunc(late, func(p *program) bool { return len(p.instances) == 0 })
	if len(late) == 0 {
		return
	}
	for _, p := range late {
		p.begin()
	}
	t.roster.note()
	t.rebind()
}

// unrecalled are the programs that nothing that was replayed had: they are of
// documents that changed while nobody counted. Without any record of a load
// there are none.
func (t *Tracker) unrecalled() (late []*program) {
	for _, p := range t.programs {
		if !p.recalled {
			late = append(late, p)
		}
	}
	if len(late) == len(t.programs) {
		return nil
	}
	return late
}

func (t *Tracker) byID() map[string]*program {
	known := map[string]*program{}
	for _, p := range t.programs {
		known[p.Spec.ID()] = p
	}
	return known
}

// writePrograms writes the SLOs with their instances, and numbers these.
func (t *Tracker) writePrograms(w *wire.Writer) {
	n := 0
	w.Uint(uint64(len(t.programs)))
	for _, p := range t.programs {
		w.String(p.Spec.ID())
		w.Uint(p.fingerprint)
		w.Int(p.watched)
		w.Uint(uint64(len(p.instances)))
		for key, in := range p.instances {
			in.number = n
			n++
			w.Bool(in.Group != nil)
			w.String(key)
			in.write(w)
		}
		w.Uint(uint64(len(p.forms)))
		for key, form := range p.forms {
			w.Uint(uint64(key.instance.number))
			w.Uint(key.hash)
			w.Byte(byte(form))
		}
	}
}

// readPrograms returns the instances by number; nil for those that are left
// out.
func (t *Tracker) readPrograms(r *wire.Reader, version uint64) []*Instance {
	known := t.byID()
	var instances []*Instance
	at := func(n uint64) *Instance {
		if n < uint64(len(instances)) {
			return instances[n]
		}
		return nil
	}
	for range r.Count() {
		p := known[r.String()]
		if print := r.Uint(); p == nil || !p.counts(print) {
			p = &program{} // read, and left out
		}
		if watched := r.Int(); p.Program != nil {
			p.watched, p.recalled = watched, true
		}
		for range r.Count() {
			instances = append(instances, t.readInstance(r, p, version))
		}
		for range r.Count() {
			in, hash, form := at(r.Uint()), r.Uint(), role(r.Byte())
			if in != nil && p.Program != nil {
				p.forms[histogramKey{in, hash}] = form
			}
		}
	}
	return instances
}

func (t *Tracker) readInstance(r *wire.Reader, p *program, version uint64) *Instance {
	grouped, key := r.Bool(), r.String()
	var in *Instance
	if p.Program != nil && grouped == (len(p.Spec.GroupBy) > 0) {
		var values []string
		if grouped {
			values = strings.Split(key, "\xff")
		}
		if !grouped || len(values) == len(p.Spec.GroupBy) {
			in = newInstance(p, t, values)
			p.instances[key] = in
			t.roster.note()
		}
	}
	if in == nil {
		(&Instance{cohorts: map[string]*cohort{}}).read(r, version) // and left out
		return nil
	}
	in.read(r, version)
	return in
}

// write writes what is not in the ledgers.
func (in *Instance) write(w *wire.Writer) {
	w.Int(in.newest)
	w.Int(in.horizon)
	w.Uint(uint64(len(in.notices)))
	for _, notice := range slices.Sorted(maps.Keys(in.notices)) {
		w.String(string(notice))
	}
	w.Uint(uint64(len(in.slices)))
	for number, bad := range in.slices {
		w.Int(number)
		w.Bool(bad)
	}
	w.Uint(uint64(len(in.cohorts)))
	for target, c := range in.cohorts {
		w.String(target)
		for _, v := range []int64{c.round, c.since, c.heard, c.active, c.pace.interval, c.pace.last} {
			w.Int(v)
		}
		w.Bool(c.whole)
	}
	in.slicer.write(w)
}

func (in *Instance) read(r *wire.Reader, version uint64) {
	in.newest, in.horizon = r.Int(), r.Int()
	for range r.Count() {
		in.notice(Reason(r.String()))
	}
	for range r.Count() {
		number, bad := r.Int(), r.Bool()
		if in.slices == nil {
			in.slices = map[int64]bool{}
		}
		in.slices[number] = bad
	}
	for range r.Count() {
		c := in.cohort(r.String())
		for _, v := range []*int64{&c.round, &c.since, &c.heard, &c.active, &c.pace.interval, &c.pace.last} {
			*v = r.Int()
		}
		c.whole = r.Bool()
	}
	if version >= 3 {
		in.slicer.read(r, in.newest)
	}
}

// recount counts the members of every cohort.
func (t *Tracker) recount() {
	for _, in := range t.Instances() {
		for _, c := range in.lineUp {
			c.living, c.arrived, c.blind = 0, 0, 0
		}
	}
	for s := range t.series.all() {
		for b := s.bindings(); b != nil; b = b.next() {
			b.recount(s.newest(b))
		}
	}
}

func (b *binding) recount(newest int64) {
	c := b.cohort
	if b.is(blind) {
		c.blind++
	}
	if b.is(alive) {
		c.living++
		if newest >= c.round-int64(jitter) {
			c.arrived++
		}
	}
}

// AppendLedgers appends the ledgers of an instance as they are now.
func (in *Instance) AppendLedgers(to []byte) ([]byte, error) {
	w := wire.Writer(to)
	w.String(in.Spec.ID())
	w.Uint(in.program.fingerprint)
	w.String(in.ID)
	w.Uint(in.tracker.sequence)
	ledgers := []*budget.Ledger{in.Ledger, in.Uncertain}
	if in.traffic != nil {
		ledgers = append(ledgers, in.traffic)
	}
	for _, l := range ledgers {
		var b []byte
		if l != nil {
			var err error
			if b, err = l.AppendBinary(nil); err != nil {
				return nil, fmt.Errorf("save ledger of %s: %w", in.ID, err)
			}
		}
		w.Bytes(b)
	}
	if in.composition != nil {
		in.composition.write(&w)
	}
	return w, nil
}

// RestoreLedgers takes over what AppendLedgers wrote, if the SLO is there
// still. It comes after Restore and before Replay.
func (t *Tracker) RestoreLedgers(kept []byte, instances map[string]*Instance) error {
	r := wire.NewReader(kept)
	spec, print, id, seal := r.String(), r.Uint(), r.String(), r.Uint()
	main, uncertain := r.Bytes(), r.Bytes()
	if r.Err() != nil {
		return fmt.Errorf("restore ledgers: %w", r.Err())
	}
	in := instances[id]
	if in == nil || in.Spec.ID() != spec || !in.program.counts(print) {
		return nil
	}
	if err := in.Ledger.UnmarshalBinary(main); err != nil {
		return fmt.Errorf("restore ledger of %s: %w", id, err)
	}
	if len(uncertain) > 0 {
		in.Uncertain = newLedger(in.Spec)
		if err := in.Uncertain.UnmarshalBinary(uncertain); err != nil {
			return fmt.Errorf("restore ledger of %s: %w", id, err)
		}
	}
	if in.traffic != nil {
		if err := in.traffic.UnmarshalBinary(r.Bytes()); err != nil || r.Err() != nil {
			return fmt.Errorf("restore ledger of %s: %w", id, cmp.Or(err, r.Err()))
		}
	}
	if in.composition != nil {
		in.composition.read(r)
		if r.Err() != nil {
			return fmt.Errorf("restore slices of %s: %w", id, r.Err())
		}
	}
	in.stretch()
	in.seal = seal
	t.sealed = max(t.sealed, seal)
	return nil
}
