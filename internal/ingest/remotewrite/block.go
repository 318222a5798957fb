package remotewrite

import (
	"fmt"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// block is a stretch of a request's series. They are looked up together,
// because each look-up waits for memory: one after the other they would wait
// in turn, together they wait at once.
type block struct {
	version version
	before  int // how many series of the request came before
	n       int
	series  [32]candidate
}

// candidate is one series of a request which may be known.
type candidate struct {
	bytes   []byte
	outline outline
	key     sli.Key // 0: it has to be read
	known   *sli.Known
	// kind and from are what its tag says; of one that is not known, whether a
	// silent replica sends it.
	kind sli.Type
	from replicaNumber
}

// add takes the next time series of the request.
func (d *decoder) add(b []byte) error {
	if d.block.n == len(d.block.series) {
		if err := d.flush(); err != nil {
			return err
		}
	}
	d.block.series[d.block.n].bytes = b
	d.block.n++
	return nil
}

// flush decodes what is in the block, and empties it.
func (d *decoder) flush() error {
	series := d.block.series[:d.block.n]
	if d.page != nil {
		d.findAll(series)
	}
	for i := range series {
		if err := d.take(&series[i]); err != nil {
			return fmt.Errorf("time series %d: %w", d.block.before+i+1, err)
		}
	}
	d.block.before += len(series)
	d.block.n = 0
	return nil
}

// findAll looks up series. Each loop asks for memory that the one before told
// of; nothing in a loop depends on what it did last.
func (d *decoder) findAll(series []candidate) {
	for i := range series {
		c := &series[i]
		c.key = d.keyOf(c)
	}
	for i := range series {
		c := &series[i]
		if c.known = nil; c.key != 0 {
			c.known = d.page.Find(c.key)
		}
	}
	for i := range series {
		c := &series[i]
		if c.known != nil {
			c.kind, c.from = openTag(c.known.Tag())
		} else {
			c.from = d.silentReplica(c.key)
		}
	}
}

// keyOf is the key of a series that has an outline; 0 if it has none.
func (d *decoder) keyOf(c *candidate) sli.Key {
	if d.block.version == version2 {
		return d.key2(&c.outline, c.bytes)
	}
	return d.key1(&c.outline, c.bytes)
}

// take decodes one series: its points if that is enough, everything if not.
func (d *decoder) take(c *candidate) error {
	if c.known != nil || c.from != noReplica {
		if done, err := d.quick(c); done || err != nil {
			return err
		}
	}
	if d.block.version == version2 {
		return d.slow2(c.bytes, c.key)
	}
	return d.slow1(c.bytes, c.key)
}
