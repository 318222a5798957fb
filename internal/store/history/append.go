package history

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// ErrBehind says that samples were refused because the history already has
// newer ones: the clock went back, or two processes append.
var ErrBehind = errors.New("the history has newer samples")

// stale ends a series, as a scrape does that no longer finds it.
var stale = math.Float64frombits(value.StaleNaN)

// Append adds one sample of each counter, gauge and untyped metric at a time,
// and ends the series that the last Append of this Store had and this one has
// not. A sample that cannot be kept is counted and hurts only itself; an error
// means that nothing of it was kept.
func (s *Store) Append(at time.Time, families []*dto.MetricFamily) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.append(timestamp.FromTime(at), families)
	if err != nil {
		s.metrics.failures.Inc()
		return fmt.Errorf("append to history: %w", err)
	}
	s.metrics.series.Set(float64(s.book.size))
	s.metrics.last.Set(float64(at.UnixMilli()) / 1000)
	return nil
}

func (s *Store) append(at int64, families []*dto.MetricFamily) error {
	b := batch{store: s, at: at, to: s.db.Appender(context.Background())}
	s.book.round++
	for _, f := range families {
		for _, m := range f.Metric {
			b.metric(f, m)
		}
	}
	s.book.forget(b.end)
	if err := b.to.Commit(); err != nil {
		return err
	}
	s.metrics.samples.Add(float64(b.kept))
	s.track(at, b.kept)
	if b.kept == 0 && b.behind > 0 {
		return fmt.Errorf("%w, up to %s: nothing is kept until the clock has passed that; if it was wrong then, stop the engine and move %s away",
			ErrBehind, s.newest().UTC().Format(time.RFC3339), s.dir)
	}
	return nil
}

// batch is one append under way.
type batch struct {
	store  *Store
	at     int64
	to     storage.Appender
	taken  int // series, at most MaxSeries
	kept   int // samples
	behind int // samples refused because there are newer ones
}

// metric adds one sample.
func (b *batch) metric(f *dto.MetricFamily, m *dto.Metric) {
	v, ok := valueOf(m)
	if !ok {
		b.refuse("no_single_value")
		return
	}
	if b.taken >= b.store.options.MaxSeries {
		b.refuse("series_limit")
		return
	}
	e := b.store.book.entry(f.GetName(), m.Label)
	if e.round == b.store.book.round {
		b.refuse("duplicate")
		return
	}
	e.round = b.store.book.round
	b.taken++
	b.add(e, v)
}

// end writes the stale marker of a series that is gone.
func (b *batch) end(e *entry) {
	if e.ref != 0 {
		b.add(e, stale)
	}
}

func (b *batch) add(e *entry, v float64) {
	ref, err := b.to.Append(e.ref, e.labels, b.at, v)
	switch {
	case err == nil:
		e.ref = ref
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

// valueOf is the value of a metric that has exactly one.
func valueOf(m *dto.Metric) (float64, bool) {
	switch {
	case m.Gauge != nil:
		return m.Gauge.GetValue(), true
	case m.Counter != nil:
		return m.Counter.GetValue(), true
	case m.Untyped != nil:
		return m.Untyped.GetValue(), true
	}
	return 0, false
}
