package slo

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/teambition/rrule-go"
)

// recurrence is a schedule that comes again and again, by the clocks on the
// walls of its zone: 02:30 stays 02:30 when summer begins. The rule is
// therefore followed in times without zone, held as UTC, and each occurrence is
// put into the zone by itself (see at).
//
// Occurrences are computed as they are asked for, and kept: what comes is asked
// for again and again, what is far away costs nothing. Its methods may be
// called by several goroutines.
type recurrence struct {
	rule     *rrule.RRule
	text     string
	begin    time.Time // by the clock on the wall
	zone     *time.Location
	duration time.Duration
	until    time.Time // zero: without end
	except   []string  // dates on which it does not begin, sorted

	known atomic.Pointer[known]

	mu   sync.Mutex
	next rrule.Next // the occurrences that were not looked at
	ends bool       // there are no more
	raw  []Span     // those that were, sorted
}

// known are all spans that end after from and begin before to.
type known struct {
	from, to time.Time
	spans    []Span
}

const (
	// Of what is asked for again with every tick, this much more is computed
	// than was asked for, after and before it.
	ahead  = 31 * day
	behind = 100 * day
	// disorder is how much earlier an occurrence may lie than one before it:
	// some clock was set forward between them. No clock was ever by more than
	// a day.
	disorder = 25 * time.Hour
)

// spans is schedule.spans. It takes nothing but a search where the same time
// was asked for before.
func (r *recurrence) spans(from, to time.Time) []Span {
	k := r.known.Load()
	if k == nil || from.Before(k.from) || to.After(k.to) {
		k = r.extend(from, to)
	}
	return within(k.spans, from, to)
}

// extend makes known what is asked for. Spans that were handed out are never
// changed.
func (r *recurrence) extend(from, to time.Time) *known {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.known.Load()
	if k == nil || from.Before(k.from) {
		k = &known{from: from.Add(-behind), to: to}
		r.next, r.ends, r.raw = r.rule.Iterator(), false, nil
	}
	end := later(to.Add(ahead), k.to)
	r.generate(k.from, end.Add(r.duration+disorder)) // so that the last ones are whole
	slices.SortFunc(r.raw, func(a, b Span) int { return a.From.Compare(b.From) })
	k = &known{k.from, end, merged(r.raw)}
	r.known.Store(k)
	return k
}

// generate appends the spans that end after from, up to one that begins at to.
func (r *recurrence) generate(from, to time.Time) {
	for !r.ends {
		wall, any := r.next()
		if !any {
			r.ends = true
			return
		}
		span := r.span(wall)
		r.ends = r.over(span)
		if r.takes(wall, span) && span.To.After(from) {
			r.raw = append(r.raw, span)
		}
		if !span.From.Before(to) {
			return
		}
	}
}

// over reports whether none is left that begins by until.
func (r *recurrence) over(s Span) bool {
	return !r.until.IsZero() && s.From.After(r.until.Add(disorder))
}

// takes reports whether an occurrence counts.
func (r *recurrence) takes(wall time.Time, s Span) bool {
	if !r.until.IsZero() && s.From.After(r.until) {
		return false
	}
	_, excepted := slices.BinarySearch(r.except, wall.Format(time.DateOnly))
	return !excepted
}

// span is the occurrence at a time of the wall. Its duration is that of a
// stopwatch.
func (r *recurrence) span(wall time.Time) Span {
	from := at(wall, r.zone)
	return Span{from, from.Add(r.duration)}
}

// at is when the clocks of a zone show a time. As RFC 5545 (3.3.5) has it: a
// time that comes twice is meant the first time, and one that never comes, for
// the clocks are set forward over it, is as long after midnight as on other
// days: 02:30 is shown as 03:30 then.
func at(wall time.Time, zone *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	switch shown := onWall(t); {
	case shown.Before(wall):
		return t.Add(wall.Sub(shown))
	case shown.After(wall):
		return t
	}
	if change, _ := t.ZoneBounds(); !change.IsZero() {
		before := change.Add(-1)
		if first := t.Add(onWall(t).Sub(t) - onWall(before).Sub(before)); first.Before(change) {
			return first
		}
	}
	return t
}

// onWall is what the clocks show, as UTC.
func onWall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
