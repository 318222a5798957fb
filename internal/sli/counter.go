package sli

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Counting rules that need a length of time.
const (
	// longGap is the least gap between two samples over which an increment is
	// spread; a shorter one lands at its end.
	longGap = 2 * time.Minute
	// longIntervals is the same in sample intervals; the greater of the two
	// holds.
	longIntervals = 4
	// jitter is how far the times of one sample set may lie apart: senders
	// read their clock for each metric.
	jitter = 250 * time.Millisecond
	// calm is how long a quarantined series must have a single start time
	// before it is counted again.
	calm = 10 * time.Minute
)

// increment is what one point added: value events in (from, to].
type increment struct {
	from, to int64
	value    float64
	// spread says that nobody looked for so long that the events must be
	// spread over the time; otherwise they lie at to.
	spread bool
}

// gap reports whether so much time without a sample is a gap, given the usual
// time between samples, 0 if not known.
func gap(from, to, interval int64) bool {
	return to-from > max(int64(longGap), longIntervals*interval)
}

// counter reads one series of a counter: it remembers the last sample and
// says what the next one adds.
type counter struct {
	last reading // newest sample; its start is the stream's
	// interval is the usual time between two samples, 0 until known.
	interval int64
	seen     bool
	// rare is what few series need; nil until it is.
	rare *rare
}

// reading is a sample as it is remembered.
type reading struct {
	time, start int64
	bits        uint64 // of the value: an integer, or a float
	isInt       bool
}

func readingOf(p *Point) reading {
	if p.IsInt {
		return reading{p.Time, p.Start, uint64(p.Int), true}
	}
	return reading{p.Time, p.Start, math.Float64bits(p.Value), false}
}

func (r *reading) integer() int64 { return int64(r.bits) }

func (r *reading) value() float64 {
	if r.isInt {
		return float64(r.integer())
	}
	return math.Float64frombits(r.bits)
}

// equals reports whether a point has the same value.
func (r *reading) equals(p *Point) bool {
	if r.isInt && p.IsInt {
		return r.integer() == p.Int
	}
	return r.value() == value(p)
}

// rare is what a counter remembers of resets, of a second writer, and of
// deltas.
type rare struct {
	deltas
	// peak is the value before the last sample, if that was a reset; else 0.
	peak float64
	// back counts the small drops in a row after which the value was back.
	back int
	// quarantine holds a stream that several writers share.
	quarantine quarantine
}

type quarantine struct {
	on    bool
	start int64   // the start time seen last
	value float64 // and the value
	since int64   // event time since which neither went back
}

func (c *counter) rarely() *rare {
	if c.rare == nil {
		c.rare = &rare{}
	}
	return c.rare
}

// quarantined reports whether several writers share the stream.
func (c *counter) quarantined() bool { return c.rare != nil && c.rare.quarantine.on }

// verdict says what became of a point.
type verdict struct {
	increment
	// counted: the increment is to be added. Without it and without a reason
	// the point became a baseline.
	counted bool
	// doubtful: only once a sibling confirms the birth.
	doubtful bool
	reason   Reason
}

// birth says whether a series that was never seen may count from zero, and
// since when it can have counted.
type birth struct {
	born bool
	// certain: the series told its start. Otherwise a sibling must be in the
	// same sample set.
	certain  bool
	from     int64
	interval int64 // of its family's sample sets
}

// check refuses values no counter can have.
func check(p *Point) Reason {
	switch {
	case p.IsInt && p.Int < 0:
		return ReasonNegative
	case p.IsInt:
		return ""
	case math.IsNaN(p.Value) || math.IsInf(p.Value, 0):
		return ReasonNotANumber
	case p.Value < 0:
		return ReasonNegative
	}
	return ""
}

