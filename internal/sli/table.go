package sli

import "hash/maphash"

// table finds numbers by a hash of what they stand for. A map of strings to
// pointers takes some forty bytes of an entry; this takes eleven, because what
// a number stands for is looked at where it is.
//
// Entries stand in the order of their hashes, so that to write the table anew
// is to walk over memory from its beginning to its end: a million entries in
// milliseconds.
type table struct {
	slots []uint64 // the hash, then the number plus one; 0: free. Linear probing
	used  int
}

// hashOf is for tables of this process.
func hashOf(b []byte) uint32 { return uint32(maphash.Bytes(keySeed, b) >> 32) }

// find returns the number under a hash that is the one looked for.
func (t *table) find(hash uint32, is func(number uint32) bool) (uint32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	for i := t.home(hash); ; i = t.after(i) {
		slot := t.slots[i]
		if slot == 0 {
			return 0, false
		}
		if number := uint32(slot) - 1; uint32(slot>>32) == hash && is(number) {
			return number, true
		}
	}
}

// home is where the entries of a hash begin.
func (t *table) home(hash uint32) int { return int(uint64(hash) * uint64(len(t.slots)) >> 32) }

func (t *table) after(i int) int {
	if i++; i == len(t.slots) {
		return 0
	}
	return i
}

// add takes in a number that is not there.
func (t *table) add(hash, number uint32) {
	if t.used >= len(t.slots)/5*4 {
		t.rewrite(len(t.slots)/4*5+64, func(n uint32) (uint32, bool) { return n, true })
	}
	t.put(hash, number)
}

func (t *table) put(hash, number uint32) {
	i := t.home(hash)
	for t.slots[i] != 0 {
		i = t.after(i)
	}
	t.slots[i] = uint64(hash)<<32 | uint64(number+1)
	t.used++
}

// rewrite makes the table anew, of so many slots, with what is kept, under the
// numbers that keep says.
func (t *table) rewrite(slots int, keep func(number uint32) (uint32, bool)) {
	old := t.slots
	*t = table{slots: make([]uint64, slots)}
	for _, slot := range old {
		if slot == 0 {
			continue
		}
		if number, ok := keep(uint32(slot) - 1); ok {
			t.put(uint32(slot>>32), number)
		}
	}
}
