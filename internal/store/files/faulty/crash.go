package faulty

import (
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
)

// Kill ends the process and returns what the next one finds: all that was
// written, and in it what is not yet synced is still not. It has no faults and
// no hooks. From now on the old one answers ErrDead.
func (f *FS) Kill() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	next := New()
	next.dirs = maps.Clone(f.dirs)
	copies := map[*node]*node{nil: nil}
	of := func(n *node) *node {
		if _, ok := copies[n]; !ok {
			copies[n] = &node{slices.Clone(n.data), n.synced, slices.Clone(n.doubts)}
		}
		return copies[n]
	}
	for name, n := range f.names {
		next.names[name] = of(n)
	}
	for name, n := range f.durable {
		next.durable[name] = of(n)
	}
	for _, c := range f.pending {
		next.pending = append(next.pending, change{c.from, c.to, of(c.node)})
	}
	return next
}

// Crash cuts the power and returns what the next process finds: what was
// synced, and of the rest what rng leaves. All of that is durable. It has no
// faults and no hooks. From now on the old one answers ErrDead.
func (f *FS) Crash(rng *rand.Rand) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	next := New()
	next.dirs = maps.Clone(f.dirs)
	names := f.surviving(rng)
	for _, name := range slices.Sorted(maps.Keys(names)) { // so that a seed always does the same
		data := names[name].surviving(rng)
		next.names[name] = &node{data: data, synced: len(data)}
	}
	next.durable = maps.Clone(next.names)
	return next
}

// surviving are the names that a power loss leaves: most journalling file
// systems keep the first so many changes, others any of them.
func (f *FS) surviving(rng *rand.Rand) map[string]*node {
	names := maps.Clone(f.durable)
	ordered := rng.IntN(2) == 0
	first := rng.IntN(len(f.pending) + 1)
	for i, c := range f.pending {
		if ordered && i < first || !ordered && rng.IntN(2) == 0 {
			c.apply(names)
		}
	}
	return names
}

// surviving is the content that a power loss leaves.
func (n *node) surviving(rng *rand.Rand) []byte {
	data := slices.Clone(n.data[:n.synced+rng.IntN(len(n.data)-n.synced+1)])
	for _, d := range n.doubts {
		if rng.IntN(2) == 0 {
			clear(data[min(d.from, len(data)):min(d.to, len(data))])
		}
	}
	tear(rng, data[n.synced:])
	return data
}

// tear may put wrong bytes into what was not synced.
func tear(rng *rand.Rand, tail []byte) {
	if len(tail) == 0 {
		return
	}
	at := rng.IntN(len(tail))
	switch rng.IntN(4) {
	case 0:
		tail[at] ^= 1 << rng.IntN(8)
	case 1: // a page that was never written
		clear(tail[at:min(at+4096, len(tail))])
	case 2: // the size came to the disk, the bytes did not
		clear(tail[at:])
	}
}

// Edit changes a file's content as bit rot does: unseen, and for good. It
// reports whether there is such a file.
func (f *FS) Edit(name string, edit func(data []byte) []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.names[name]
	if n == nil {
		return false
	}
	n.data = edit(slices.Clone(n.data))
	n.synced = len(n.data)
	return true
}

// Put makes or replaces a file, and its folder, for good.
func (f *FS) Put(name string, data []byte) {
	_ = f.MkdirAll(filepath.Dir(name))
	f.mu.Lock()
	defer f.mu.Unlock()
	n := &node{data: slices.Clone(data), synced: len(data)}
	f.names[name], f.durable[name] = n, n
}

// Content is a copy of a file's content, nil if there is none.
func (f *FS) Content(name string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.names[name]; n != nil {
		return slices.Clone(n.data)
	}
	return nil
}

// Names are the paths of all files, in order.
func (f *FS) Names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.names))
}
