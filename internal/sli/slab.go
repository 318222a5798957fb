package sli

import (
	"bytes"
	"iter"
)

// slabSeries makes a slab, with the word that the allocator puts in front,
// fill 32 KiB, which is what the allocator hands out: one by one, series
// would be rounded up and their names as well.
const slabSeries = 255

// slab is a piece of memory with many series and their names. It is given up
// as a whole: once most of its series have gone, the others move to another
// one. So a slot is never used twice, and a Known that a request still holds
// points to what it always did; the garbage collector sees to the rest.
type slab struct {
	series  [slabSeries]series
	used    int
	names   []byte   // of the series, one after the other
	symbols *symbols // of the names
	number  uint32   // its own in the register
	moved   []*series
}

// register is all known series.
type register struct {
	slabs []*slab
	// places finds a series by its identity: the number of its slab, then its
	// place in that.
	places table
}

const placeBits = 8

func (r *register) at(place uint32) *series {
	return &r.slabs[place>>placeBits].series[place&(1<<placeBits-1)]
}

// len is the number of known series.
func (r *register) len() int { return r.places.used }

// all are the known series.
func (r *register) all() iter.Seq[*series] {
	return func(yield func(*series) bool) {
		for _, sl := range r.slabs {
			for i := range sl.used {
				if s := &sl.series[i]; !s.swept && !yield(s) {
					return
				}
			}
		}
	}
}

// find returns the series with an identity; nil if it is not known.
func (r *register) find(identity []byte) *series {
	place, ok := r.places.find(hashOf(identity), func(place uint32) bool {
		return bytes.Equal(r.at(place).identity(), identity)
	})
	if !ok {
		return nil
	}
	return r.at(place)
}

// add makes a new series known.
func (r *register) add(y *symbols, as called) *series {
	s, identity := r.place(y, as)
	r.places.add(hashOf(identity), s.address())
	return s
}

// place gives a series room, and names it.
func (r *register) place(y *symbols, as called) (s *series, identity []byte) {
	sl := r.open(y)
	s = &sl.series[sl.used]
	s.Known = Known{slab: sl, place: uint8(sl.used)}
	s.names = uint32(len(sl.names))
	sl.names, identity = y.pack(sl.names, as)
	sl.used++
	return s, identity
}

// open is the slab that has room.
func (r *register) open(y *symbols) *slab {
	expected := 0
	if n := len(r.slabs); n > 0 {
		last := r.slabs[n-1]
		if last.used < slabSeries {
			return last
		}
		if expected = len(last.names); cap(last.names)-expected > expected/16 {
			last.names = bytes.Clone(last.names)
		}
	}
	sl := &slab{symbols: y, number: uint32(len(r.slabs)), names: make([]byte, 0, expected)}
	r.slabs = append(r.slabs, sl)
	return sl
}

// address is where the series is, in a word.
func (s *series) address() uint32 { return s.slab.number<<placeBits | uint32(s.place) }

func (s *series) identity() []byte {
	identity, _ := cutNames(s.slab.names[s.names:])
	return identity
}

// called is how the series is called, also after it was swept.
func (s *series) called() called {
	return s.slab.symbols.unpack(cutNames(s.slab.names[s.names:]))
}

// compact forgets what was swept, and gives up the slabs most of whose series
// were, or all of them if the symbols are new ones.
func (r *register) compact(y *symbols) {
	old := r.slabs
	r.slabs = nil
	var leaving []*slab
	known := 0
	for i, sl := range old {
		living := sl.living()
		known += living
		if sl.symbols != y || living < slabSeries/2 && i < len(old)-1 {
			leaving = append(leaving, sl)
			continue
		}
		sl.number = uint32(len(r.slabs))
		r.slabs = append(r.slabs, sl)
	}
	for _, sl := range leaving {
		r.move(sl, y)
	}
	r.places = table{}
	r.places.rewrite(known+known/2, nil)
	for s := range r.all() {
		r.places.add(hashOf(s.identity()), s.address())
	}
}

// living is the number of a slab's series that are known.
func (sl *slab) living() (n int) {
	for i := range sl.used {
		if !sl.series[i].swept {
			n++
		}
	}
	return n
}

// move takes the known series of a slab to another one. What is left behind is
// swept, and says where it went.
func (r *register) move(from *slab, y *symbols) {
	from.moved = make([]*series, from.used)
	for i := range from.moved {
		old := &from.series[i]
		if old.swept {
			continue
		}
		s, _ := r.place(y, old.called())
		names := s.names
		s.life = old.life
		s.names, s.tag = names, old.tag
		from.moved[i] = s
		old.leave()
	}
}

// leave makes a series swept: all that it knew but its names is let go. Its
// Known is not written, because receivers may read it.
func (s *series) leave() { s.life = life{names: s.names, swept: true} }

// current is the series, wherever it moved.
func (s *series) current() *series {
	for s.swept && s.slab.moved != nil && s.slab.moved[s.place] != nil {
		s = s.slab.moved[s.place]
	}
	return s
}
