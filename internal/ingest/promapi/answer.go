package promapi

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// stream is one series of an answer.
type stream struct {
	labels labels.Labels
	name   string // the labels in one piece
	target string
	points []sli.Point // in order, unless told otherwise
}

// streams reads an answer. Histograms that cannot be rebuilt are left out and
// counted.
func (m *metrics) streams(answer model.Matrix) []stream {
	list := make([]stream, 0, len(answer))
	for _, s := range answer {
		one := stream{labels: labelsOf(s.Metric), points: make([]sli.Point, 0, len(s.Values)+len(s.Histograms))}
		one.name = one.labels.String()
		one.target = one.labels.Get("job") + "\xff" + one.labels.Get("instance")
		for _, v := range s.Values {
			one.points = append(one.points, sli.Point{Time: v.Timestamp.Time().UnixNano(), Value: float64(v.Value)})
		}
		for _, h := range s.Histograms {
			rebuilt, err := rebuild(h.Histogram)
			if err != nil {
				m.refused.WithLabelValues(string(sli.ReasonBadValue)).Inc()
				continue
			}
			one.points = append(one.points, sli.Point{Time: h.Timestamp.Time().UnixNano(), Histogram: rebuilt})
		}
		list = append(list, one)
	}
	return list
}

func labelsOf(m model.Metric) labels.Labels {
	ls := make(labels.Labels, 0, len(m))
	for name, value := range m {
		ls = append(ls, labels.Label{Name: string(name), Value: string(value)})
	}
	slices.SortFunc(ls, func(a, b labels.Label) int { return cmp.Compare(a.Name, b.Name) })
	return ls
}

// moment is a point of some stream.
type moment struct {
	stream *stream
	point  *sli.Point
	number uint64 // the stream's
}

// inOrder are all points by time: what is new in a sample set is only seen by
// who has seen the one before.
func inOrder(list []stream) []moment {
	var moments []moment
	for i := range list {
		for j := range list[i].points {
			moments = append(moments, moment{&list[i], &list[i].points[j], uint64(i)})
		}
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.point.Time, b.point.Time) })
	return moments
}

// batchOf is a batch of some moments. Series that book knows under their key
// are handed over as samples.
func batchOf(moments []moment, page *sli.Page) *sli.Batch {
	batch := &sli.Batch{}
	for _, m := range moments {
		kind := sli.TypeUnknown
		if m.point.Histogram != nil {
			kind = sli.TypeHistogram
		}
		key := sli.Key(0)
		if page != nil {
			key = sli.Key(1).With(m.number)
			if known := page.Find(key); known != nil {
				batch.Samples = append(batch.Samples, sli.Sample{Known: known, Point: *m.point, Type: kind})
				continue
			}
		}
		batch.Series = append(batch.Series, sli.Series{
			Key: key, Labels: m.stream.labels, Target: m.stream.target, Type: kind, Points: []sli.Point{*m.point},
		})
	}
	return batch
}

// newestOf is the time of the newest point of ordered moments.
func newestOf(moments []moment) time.Time { return time.Unix(0, moments[len(moments)-1].point.Time) }
