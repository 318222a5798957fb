package sli

import (
	"slices"
	"sort"
)

// Where a composite stands in time: from where it counts, what it gives up, and
// what it takes back.

// begin finds the first slice of which something is known: a composite that is
// new starts with what its parts have counted so far.
func (c *composition) begin(wall int64) {
	first := c.oldest(wall)
	n := int((wall - first) / c.length)
	// What is known of a stretch only grows with it.
	i := sort.Search(n, func(i int) bool { return c.observed(first, first+int64(i+1)*c.length) })
	if i < n {
		c.end = first + int64(i)*c.length
	}
}

// oldest is where the first slice begins that can still be told from others.
func (c *composition) oldest(wall int64) int64 {
	limit := wall - c.reach
	return limit - limit%c.length + c.length
}

// skip gives up slices that cannot be told apart any more.
func (c *composition) skip(wall int64) {
	if oldest := c.oldest(wall); c.end < oldest {
		c.end, c.told = oldest, nil
	}
}

// rewind takes back slices that lie ahead: the clock was set forward when they
// were counted, and now it is right.
func (in *Instance) rewind(wall int64) {
	c := in.composition
	if c.end <= wall+int64(ahead) {
		return
	}
	for last := len(c.told) - 1; last >= 0 && c.end > wall; last-- {
		in.post(c.end, c.told[last], outcome{})
		c.told, c.end = c.told[:last], c.end-c.length
	}
	if c.end > wall {
		c.end, c.told = wall-wall%c.length, nil
	}
}

// trim forgets the slices that ended before a time.
func (c *composition) trim(limit int64) {
	old := len(c.told) - int(max(0, (c.end-limit)/c.length+1))
	if old > 0 {
		c.told = slices.Delete(c.told, 0, old)
	}
}