// cumulative reads the next point of a cumulative stream.
func (c *counter) cumulative(p *Point, b birth) verdict {
	if reason := check(p); reason != "" {
		return verdict{reason: reason}
	}
	if !c.seen {
		c.seen, c.last = true, readingOf(p)
		if b.born {
			return verdict{
				increment: increment{b.from, p.Time, value(p), gap(b.from, p.Time, b.interval)},
				counted:   true, doubtful: !b.certain,
			}.sane()
		}
		return verdict{}
	}
	if p.Time <= c.last.time {
		return verdict{reason: c.repeated(p)}
	}
	if reason, baseline := c.collides(p); reason != "" || baseline {
		if baseline {
			c.advance(p)
		}
		return verdict{reason: reason}
	}
	v := verdict{increment: increment{
		c.last.time, p.Time, c.difference(p), gap(c.last.time, p.Time, c.interval),
	}, counted: true}
	c.advance(p)
	return v.sane()
}

// sane refuses an increment that no counter makes between two samples, such
// as one that fell below zero and wrapped. It is beyond what counts exactly.
func (v verdict) sane() verdict {
	if v.value > 1<<53 {
		return verdict{reason: ReasonBadValue}
	}
	return v
}

// repeated judges a point that is not newer than the last one.
func (c *counter) repeated(p *Point) Reason {
	switch {
	case p.Time < c.last.time:
		return ReasonOutOfOrder
	case c.last.equals(p):
		return ReasonDuplicate
	}
	return ReasonMultipleWriters
}

// collides watches start times: a stream whose start goes back, or jumps to a
// moment before its own newest sample, is written by two senders, and the
// difference of their values means nothing.
func (c *counter) collides(p *Point) (reason Reason, baseline bool) {
	if !c.quarantined() {
		if !c.startGoesBack(p) && !c.returns(p) {
			return "", false
		}
		c.rarely().quarantine = quarantine{true, p.Start, value(p), p.Time}
		return ReasonMultipleWriters, false
	}
	q := &c.rare.quarantine
	if p.Start != q.start || value(p) < q.value {
		q.since = p.Time
	}
	q.start, q.value = p.Start, value(p)
	if p.Time-q.since < int64(calm) {
		return ReasonMultipleWriters, false
	}
	q.on = false
	return "", true // one writer is left: begin again from its value
}

// startGoesBack: or it jumps to a moment before the stream's newest sample. A
// later start is a restart.
func (c *counter) startGoesBack(p *Point) bool {
	if p.Start == 0 || c.last.start == 0 || p.Start == c.last.start {
		return false
	}
	return p.Start < c.last.start || p.Start+int64(time.Second) < c.last.time
}

// returns: right after a drop the value is back where it was, and hardly
// higher. What began again from zero hardly does that; a second writer whose
// samples lie between does. A small counter proves it only by repetition.
func (c *counter) returns(p *Point) bool {
	if c.rare == nil || c.rare.peak == 0 {
		return false
	}
	v, peak := value(p), c.rare.peak
	if v < peak || v > max(peak*1.01, peak+1) {
		return false
	}
	c.rare.back++
	return peak >= 100 || c.rare.back > 2
}

// difference is what was counted since the last sample. A drop is a reset, and
// so is a later start: then the new value counts whole.
func (c *counter) difference(p *Point) float64 {
	if p.Start != 0 && c.last.start != 0 && p.Start != c.last.start && p.Start < p.Time {
		return value(p)
	}
	if p.IsInt && c.last.isInt { // exact beyond 2^53
		if p.Int < c.last.integer() {
			return float64(p.Int)
		}
		return float64(p.Int - c.last.integer())
	}
	if value(p) < c.last.value() {
		return value(p)
	}
	return value(p) - c.last.value()
}

// advance makes p the last sample.
func (c *counter) advance(p *Point) {
	waited, before := gap(c.last.time, p.Time, c.interval), c.last.value()
	c.learn(p.Time - c.last.time)
	if dropped := value(p) < before; dropped || c.rare != nil {
		r := c.rarely()
		if r.peak == 0 && !dropped {
			r.back = 0
		}
		r.peak = 0
		// A later start is a restart, and so is a drop after a gap: it has had
		// the time to come back to where it was.
		if dropped && p.Start <= c.last.start && !waited {
			r.peak = before
		}
	}
	start := c.last.start
	c.last = readingOf(p)
	if p.Start == 0 {
		c.last.start = start
	}
}

