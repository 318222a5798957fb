package history

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// ErrBehind says that samples were refused because the history already has
// newer ones: the clock went back, or two processes append.
var ErrBehind = errors.New("the history has newer samples")

// stale ends a series, as a scrape does that no longer finds it.
var stale = math.Float64frombits(value.StaleNaN)

// Append adds one sample of each series of a view, at its moment, and ends the
// series that are no more. A sample that cannot be kept is counted and hurts
// only itself; an error means that nothing of it was kept.
func (s *Store) Append(view View) error {
	return s.append(view, stretch{0, view.Len()})
}

// append adds those of some stretches of the view.
func (s *Store) append(view View, stretches ...stretch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(view, stretches); err != nil {
		s.metrics.failures.Inc()
		return fmt.Errorf("append to history: %w", err)
	}
	s.metrics.series.Set(float64(s.book.size))
	s.metrics.last.Set(float64(view.At().UnixMilli()) / 1000)
	return nil
}

func (s *Store) write(view View, stretches []stretch) error {
	b := batch{store: s, view: view, at: view.At().UnixMilli(), to: s.db.Appender(context.Background())}
	for _, one := range stretches {
		b.stretch(one)
	}
	if err := b.to.Commit(); err != nil {
		return err
	}
	s.metrics.samples.Add(float64(b.kept))
	s.track(b.at, b.kept)
	if b.kept == 0 && b.behind > 0 {
		return fmt.Errorf("%w, up to %s: nothing is kept until the clock has passed that; if it was wrong then, stop the engine and move %s away",
			ErrBehind, s.newest().UTC().Format(time.RFC3339), s.dir)
	}
	return nil
}

// batch is one append under way.
type batch struct {
	store  *Store
	view   View
	at     int64
	to     storage.Appender
	values []float64
	kept   int // samples
	behind int // samples refused because there are newer ones
}

// stretch writes the subjects of a stretch, and ends those that were there and
// are gone: the view and the book are in the same order.
func (b *batch) stretch(one stretch) {
	book := &b.store.book
	from, to := one.within(b.view, book)
	was, now := book.subjects[from:to], make([]*subject, 0, one.to-one.from)
	for i := one.from; i < one.to; i++ {
		key := b.view.Key(i)
		for len(was) > 0 && was[0].key < key {
			b.gone(was[0])
			was = was[1:]
		}
		var earlier *subject
		if len(was) > 0 && was[0].key == key {
			earlier, was = was[0], was[1:]
		}
		now = append(now, b.subject(i, earlier, now))
	}
	for _, s := range was {
		b.gone(s)
	}
	book.replace(from, to, now)
}

// gone forgets a subject that the view has no more.
func (b *batch) gone(s *subject) {
	b.endWithout(s, nil)
	b.store.book.size -= s.labelled()
}

// subject writes the samples of one, whose neighbours are likely to be of its
// shape, and returns what is known of it now.
func (b *batch) subject(i int, s *subject, neighbours []*subject) *subject {
	var likely any
	switch {
	case s != nil:
		likely = s.shape
	case len(neighbours) > 0:
		likely = neighbours[len(neighbours)-1].shape
	}
	shape, values := b.view.Read(i, likely, b.values[:0])
	b.values = values
	book, room := &b.store.book, b.store.options.MaxSeries
	if s == nil || s.shape != shape || book.size < room && s.lacks(values) {
		earlier := s
		s = book.renew(earlier, b.view, i, shape, values, room)
		b.endWithout(earlier, s)
	}
	if s.at != b.at { // or else it was written
		b.samples(s, values)
		s.at = b.at
	}
	return s
}

// samples adds a sample of each series that has a value, and ends those that
// had one.
func (b *batch) samples(s *subject, values []float64) {
	for i := range s.series {
		switch one := &s.series[i]; {
		case math.IsNaN(values[i]):
			b.end(one)
		case one.labels.IsEmpty():
			b.refuse("series_limit")
		default:
			b.add(one, values[i])
		}
	}
}

// endWithout ends the series of an earlier subject that a later one has not.
func (b *batch) endWithout(earlier, later *subject) {
	if earlier == nil {
		return
	}
	for i := range earlier.series {
		if one := &earlier.series[i]; one.open && !later.has(*one) {
			b.end(one)
		}
	}
}

// end writes the stale marker of a series that has a value no more.
func (b *batch) end(one *series) {
	if one.open {
		b.add(one, stale)
		one.open = false
	}
}

func (b *batch) add(one *series, v float64) {
	ref, err := b.to.Append(one.ref, one.labels, b.at, v)
	switch {
	case err == nil:
		one.ref, one.open = ref, true
		b.kept++
	case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrOutOfBounds),
		errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		b.behind++
		b.refuse("behind")
	default:
		b.refuse("invalid")
	}
}

func (b *batch) refuse(reason string) { b.store.metrics.rejected.WithLabelValues(reason).Inc() }
