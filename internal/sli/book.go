package sli

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
)

// Key stands for a series as one sender spells it: a hash of the bytes that
// name it in a request, so that a series which was read once need not be read
// again. 0 stands for none.
//
// Two spellings share a key with a probability of 2^-64 for each pair: among a
// million series once in forty million starts. The hash is seeded anew by each
// process, so nobody can choose bytes that collide.
type Key uint64

var keySeed = maphash.MakeSeed()

// KeyOf is the key of a spelling. What kind of message it comes from is part
// of it: salt.
func KeyOf(spelling []byte, salt uint64) Key {
	return Key(maphash.Bytes(keySeed, spelling)).With(salt)
}

// With is a key for k and something more, such as which bucket of a histogram.
func (k Key) With(salt uint64) Key {
	// The finaliser of splitmix64: every bit of both decides about every bit.
	x := uint64(k) + 0x9e3779b97f4a7c15*(salt+1)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return Key(max(x, 1))
}

// Known is a series that the tracker knows, or knows that no SLO looks at. It
// stays good for as long as anyone holds it.
type Known struct {
	slab  *slab // of the series; nil: no SLO looks at it
	tag   uint32
	place uint8 // in the slab
}

func (k *Known) series() *series { return &k.slab.series[k.place] }

// Ignored says that no SLO looks at the series: its points need not be handed
// over.
func (k *Known) Ignored() bool { return k.slab == nil }

// Tag is what the receiver gave with the series when it was learnt.
func (k *Known) Tag() uint32 { return k.tag }

// Book finds known series by key. Any goroutine may read it; the tracker's
// owner alone writes, and readers do not wait for it.
type Book struct {
	page    atomic.Pointer[Page]
	limit   int
	ignored map[uint32]*Known // by tag
}

// Page is the book at one time. What was found in it once is found again, so a
// request reads one page from its beginning to its end.
type Page struct {
	slots []slot // in the order of their keys; linear probing
	used  int    // owner only
}

type slot struct {
	key   atomic.Uint64 // 0: free; set after known, and never changed
	known atomic.Pointer[Known]
}

const smallestPage = 1 << 10

// NewBook returns a book for so many series: each under a few spellings, and
// as many that no SLO looks at.
func NewBook(series int) *Book { return newBook(4*series + smallestPage) }

func newBook(limit int) *Book {
	b := &Book{limit: limit, ignored: map[uint32]*Known{}}
	b.page.Store(newPage(smallestPage))
	return b
}

func newPage(size int) *Page { return &Page{slots: make([]slot, size)} }

// Page is the newest page.
func (b *Book) Page() *Page { return b.page.Load() }

// Find returns the series that was learnt under a key; nil if none was.
func (p *Page) Find(k Key) *Known {
	for i := p.start(uint64(k)); ; i = p.after(i) {
		s := &p.slots[i]
		switch s.key.Load() {
		case uint64(k):
			return s.known.Load()
		case 0:
			return nil
		}
	}
}

// start is where the look-up of a key begins. Keys in their order begin in that
// order, so a page is written anew from its beginning to its end.
func (p *Page) start(key uint64) uint {
	i, _ := bits.Mul64(key, uint64(len(p.slots)))
	return uint(i)
}

func (p *Page) after(i uint) uint {
	if i++; i == uint(len(p.slots)) {
		return 0
	}
	return i
}

// learn keeps a series under a key, if there is room: without, it is read each
// time, which costs time but loses nothing.
func (b *Book) learn(k Key, known *Known) {
	p := b.page.Load()
	if p.used >= b.limit {
		return
	}
	if p.used >= len(p.slots)/5*4 { // small steps: what is free is memory, too
		p = b.rewrite(len(p.slots)/4*5, func(k *Known) *Known { return k })
	}
	p.put(uint64(k), known)
}

// ignore keeps a key under which no SLO looks.
func (b *Book) ignore(k Key, tag uint32) {
	known := b.ignored[tag]
	if known == nil {
		known = &Known{tag: tag}
		b.ignored[tag] = known
	}
	b.learn(k, known)
}

// put adds a key, unless it is there.
func (p *Page) put(key uint64, known *Known) {
	for i := p.start(key); ; i = p.after(i) {
		s := &p.slots[i]
		switch s.key.Load() {
		case key:
			return
		case 0:
			s.known.Store(known)
			s.key.Store(key) // from here on readers find it
			p.used++
			return
		}
	}
}

// rewrite makes a new page of what is kept, under which name ever.
func (b *Book) rewrite(size int, keep func(*Known) *Known) *Page {
	old, p := b.page.Load(), newPage(size)
	for i := range old.slots {
		s := &old.slots[i]
		if known := s.known.Load(); known == nil {
			continue
		} else if known = keep(known); known != nil {
			p.put(s.key.Load(), known)
		}
	}
	b.page.Store(p)
	return p
}

// strike keeps what keep says in place of each series, nil: nothing. Once the
// book is full it forgets everything: whatever is still sent is learnt again.
func (b *Book) strike(keep func(*Known) *Known) {
	p := b.page.Load()
	if p.used >= b.limit {
		keep = func(*Known) *Known { return nil }
	}
	b.rewrite(len(p.slots), keep)
}