// learn keeps the usual interval: it follows a shorter one at once and a
// longer one only by a quarter, so that one gap does not look like a habit.
func (c *counter) learn(interval int64) {
	if c.interval == 0 || interval <= c.interval {
		c.interval = interval
		return
	}
	c.interval = min(interval, c.interval+min(interval, 2*c.interval)/4)
}

func value(p *Point) float64 {
	if p.IsInt {
		return float64(p.Int)
	}
	return p.Value
}

// deltas remembers the recent points of a delta stream, by which a point that
// is sent again is known. Unused, and empty, for cumulative ones.
type deltas struct {
	recent []deltaPoint // by time
}

// maxDeltas bounds what is remembered of one stream: a point each half second
// for ten minutes. The oldest give way.
const maxDeltas = 1200

type deltaPoint struct {
	start, time int64
	value       float64
}

// delta reads the next point of a delta stream. remember is how long points
// are kept; an older one that is not in order cannot be told from a
// repetition and is refused.
func (c *counter) delta(p *Point, remember int64) verdict {
	switch reason := check(p); {
	case reason != "":
		return verdict{reason: reason}
	case p.Start > p.Time:
		return verdict{reason: ReasonBadValue}
	}
	d := deltaPoint{start: p.Start, time: p.Time, value: value(p)}
	newest, seen := c.last.time, &c.rarely().deltas
	seen.forget(max(newest, d.time) - remember)
	switch {
	case c.seen && d.time < newest && d.time < seen.floor(newest-remember):
		return verdict{reason: ReasonTooOld}
	case seen.known(d):
		return verdict{reason: ReasonDuplicate}
	}
	usual := c.interval
	if usual == 0 { // the first one: as long as they are
		usual = d.time - d.from()
	}
	from := c.covers(d)
	v := verdict{increment: increment{from, p.Time, d.value, gap(from, p.Time, usual)}, counted: true}.sane()
	if v.counted && seen.overlaps(d) {
		v.reason = ReasonMultipleWriters // counted, and reported
	}
	if !c.seen || p.Time > newest {
		if c.seen {
			c.learn(p.Time - newest)
		} else if p.Start != 0 {
			c.interval = p.Time - p.Start
		}
		c.seen, c.last = true, readingOf(p)
	}
	seen.remember(d)
	return v
}

// covers is the start of what a delta covers: where it does not say, the point
// before it.
func (c *counter) covers(d deltaPoint) int64 {
	if d.start == 0 && c.seen && c.last.time < d.time && !gap(c.last.time, d.time, c.interval) {
		return c.last.time
	}
	return d.from()
}

func (d deltaPoint) from() int64 {
	if d.start == 0 {
		return d.time
	}
	return d.start
}

// at is the index of the first remembered point at or after t.
func (ds *deltas) at(t int64) int {
	i, _ := slices.BinarySearchFunc(ds.recent, t, func(r deltaPoint, t int64) int { return cmp.Compare(r.time, t) })
	return i
}

func (ds *deltas) known(d deltaPoint) bool {
	for i := ds.at(d.time); i < len(ds.recent) && ds.recent[i].time == d.time; i++ {
		if ds.recent[i] == d {
			return true
		}
	}
	return false
}

// overlaps looks at the neighbours in time: points of one writer are disjoint.
func (ds *deltas) overlaps(d deltaPoint) bool {
	i := ds.at(d.time)
	if i < len(ds.recent) && (ds.recent[i].time == d.time || ds.recent[i].from() < d.time) {
		return true
	}
	return i > 0 && ds.recent[i-1].time > d.from()
}

// floor is the time from which on a repetition would be known.
func (ds *deltas) floor(t int64) int64 {
	if len(ds.recent) >= maxDeltas {
		return max(t, ds.recent[0].time)
	}
	return t
}

func (ds *deltas) remember(d deltaPoint) {
	if len(ds.recent) >= maxDeltas {
		ds.recent = ds.recent[1:]
	}
	ds.recent = slices.Insert(ds.recent, ds.at(d.time), d)
}

// forget drops what is older than t. A fresh slice now and then frees what was
// cut off.
func (ds *deltas) forget(t int64) {
	if i := ds.at(t); i > 0 {
		ds.recent = ds.recent[i:]
	}
}
