package events

import (
	"github.com/prometheus/otlptranslator"
)

// columns are the names that rules ask for, each with a place in a row of cells.
// An attribute that nobody asks for is not looked at.
type columns struct {
	names  []string
	places map[string]int
	// labels are the places of what becomes the value of a label.
	labels []bool
}

func newColumns() *columns { return &columns{places: map[string]int{}} }

// place finds or makes the place of a name.
func (c *columns) place(name string) int {
	place, ok := c.places[name]
	if !ok {
		place = len(c.names)
		c.places[name] = place
		c.names = append(c.names, name)
		c.labels = append(c.labels, false)
	}
	return place
}

// label is the place of a name whose value becomes that of a label.
func (c *columns) label(name string) int {
	place := c.place(name)
	c.labels[place] = true
	return place
}

// cell is what an event has under a name; the zero value is nothing.
type cell struct {
	value string
	rank  rank
}

// rank says where a value is from. The higher one wins, of the same the first.
type rank uint8

const (
	absent        rank = iota
	ofResource         // attribute of the resource, under its Prometheus name
	ofResourceRaw      // the same under its own
	ofEvent            // attribute of the event, under its Prometheus name
	ofEventRaw         // the same under its own
	own                // no attribute: the span's name, its status
)

// put sets a cell unless a better value is there.
func (c *cell) put(value string, r rank) {
	if r > c.rank {
		*c = cell{value, r}
	}
}

// target is a place that an attribute goes to.
type target struct {
	place int
	raw   bool // under its own name
}

// maxAttributes bounds the attribute names that are remembered.
const maxAttributes = 4096

// directory remembers where attributes go. It belongs to one goroutine.
type directory struct {
	columns *columns
	known   map[string][]target
}

// open makes it one for some columns.
func (d *directory) open(c *columns) {
	if d.columns != c {
		d.columns, d.known = c, map[string][]target{}
	}
}

// find returns where an attribute goes: nowhere, nearly always.
func (d *directory) find(attribute string) []target {
	targets, ok := d.known[attribute]
	if ok {
		return targets
	}
	if place, ok := d.columns.places[attribute]; ok {
		targets = append(targets, target{place, true})
	}
	if name := otlptranslator.NormalizeLabel(attribute); name != attribute {
		if place, ok := d.columns.places[name]; ok {
			targets = append(targets, target{place, false})
		}
	}
	if len(d.known) >= maxAttributes {
		clear(d.known)
	}
	d.known[attribute] = targets
	return targets
}
