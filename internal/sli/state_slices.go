package sli

import (
	"cmp"

	"github.com/slo-engine/slo-engine/internal/wire"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// write writes the slices that may still change; a nil slicer has none.
func (s *slicer) write(w *wire.Writer) {
	w.Bool(s != nil)
	if s == nil {
		return
	}
	w.Int(s.active)
	w.Int(s.forgotten)
	w.Uint(uint64(len(s.kept)))
	before := s.forgotten
	for _, one := range s.kept {
		w.Int(one.number - before)
		before = one.number
		w.Float(one.Bad)
		w.Float(one.Total)
		w.Float(one.unsure)
		w.Int(s.active - one.touched)
	}
}

// read takes over what write wrote, as it was when the newest sample of all
// had settled. What a nil slicer reads is left out.
func (s *slicer) read(r *wire.Reader, newest int64) {
	if !r.Bool() {
		return
	}
	s = cmp.Or(s, &slicer{length: 1})
	s.active, s.forgotten = r.Int(), r.Int()
	s.turn(newest)
	before := s.forgotten
	for range r.Count() {
		one := slice{number: before + r.Int()}
		one.events = events{budget.Counts{Bad: r.Float(), Total: r.Float()}, r.Float()}
		one.touched = s.active - r.Int()
		if s.forgotten < 0 || one.number <= before {
			r.Fail(wire.ErrDamaged)
			return
		}
		before = one.number
		if one.number <= s.over {
			one.told = s.verdict(one.events)
		}
		s.kept = append(s.kept, one)
	}
	s.first = s.over + 1
}
