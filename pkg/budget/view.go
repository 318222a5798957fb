package budget

import "time"

// View is a ledger read at one time: all its windows end there. It is good
// until the ledger changes.
type View struct {
	ledger *Ledger
	at     int64 // nanoseconds
	end    int64 // at, rounded down to a second
	tail   Counts
	live   bool
}

// At reads the ledger at a time. With live, what lies between the newest
// observation and then counts as known: the next sample is simply not due
// yet.
func (l *Ledger) At(at time.Time, live bool) View {
	v := View{ledger: l, at: at.UnixNano(), live: live}
	v.end = floorDiv(v.at, int64(time.Second)) * int64(time.Second)
	if v.tail = l.total; v.end < l.newest { // seldom, and a ring is far away
		v.end, v.tail = l.prefix(0, v.at)
	}
	return v
}

// Window reads the events of the last w. Its ends are rounded down to slot
// edges, End to a second.
func (v View) Window(w time.Duration) Reading {
	from, head := v.ledger.prefix(v.ledger.rungFor(w), v.at-int64(w))
	return Reading{Start: time.Unix(0, from), End: time.Unix(0, v.end), Counts: v.tail.Sub(head)}
}

// Estimate is Window for comparing rates: its start is not rounded, the events
// of the slot in which it falls are taken to lie evenly. Rounding would make
// the window up to a slot longer than a burn-rate rule says, and let it fire
// that much later; counts that people see come from Window.
func (v View) Estimate(w time.Duration) Counts {
	start := v.at - int64(w)
	r, edge := v.ledger.slotAt(v.ledger.rungFor(w), start)
	head := r.at(edge, v.ledger.total)
	return v.tail.Sub(between(head, r.at(edge+1, v.ledger.total), start-edge*r.slot, r.slot))
}

// between is what had been counted some way into a slot, from what its two
// edges read.
func between(head, next Counts, inside, slot int64) Counts {
	if inside == 0 {
		return head
	}
	return head.Add(next.Sub(head).scale(float64(inside) / float64(slot)))
}

// Coverage is the share of the last w whose events are known, 0 to 1.
func (v View) Coverage(w time.Duration) float64 {
	return v.ledger.observed.share(v.at-int64(w), v.at, v.live)
}
