package history

import (
	"context"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// liveQuerier answers from one view.
type liveQuerier struct{ view *view }

// Select implements storage.Querier. Sets are always sorted: they are merged.
func (q liveQuerier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []liveSample
	q.view.matching(matchers, func(s liveSample) { found = append(found, s) })
	slices.SortFunc(found, func(a, b liveSample) int { return labels.Compare(a.labels, b.labels) })
	return &liveSet{at: q.view.at, samples: found}
}

// LabelValues implements storage.LabelQuerier.
func (q liveQuerier) LabelValues(_ context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	values := set{}
	q.view.matching(matchers, func(s liveSample) {
		if v := s.labels.Get(name); v != "" {
			values[v] = struct{}{}
		}
	})
	return values.sorted(), nil, nil
}

// LabelNames implements storage.LabelQuerier.
func (q liveQuerier) LabelNames(_ context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	names := set{}
	q.view.matching(matchers, func(s liveSample) {
		s.labels.Range(func(l labels.Label) { names[l.Name] = struct{}{} })
	})
	return names.sorted(), nil, nil
}

// Close implements storage.Querier.
func (liveQuerier) Close() error { return nil }

// set is distinct texts.
type set map[string]struct{}

func (s set) sorted() []string { return slices.Sorted(maps.Keys(s)) }

// liveSet hands out one series of one sample after the other.
type liveSet struct {
	at      int64
	samples []liveSample
	next    int
}

func (s *liveSet) Next() bool {
	s.next++
	return s.next <= len(s.samples)
}

func (s *liveSet) At() storage.Series {
	sample := s.samples[s.next-1]
	return storage.NewListSeries(sample.labels, []chunks.Sample{point{s.at, sample.value}})
}

func (s *liveSet) Err() error                        { return nil }
func (s *liveSet) Warnings() annotations.Annotations { return nil }

// point is a sample as storage.NewListSeries wants it.
type point struct {
	at    int64
	value float64
}

func (p point) T() int64                      { return p.at }
func (p point) F() float64                    { return p.value }
func (p point) H() *histogram.Histogram       { return nil }
func (p point) FH() *histogram.FloatHistogram { return nil }
func (p point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p point) Copy() chunks.Sample           { return p }
