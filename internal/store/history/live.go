package history

import (
	"math"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
)

// Live is a Store and, as its newest sample, what its source says now. Without
// it an answer for now would be as old as the interval of Record.
//
// The newest sample is seen by queries that reach up to it, and is dated a
// second before its moment: a query for the time at which it is asked finds it,
// and so do clocks that are a little behind. Later it is gone, unless Record
// took one of the same moment; a graph's last point may therefore change, as
// with a scrape that is still to come. It is never older than a sample of its
// time that is stored: a counter does not seem to go back.
type Live struct {
	*Store
	source Source

	mu    sync.Mutex
	view  *view
	until time.Time // until when the view is new enough
}

const (
	// minFresh is how long a view is used at least; snapshots are no newer.
	minFresh = time.Second
	// shareOfTime bounds what looking may cost: a tenth of a core.
	shareOfTime = 10
)

// NewLive adds a source to a store: that of Record.
func NewLive(store *Store, source Source) *Live {
	return &Live{Store: store, source: source}
}

// Querier implements storage.Queryable.
func (l *Live) Querier(mint, maxt int64) (storage.Querier, error) {
	stored, err := l.Store.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	now := l.now()
	if now == nil || maxt < now.at || mint > now.at {
		return stored, nil
	}
	return storage.NewMergeQuerier([]storage.Querier{stored, liveQuerier{now}}, nil, storage.ChainedSeriesMerge), nil
}

// now is the newest view; nil if there is none.
func (l *Live) now() *view {
	l.mu.Lock()
	defer l.mu.Unlock()
	begin := l.options.Now()
	if begin.Before(l.until) && l.until.Sub(begin) < time.Hour { // a clock that went back must not keep it
		return l.view
	}
	l.view = l.look()
	end := l.options.Now()
	l.until = end.Add(max(minFresh, shareOfTime*end.Sub(begin)))
	return l.view
}

// look makes a view of every series. A source that knows nothing yet leaves the
// stored samples alone.
func (l *Live) look() *view {
	source := l.source()
	if source == nil || source.Len() == 0 {
		return nil
	}
	l.Store.mu.Lock()
	stored := l.book.subjects
	l.Store.mu.Unlock()
	g := gathering{view: &view{at: source.At().Truncate(time.Second).UnixMilli() - 1000, byName: map[string][]liveSample{}}, room: l.options.MaxSeries}
	for i := range source.Len() {
		key := source.Key(i)
		for len(stored) > 0 && stored[0].key < key {
			stored = stored[1:]
		}
		if len(stored) > 0 && stored[0].key == key {
			g.add(source, i, stored[0])
		} else {
			g.add(source, i, nil)
		}
	}
	source.Metrics(func(name, kind, help string) {
		g.view.metadata = append(g.view.metadata, scrape.MetricMetadata{MetricFamily: name, Type: model.MetricType(kind), Help: help})
	})
	return g.view
}

// gathering is a view being made.
type gathering struct {
	view    *view
	room    int // series
	values  []float64
	likely  any
	builder labels.ScratchBuilder
}

// add adds the series of a subject. Their labels are those of the book, where
// it has them: there is one set in memory for both.
func (g *gathering) add(source View, i int, known *subject) {
	if known != nil {
		g.likely = known.shape
	}
	shape, values := source.Read(i, g.likely, g.values[:0])
	g.likely, g.values = shape, values
	if known != nil && known.shape == shape && !known.lacks(values) {
		for j, v := range values {
			g.sample(known.series[j].labels, v)
		}
		return
	}
	n := 0
	source.Series(i, shape, func(metric string, pairs []string) {
		if !math.IsNaN(values[n]) {
			g.sample(labelsOf(&g.builder, metric, pairs), values[n])
		}
		n++
	})
}

func (g *gathering) sample(l labels.Labels, value float64) {
	if math.IsNaN(value) || g.room == 0 {
		return
	}
	name := l.Get(labels.MetricName)
	g.view.byName[name] = append(g.view.byName[name], liveSample{l, value})
	g.room--
}

// Metadata says what the metrics are that the source has now.
func (l *Live) Metadata() []scrape.MetricMetadata {
	if v := l.now(); v != nil {
		return v.metadata
	}
	return nil
}

// view is every series at one moment. It is never changed.
type view struct {
	at       int64 // in milliseconds
	byName   map[string][]liveSample
	metadata []scrape.MetricMetadata
}

type liveSample struct {
	labels labels.Labels
	value  float64
}

// matching calls f for every sample that matchers select.
func (v *view) matching(matchers []*labels.Matcher, f func(liveSample)) {
	for name, samples := range v.byName {
		if !matchesName(name, matchers) {
			continue
		}
		for _, s := range samples {
			if matches(s.labels, matchers) {
				f(s)
			}
		}
	}
}

func matchesName(name string, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if m.Name == labels.MetricName && !m.Matches(name) {
			return false
		}
	}
	return true
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}
