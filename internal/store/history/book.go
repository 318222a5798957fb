package history

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// series is one series of a subject: its labels, made once, and where the TSDB
// has it.
type series struct {
	labels labels.Labels     // empty: it had no value yet, or there was no room
	ref    storage.SeriesRef // 0: not appended yet
	open   bool              // its newest sample is not its end
}

// subject is what is known of one. Its key, its shape and the labels of its
// series never change.
type subject struct {
	key    string
	shape  any
	series []series
	at     int64 // of its newest samples, in milliseconds
}

// book has the subjects that were written last, by key, so that the next
// samples need neither labels of their own nor a search in the TSDB. What is
// gone from a view is forgotten when its turn comes: the book is not larger
// than its source.
type book struct {
	subjects []*subject // never changed: a change makes a new list
	size     int        // series that have labels
	builder  labels.ScratchBuilder
}

// find is the place of a key, or the one where it would be.
func (b *book) find(key string) (at int, found bool) {
	return slices.BinarySearchFunc(b.subjects, key, func(s *subject, key string) int { return strings.Compare(s.key, key) })
}

// replace puts other subjects in the place of some.
func (b *book) replace(from, to int, by []*subject) {
	if !slices.Equal(b.subjects[from:to], by) {
		b.subjects = slices.Concat(b.subjects[:from], by, b.subjects[to:])
	}
}

// renew makes the labels of those series of a subject that have values, as far
// as there is room. What an earlier subject has of them goes on; nil: nothing.
func (b *book) renew(earlier *subject, view View, i int, shape any, values []float64, room int) *subject {
	s := &subject{key: view.Key(i), shape: shape, series: make([]series, 0, len(values)), at: math.MinInt64}
	b.size -= earlier.labelled()
	view.Series(i, shape, func(metric string, pairs []string) {
		one, n := series{}, len(s.series)
		if !math.IsNaN(values[n]) && b.size < room {
			one = earlier.find(n, metric, pairs)
			if one.labels.IsEmpty() {
				one.labels = b.labels(metric, pairs)
			}
			b.size++
		}
		s.series = append(s.series, one)
	})
	return s
}

// find is the series with these labels, which is likely to be the n-th.
func (s *subject) find(n int, metric string, pairs []string) series {
	if s == nil {
		return series{}
	}
	if n < len(s.series) && same(s.series[n].labels, metric, pairs) {
		return s.series[n]
	}
	for _, one := range s.series {
		if same(one.labels, metric, pairs) {
			return one
		}
	}
	return series{}
}

// has reports whether one of the series is this one.
func (s *subject) has(one series) bool {
	return s != nil && slices.ContainsFunc(s.series, func(other series) bool { return labels.Equal(other.labels, one.labels) })
}

// labelled is how many of the series have labels.
func (s *subject) labelled() (n int) {
	if s == nil {
		return 0
	}
	for i := range s.series {
		if !s.series[i].labels.IsEmpty() {
			n++
		}
	}
	return n
}

// lacks reports whether there is a value of a series that has no labels.
func (s *subject) lacks(values []float64) bool {
	for i := range s.series {
		if s.series[i].labels.IsEmpty() && !math.IsNaN(values[i]) {
			return true
		}
	}
	return false
}

// same reports whether labels are those of a series.
func same(have labels.Labels, metric string, pairs []string) bool {
	count := 1
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if have.Get(pairs[i]) != pairs[i+1] {
			return false
		}
		count++
	}
	return have.Len() == count && have.Get(labels.MetricName) == metric
}

// labels are those of a series. An empty value is none.
func (b *book) labels(metric string, pairs []string) labels.Labels {
	return labelsOf(&b.builder, metric, pairs)
}

func labelsOf(builder *labels.ScratchBuilder, metric string, pairs []string) labels.Labels {
	builder.Reset()
	builder.Add(labels.MetricName, metric)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			builder.Add(pairs[i], pairs[i+1])
		}
	}
	builder.Sort()
	return builder.Labels()
}
