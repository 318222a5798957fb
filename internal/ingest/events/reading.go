package events

import (
	"math"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// reading is the memory that one request needs while it is looked through. It
// belongs to that request, and to another one after it.
type reading struct {
	limits    ingest.Limits
	directory directory
	tally     tally
	event     event
	// resource are the cells of the resource at hand.
	resource []cell
	outputs  []bool // which ones the event at hand is wanted by

	plan *plan
	now  int64
	// oldest and latest are the bounds of time within which events lie.
	oldest, latest int64

	refusals refusals
	accepted int
	missing  [missings]int
	newest   int64 // time of the newest event
}

// What an event may lack and is counted all the same.
const (
	missingService = iota
	missingSeverity
	missingBody
	missings
)

var missingNames = [missings]string{"service", "severity", "body"}

// ahead is how far in the future an event may lie: clocks differ.
const ahead = time.Minute

// begin makes the reading one of a request.
func (r *reading) begin(p *plan, now time.Time) {
	r.plan, r.now = p, now.UnixNano()
	r.oldest, r.latest = r.now-p.reach, r.now+int64(ahead)
	r.directory.open(p.columns)
	r.tally.begin()
	r.event = event{cells: resized(r.event.cells, len(p.columns.names))}
	r.resource = resized(r.resource, len(p.columns.names))
	r.outputs = resized(r.outputs, len(p.outputs))
	r.refusals, r.accepted, r.missing, r.newest = refusals{}, 0, [missings]int{}, 0
}

// end drops what belongs to the request.
func (r *reading) end() {
	clear(r.event.cells)
	clear(r.resource)
	r.event = event{cells: r.event.cells}
	r.tally.begin()
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// enter reads a resource. Where it is refused, so are all of its events.
func (r *reading) enter(attributes pcommon.Map) reason {
	clear(r.resource)
	if refused := r.fill(r.resource, attributes, ofResource); refused != "" {
		return refused
	}
	r.event.service = ""
	if service, ok := attributes.Get(serviceName); ok {
		r.event.service = service.AsString()
	}
	if !utf8.ValidString(r.event.service) {
		return notUTF8
	}
	return ""
}

// fill puts attributes into cells. least is the rank of those under their
// Prometheus names; the next higher one is that of those under their own.
func (r *reading) fill(cells []cell, attributes pcommon.Map, least rank) reason {
	for key, value := range attributes.All() {
		for _, t := range r.directory.find(key) {
			text := value.AsString()
			if refused := r.check(t.place, text); refused != "" {
				return refused
			}
			rank := least
			if t.raw {
				rank++
			}
			cells[t.place].put(text, rank)
		}
	}
	return ""
}

// check says why a value cannot be looked at.
func (r *reading) check(place int, text string) reason {
	switch {
	case !utf8.ValidString(text):
		return notUTF8
	case r.plan.columns.labels[place] && len(text) > r.limits.MaxLabelValueBytes:
		return attributeLimit
	}
	return ""
}

// look fills the event's cells.
func (r *reading) look(attributes pcommon.Map) reason {
	copy(r.event.cells, r.resource)
	if refused := r.fill(r.event.cells, attributes, ofEvent); refused != "" {
		return refused
	}
	for _, c := range r.plan.own {
		text := c.value(&r.event)
		if refused := r.check(c.place, text); refused != "" {
			return refused
		}
		r.event.cells[c.place].put(text, own)
	}
	return ""
}

// timely says why an event of that time is not taken.
func (r *reading) timely(at pcommon.Timestamp) reason {
	switch {
	case at > math.MaxInt64 || int64(at) > r.latest:
		return inFuture
	case int64(at) < r.oldest:
		return tooOld
	}
	return ""
}

// count counts the event that was looked at. It is bad by itself, SLOs aside,
// where faulty says so.
func (r *reading) count(name string, faulty bool) {
	e := &r.event
	r.accepted++
	r.newest = max(r.newest, e.at)
	if e.weight == 0 {
		return
	}
	for _, list := range r.plan.rules.find(e.service, name) {
		for _, rule := range list {
			r.classify(rule)
		}
	}
	for _, list := range r.plan.wants.find(e.service, name) {
		for _, want := range list {
			r.claim(want)
		}
	}
	for i, wanted := range r.outputs {
		if wanted {
			r.outputs[i] = false
			r.project(&r.plan.outputs[i], faulty)
		}
	}
}

// classify counts the event for an SLO.
func (r *reading) classify(rule *rule) {
	e := &r.event
	if e.at < r.now-rule.reach {
		return
	}
	switch rule.judge.judge(e) {
	case good:
		r.tally.count(rule.good, e.cells, rule.group).add(e, e.weight)
	case bad:
		c := r.tally.count(rule.bad, e.cells, rule.group)
		c.add(e, e.weight)
		c.keep(e.trace)
	}
}

// claim notes the outputs that are to count the event.
func (r *reading) claim(w *want) {
	if r.event.at < r.now-w.reach || !w.of.holds(r.event.cells) {
		return
	}
	for _, i := range w.outputs {
		r.outputs[i] = true
	}
}

// project counts the event under an output.
func (r *reading) project(o *output, faulty bool) {
	n, ok := o.adds(&r.event)
	if !ok {
		return
	}
	c := r.tally.count(o.slot, r.event.cells, r.plan.places)
	c.add(&r.event, n)
	if faulty {
		c.keep(r.event.trace)
	}
}
