package sli

// events reads a point of a stream of events: it counts whole, whatever came
// before. The time since the point before is known, unless it was long.
func (c *counter) events(p *Point) verdict {
	if reason := check(p); reason != "" {
		return verdict{reason: reason}
	}
	from := p.Time
	if c.seen && c.time < p.Time && !gap(c.time, p.Time, 0) {
		from = c.time
	}
	if !c.seen || p.Time > c.time {
		c.seen = true
		c.take(p)
	}
	return verdict{increment: increment{from: from, to: p.Time, value: value(p)}, counted: true}.sane()
}
