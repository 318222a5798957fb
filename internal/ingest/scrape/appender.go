package scrape

import (
	"context"
	"sync"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// appendable is where the library believes to store samples.
type appendable struct {
	sink    ingest.Sink
	book    *sli.Book // nil: nothing is known
	limits  ingest.Limits
	metrics *metrics
	free    sync.Pool // of *appender
}

func newAppendable(o Options, m *metrics) *appendable {
	return &appendable{sink: o.Sink, book: o.Book, limits: o.Limits, metrics: m}
}

// Appender begins a scrape.
func (a *appendable) Appender(ctx context.Context) storage.Appender {
	s, ok := a.free.Get().(*appender)
	if !ok {
		s = &appender{appendable: a, types: map[string]sli.Type{}}
	}
	s.begin(ctx)
	return s
}

// appender takes what one scrape shows. It belongs to one goroutine, and after
// Commit or Rollback to nobody.
type appender struct {
	*appendable
	ctx      context.Context
	page     *sli.Page
	families families
	types    map[string]sli.Type // of metric names, as this scrape has them

	batch   sli.Batch
	points  []sli.Point // of the batch's series, one each
	target  target
	scratch []byte

	samples int // all, those that nobody looks at among them
	// start is what was told ahead of the sample that comes next, of the series
	// with the number startOf.
	start   int64
	startOf storage.SeriesRef
}

func (s *appender) begin(ctx context.Context) {
	s.ctx, s.families = ctx, familiesOf(ctx)
	if s.book != nil {
		s.page = s.book.Page()
	}
}

// end gives the appender back. Labels and strings are the library's; only the
// room for them is used again.
func (s *appender) end() {
	clear(s.batch.Samples)
	clear(s.batch.Series)
	clear(s.types)
	clear(s.points)
	*s = appender{
		appendable: s.appendable, types: s.types, points: s.points[:0], scratch: s.scratch,
		batch: sli.Batch{Samples: s.batch.Samples[:0], Series: s.batch.Series[:0], Whole: true},
	}
	s.free.Put(s)
}

// refFor is the number of a series: its key. The library hands it back with
// the series' next samples.
func (s *appender) refFor(ref storage.SeriesRef, ls labels.Labels) storage.SeriesRef {
	if ref != 0 {
		return ref
	}
	s.scratch = ls.Bytes(s.scratch)
	return storage.SeriesRef(sli.KeyOf(s.scratch, salt))
}

// salt tells these keys from those of other receivers.
const salt = 0x5c

// Append takes a sample.
func (s *appender) Append(ref storage.SeriesRef, ls labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	p := sli.Point{Time: nanoseconds(t), Value: v}
	if value.IsStaleNaN(v) {
		p.Value, p.Stale = 0, true
	}
	return s.take(s.refFor(ref, ls), ls, p, s.typeOf(ls)), nil
}

// AppendHistogram takes a native histogram. One that cannot be is refused, and
// the scrape goes on.
func (s *appender) AppendHistogram(ref storage.SeriesRef, ls labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	ref = s.refFor(ref, ls)
	float, kind, err := floatOf(h, fh)
	if err != nil {
		s.samples++
		s.refuse(sli.ReasonBadValue)
		return ref, nil
	}
	return s.take(ref, ls, sli.Point{Time: nanoseconds(t), Histogram: float}, kind), nil
}

// AppendCTZeroSample tells when the series began whose sample comes next.
func (s *appender) AppendCTZeroSample(ref storage.SeriesRef, ls labels.Labels, _, ct int64) (storage.SeriesRef, error) {
	s.startOf, s.start = s.refFor(ref, ls), nanoseconds(ct)
	return s.startOf, nil
}

// AppendHistogramCTZeroSample is AppendCTZeroSample for a native histogram.
func (s *appender) AppendHistogramCTZeroSample(ref storage.SeriesRef, ls labels.Labels, t, ct int64, _ *histogram.Histogram, _ *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return s.AppendCTZeroSample(ref, ls, t, ct)
}

// AppendExemplar takes nothing: nobody reads exemplars.
func (*appender) AppendExemplar(ref storage.SeriesRef, _ labels.Labels, _ exemplar.Exemplar) (storage.SeriesRef, error) {
	return ref, nil
}

// UpdateMetadata is not called: types are looked up.
func (*appender) UpdateMetadata(ref storage.SeriesRef, _ labels.Labels, _ metadata.Metadata) (storage.SeriesRef, error) {
	return ref, nil
}

// SetOptions asks for stale markers that come too late to be left out. The
// tracker does that by itself.
func (*appender) SetOptions(*storage.AppendOptions) {}

// take puts a point into the batch: as a sample of a known series, or with its
// labels. It returns the number of the series; 0 if it was refused.
func (s *appender) take(ref storage.SeriesRef, ls labels.Labels, p sli.Point, kind sli.Type) storage.SeriesRef {
	s.samples++
	if s.startOf == ref {
		p.Start = s.start
	}
	s.startOf, s.start = 0, 0
	if s.page != nil {
		if known := s.page.Find(sli.Key(ref)); known != nil {
			if !known.Ignored() {
				s.batch.Samples = append(s.batch.Samples, sli.Sample{Known: known, Point: p, Type: kind})
			}
			return ref
		}
	}
	if reason := misfit(ls, s.limits); reason != "" {
		s.refuse(reason)
		return 0
	}
	s.points = append(s.points, p)
	s.batch.Series = append(s.batch.Series, sli.Series{Key: sli.Key(ref), Labels: ls, Target: s.target.of(ls), Type: kind})
	return ref
}

func (s *appender) refuse(reason sli.Reason) { s.metrics.refused.WithLabelValues(string(reason)).Inc() }
