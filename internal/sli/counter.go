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
	// The newest sample: its time, the stream's start, and its value, the bits
	// of an integer or of a float.
	time, start int64
	bits        uint64
	rare        *rare // what few series need; nil until it is
	// interval is the usual time between two samples, 0 until known. In
	// milliseconds, to fit.
	interval    uint32
	isInt, seen bool
	temporality Temporality
	// forgotten says that the last value was too old to subtract, or of
	// another kind: the next one is a baseline.
	forgotten bool
}

// usual is the usual time between two samples, 0 until known.
func (c *counter) usual() int64 { return int64(c.interval) * int64(time.Millisecond) }

// setUsual rounds up: a short interval is not an unknown one.
func (c *counter) setUsual(interval int64) {
	const most = math.MaxUint32 * int64(time.Millisecond)
	c.interval = uint32((min(max(interval, 0), most) + int64(time.Millisecond) - 1) / int64(time.Millisecond))
}

// take makes p the newest sample.
func (c *counter) take(p *Point) {
	c.time, c.start, c.isInt = p.Time, p.Start, p.IsInt
	c.bits = math.Float64bits(p.Value)
	if p.IsInt {
		c.bits = uint64(p.Int)
	}
}

func (c *counter) integer() int64 { return int64(c.bits) }

func (c *counter) value() float64 {
	if c.isInt {
		return float64(c.integer())
	}
	return math.Float64frombits(c.bits)
}

// equals reports whether a point has the same value.
func (c *counter) equals(p *Point) bool {
	if c.isInt && p.IsInt {
		return c.integer() == p.Int
	}
	return c.value() == value(p)
}

// rare is what a series remembers of resets, of a second writer, of deltas, of
// its end, and as a gauge or a native histogram.
type rare struct {
	deltas
	// peak is the value before the last sample, if that was a reset; else 0.
	peak float64
	// back counts the small drops in a row after which the value was back.
	back int
	// quarantine holds a stream that several writers share.
	quarantine quarantine
	native     *native // set once a native histogram came
	sampled    int64   // event time of the newest sample as a gauge
	gone       int64   // event time at which the series ended, 0 while it lives
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

// begin forgets what was read so far, but when that was.
func (c *counter) begin() {
	rest := c.rare
	*c = counter{time: c.time, temporality: c.temporality, forgotten: c.forgotten}
	if rest != nil && (rest.sampled != 0 || rest.gone != 0) {
		c.rare = &rare{sampled: rest.sampled, gone: rest.gone}
	}
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
		c.seen = true
		c.take(p)
		if b.born {
			return verdict{
				increment: increment{b.from, p.Time, value(p), gap(b.from, p.Time, b.interval)},
				counted:   true, doubtful: !b.certain,
			}.sane()
		}
		return verdict{}
	}
	if p.Time <= c.time {
		return verdict{reason: c.repeated(p)}
	}
	if reason, baseline := c.collides(p); reason != "" || baseline {
		if baseline {
			c.advance(p)
		}
		return verdict{reason: reason}
	}
	v := verdict{increment: increment{
		c.time, p.Time, c.difference(p), gap(c.time, p.Time, c.usual()),
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
	case p.Time < c.time:
		return ReasonOutOfOrder
	case c.equals(p):
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
	if p.Start == 0 || c.start == 0 || p.Start == c.start {
		return false
	}
	return p.Start < c.start || p.Start+int64(time.Second) < c.time
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
	if p.Start != 0 && c.start != 0 && p.Start != c.start && p.Start < p.Time {
		return value(p)
	}
	if p.IsInt && c.isInt { // exact beyond 2^53
		if p.Int < c.integer() {
			return float64(p.Int)
		}
		return float64(p.Int - c.integer())
	}
	if value(p) < c.value() {
		return value(p)
	}
	return value(p) - c.value()
}

// advance makes p the last sample.
func (c *counter) advance(p *Point) {
	waited, before := gap(c.time, p.Time, c.usual()), c.value()
	c.learn(p.Time - c.time)
	if dropped := value(p) < before; dropped || c.rare != nil {
		r := c.rarely()
		if r.peak == 0 && !dropped {
			r.back = 0
		}
		r.peak = 0
		// A later start is a restart, and so is a drop after a gap: it has had
		// the time to come back to where it was.
		if dropped && p.Start <= c.start && !waited {
			r.peak = before
		}
	}
	start := c.start
	c.take(p)
	if p.Start == 0 {
		c.start = start
	}
}

// learn keeps the usual interval: it follows a shorter one at once and a
// longer one only by a quarter, so that one gap does not look like a habit.
func (c *counter) learn(interval int64) {
	usual := c.usual()
	if usual == 0 || interval <= usual {
		c.setUsual(interval)
		return
	}
	c.setUsual(min(interval, usual+min(interval, 2*usual)/4))
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
	newest, seen := c.time, &c.rarely().deltas
	seen.forget(max(newest, d.time) - remember)
	switch {
	case c.seen && d.time < newest && d.time < seen.floor(newest-remember):
		return verdict{reason: ReasonTooOld}
	case seen.known(d):
		return verdict{reason: ReasonDuplicate}
	}
	usual := c.usual()
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
			c.setUsual(p.Time - p.Start)
		}
		c.seen = true
		c.take(p)
	}
	seen.remember(d)
	return v
}

// covers is the start of what a delta covers: where it does not say, the point
// before it.
func (c *counter) covers(d deltaPoint) int64 {
	if d.start == 0 && c.seen && c.time < d.time && !gap(c.time, d.time, c.usual()) {
		return c.time
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
