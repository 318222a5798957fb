package history

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
)

// Live is a Store and, as its newest sample, what its source says now. Without
// it an answer for now would be as old as the interval of Record.
//
// The newest sample is seen by queries that reach up to it, and is dated one to
// two seconds back: a query for the moment at which it is asked finds it, and
// so do clocks that are a little behind. Later it is gone, unless Record took
// one at the same time; a graph's last point may therefore change, as with a
// scrape that is still to come.
type Live struct {
	*Store
	source prometheus.Gatherer

	mu    sync.Mutex
	view  *view
	until time.Time // until when the view is new enough
}

const (
	// minFresh is how long a view is used at least; snapshots are no newer.
	minFresh = time.Second
	// shareOfTime bounds what gathering may cost: a tenth of a core.
	shareOfTime = 10
)

// NewLive adds a source to a store: that of Record.
func NewLive(store *Store, source prometheus.Gatherer) *Live {
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
	l.view = l.look(begin.Truncate(time.Second).Add(-time.Second))
	end := l.options.Now()
	l.until = end.Add(max(minFresh, shareOfTime*end.Sub(begin)))
	return l.view
}

// look gathers a view. A source that has nothing to say, or fails, leaves the
// stored samples alone.
func (l *Live) look(at time.Time) *view {
	families, err := l.source.Gather()
	if err != nil {
		l.options.Logger.Warn("queries see no live figures", "error", err)
	}
	if empty(families) {
		return nil
	}
	l.Store.mu.Lock()
	defer l.Store.mu.Unlock()
	v := &view{at: at.UnixMilli(), byName: make(map[string][]liveSample, len(families))}
	for _, f := range families {
		v.byName[f.GetName()] = append(v.byName[f.GetName()], l.samples(f)...)
		v.metadata = append(v.metadata, metadataOf(f))
	}
	return v
}

// Metadata says what the metrics are that the source has now.
func (l *Live) Metadata() []scrape.MetricMetadata {
	if v := l.now(); v != nil {
		return v.metadata
	}
	return nil
}

func metadataOf(f *dto.MetricFamily) scrape.MetricMetadata {
	return scrape.MetricMetadata{
		MetricFamily: f.GetName(), Help: f.GetHelp(), Unit: f.GetUnit(),
		Type: model.MetricType(strings.ToLower(f.GetType().String())),
	}
}

// samples are those of a family. Their labels are those of the book: there is
// one set in memory for both.
func (l *Live) samples(f *dto.MetricFamily) []liveSample {
	list := make([]liveSample, 0, len(f.Metric))
	for _, m := range f.Metric {
		if v, ok := valueOf(m); ok && l.book.size < l.options.MaxSeries {
			list = append(list, liveSample{l.book.entry(f.GetName(), m.Label).labels, v})
		}
	}
	return list
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
