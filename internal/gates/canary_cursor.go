package gates

import (
	"maps"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

const (
	// remembered is for how long the engine tells the events of members apart.
	remembered = 10 * time.Minute
	// movesAfter is when a cursor asks from a later time on, and patience is how much
	// before what was read last that is: what comes later than that is not counted.
	movesAfter = 3 * time.Minute
	patience   = time.Minute
)

// ask is Engine.Since of one instance; its Members are the counts by version.
type ask func(from time.Time) engine.Recent

// cursor reads what each version has had since it was read last. It asks for all
// that came after one time, and takes off what it has seen of it already: what the
// engine learns late is counted late, but once.
type cursor struct {
	// start is from when on it asks, and until is how far it has read; zero: nothing
	// was known yet.
	start, until time.Time
	// blur is how much earlier than start the question must say.
	blur time.Duration
	// seen is what was counted after start.
	seen map[string]budget.Counts
}

// read is what came after a time, the first time, and after that what came since the
// last one; nil: nothing is known now. Without ok what came since cannot be known
// any more, and the cursor is of no more use.
func (c *cursor) read(after time.Time, since ask) (more map[string]budget.Counts, ok bool) {
	if c.start.IsZero() {
		return c.first(since(after), after), true
	}
	r, found := c.from(c.start, since)
	if nothing(r) {
		return nil, true
	}
	if !found { // nobody knows it from there on any more, but perhaps from where it was read to
		if r, found = c.from(c.until, since); !found {
			return nil, nothing(r)
		}
		c.start, c.seen = c.until, nil
	}
	more = c.take(r)
	if c.until.Sub(c.start) > movesAfter {
		c.move(since)
	}
	return more, true
}

// first takes the first answer that says anything.
func (c *cursor) first(r engine.Recent, after time.Time) map[string]budget.Counts {
	if nothing(r) {
		return nil
	}
	c.start, c.blur = r.From, r.From.Sub(after)
	return c.take(r)
}

// nothing reports whether an answer says nothing: not even from when on it is.
func nothing(r engine.Recent) bool { return r.Members == nil || !r.From.Before(r.Until) }

// take counts what was not seen yet. What becomes less was too much before: it must
// grow beyond that again to be counted. A bad event waits for the event that it is.
func (c *cursor) take(r engine.Recent) map[string]budget.Counts {
	more, seen := map[string]budget.Counts{}, maps.Clone(c.seen)
	if seen == nil {
		seen = map[string]budget.Counts{}
	}
	for version, now := range r.Members {
		had := seen[version]
		added := budget.Counts{Total: max(0, now.Total-had.Total)}
		added.Bad = min(max(0, now.Bad-had.Bad), added.Total)
		more[version], seen[version] = added, had.Add(added)
	}
	c.seen, c.until = seen, r.Until
	return more
}

// from asks for what came after just that time. The engine leaves out what may
// have happened before the time that it is asked for, and how long that is changes.
func (c *cursor) from(start time.Time, since ask) (r engine.Recent, ok bool) {
	blur := c.blur
	for range 2 {
		r = since(start.Add(-blur))
		if nothing(r) {
			return r, false
		}
		if r.From.Equal(start) {
			c.blur = blur
			return r, true
		}
		blur += r.From.Sub(start)
	}
	return r, false
}

// move asks from a later time on, lest it is forgotten. It is tried again with the
// next reading if the engine has gone on meanwhile.
func (c *cursor) move(since ask) {
	next := *c
	next.start, next.seen = c.until.Add(-patience), nil
	r, ok := next.from(next.start, since)
	if ok && r.Until.Equal(c.until) {
		next.take(r)
		*c = next
	}
}
