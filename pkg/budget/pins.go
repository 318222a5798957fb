package budget

import (
	"slices"
	"time"
)

// knot is a time at which the cumulative counts are known to the last event.
// The edges of the rings are knots, until the rings forget them. A pin is one
// that they must not forget.
type knot struct {
	at     int64 // nanoseconds, a whole second
	counts Counts
}

// maxPins bounds what a ledger is made to remember: half a year of an exclusion
// a day takes 730, or twice that where they were set too late. Beyond it the
// oldest are left to the rings.
const maxPins = 2048

// Pin makes the ledger keep the exact counts at a time, further back than its
// rings tell moments apart: windows may then begin and end there. A time that
// is yet to come, or that the finest ring still reaches, is kept to the second;
// of an older one what is still known, the edges before and after it. Late
// events are added to the pins they belong to. To pin a time again does nothing.
func (l *Ledger) Pin(t time.Time) {
	before, after := l.around(0, t.UnixNano())
	last := &l.rings[len(l.rings)-1]
	for _, k := range []knot{before, after} {
		if last.reaches(floorDiv(k.at, last.slot)) {
			l.pin(k)
		}
	}
}

func (l *Ledger) pin(k knot) {
	i, found := l.findPin(k.at)
	if found || i == 0 && len(l.pins) >= maxPins {
		return
	}
	l.pins = slices.Insert(l.pins, i, k)
	old := 0
	for old < len(l.pins) && (len(l.pins)-old > maxPins || l.any && l.pins[old].at < l.newest-int64(l.longest+forgetting)) {
		old++
	}
	l.pins = slices.Delete(l.pins, 0, old)
}

// forgetting is how much longer than its longest window a ledger remembers what
// is not in rings.
const forgetting = 2 * time.Hour

// findPin is where the pin of a time is, or belongs.
func (l *Ledger) findPin(at int64) (i int, found bool) {
	return slices.BinarySearchFunc(l.pins, at, func(k knot, at int64) int {
		switch {
		case k.at < at:
			return -1
		case k.at > at:
			return 1
		}
		return 0
	})
}

// addToPins counts an increment in the pins that it lies before. Nearly always
// these are none, or some of a time to come.
func (l *Ledger) addToPins(s *share) {
	for i := len(l.pins) - 1; i >= 0 && l.pins[i].at >= s.first; i-- {
		l.pins[i].counts = l.pins[i].counts.Add(s.at(l.pins[i].at))
	}
}

// around are the nearest knots at or before a time and at or after it, of rung
// i or a coarser one where that has forgotten, and of the pins.
func (l *Ledger) around(i int, at int64) (before, after knot) {
	r, edge := l.slotAt(i, at)
	before = knot{edge * r.slot, r.at(edge, l.total)}
	after = before
	if before.at < at {
		after = knot{(edge + 1) * r.slot, r.at(edge+1, l.total)}
	}
	n, found := l.findPin(at)
	if found {
		return l.pins[n], l.pins[n]
	}
	if n > 0 && l.pins[n-1].at > before.at {
		before = l.pins[n-1]
	}
	if n < len(l.pins) && l.pins[n].at < after.at {
		after = l.pins[n]
	}
	return before, after
}
