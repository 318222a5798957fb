package sli

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// Batch is what one request carried. It belongs to the receiver of the call
// until the call returns, and must not be kept.
type Batch struct {
	// Samples are points of known series. They come after Series: of a series
	// that a request holds twice, the part that was not known yet is the first.
	Samples []Sample
	// Series are those that the receiver did not find in the Book.
	Series []Series
	// Whole says that a target's sample set is never split over several
	// batches (OTLP), so that what it lacks does not exist. Remote write
	// spreads one scrape over several requests.
	Whole bool
	// Asked says that a server was asked for the samples; others come by
	// themselves.
	Asked bool
}

// Sample is one point of a known series. It fits a cache line: a request
// holds thousands.
type Sample struct {
	Known *Known
	Point Point
	// Type and Temporality are as in Series.
	Type        Type
	Temporality Temporality
}

// Series is one time series with the points that arrived for it.
type Series struct {
	// Key is the key under which the series is to be learnt; 0: under none.
	Key Key
	// Tag is kept with the key, for the receiver's own use.
	Tag uint32
	// Labels are sorted by name, without duplicates, with __name__: the series
	// as Prometheus names it.
	Labels labels.Labels
	// Raw is the same series under the names its sender used, where they
	// differ (OTLP: http.server.request.duration). Empty otherwise.
	Raw labels.Labels
	// Target identifies what is being watched, the unit that starts and stops
	// as one: "job\xffinstance" of a scrape, or the OTLP resource.
	Target string
	// Type is what the sender says it is.
	Type Type
	// Temporality is cumulative unless the sender says delta.
	Temporality Temporality
	// Points are in the order of the request.
	Points []Point
	// Traces are traces of some of its events, for people to look at. They are
	// kept by SLOs to which these events are bad, and not written down.
	Traces []Trace
	// Sampled says that not every event was seen, and values were scaled up.
	Sampled bool
}

// Trace names the trace that an event was part of.
type Trace struct {
	ID   [16]byte
	Time int64 // of the event, in nanoseconds since the epoch
}

// Names are the metric names under which the series can be selected: as
// Prometheus writes it, and as its sender does, empty where that is the same.
func (s *Series) Names() (name, raw string) {
	return s.Labels.Get(labels.MetricName), s.Raw.Get(labels.MetricName)
}

// Type is the kind of metric as far as the sender told.
type Type uint8

const (
	// TypeUnknown: not told (remote write 1.0). Taken for a counter where a
	// counter is selected, for a gauge where a gauge is.
	TypeUnknown Type = iota
	// TypeCounter: monotonic; also the _bucket, _count and _sum series of a
	// classic histogram.
	TypeCounter
	// TypeGauge: may go down; never counted as events.
	TypeGauge
	// TypeHistogram: points carry native (exponential) histograms.
	TypeHistogram
)

// Temporality says what a point's value is relative to.
type Temporality uint8

const (
	// Cumulative values count since the series' start.
	Cumulative Temporality = iota
	// Delta values count since the previous point.
	Delta
	// Events happened at the point's time, as many as its value says, 0 among
	// them: then somebody looked and saw none. Many senders may share such a
	// series, and nothing in it tells a repetition from more of the same.
	Events
)

// Point is one sample.
type Point struct {
	// Time is when the sample was taken, in nanoseconds since the epoch.
	Time int64
	// Start is when counting began, in nanoseconds since the epoch: of the
	// series if cumulative, of this point if delta. 0: not known.
	Start int64
	// Value is the sample's value, unless IsInt or Histogram says otherwise.
	Value float64
	// Int is the value when IsInt: kept as sent, so that differences of
	// counters beyond 2^53 stay exact.
	Int   int64
	IsInt bool
	// Stale marks the end of the series' liveness; the point has no value.
	Stale bool
	// Histogram is the value of a native histogram; nil otherwise.
	Histogram *histogram.FloatHistogram
}

// Reason names why points were not counted. The names are stable: they are
// metric label values and appear in error messages.
type Reason string

const (
	// The following were refused: the sender is told (4xx), a retry of the
	// same points would be refused again.

	ReasonNotANumber  Reason = "not_a_number"
	ReasonNegative    Reason = "negative"
	ReasonTooOld      Reason = "too_old"
	ReasonInFuture    Reason = "in_future"
	ReasonBadLabels   Reason = "bad_labels"
	ReasonLabelLimit  Reason = "label_limit"
	ReasonSeriesLimit Reason = "series_limit"
	ReasonBadValue    Reason = "bad_value"

	// The following were ignored: nothing was lost by it, the request is
	// answered as a success.

	ReasonOutOfOrder Reason = "out_of_order" // a cumulative value older than the last one
	ReasonDuplicate  Reason = "duplicate"    // the same point again
	ReasonReplica    Reason = "ha_replica"   // the other replica of a Prometheus pair

	// The following were ignored because counting them would be wrong. They
	// are shown as problems of the SLO that selects the series.

	ReasonMultipleWriters Reason = "multiple_writers" // two senders write one series
	ReasonNotACounter     Reason = "not_a_counter"    // a gauge where a counter is selected
	ReasonNotAHistogram   Reason = "not_a_histogram"
	ReasonNotAGauge       Reason = "not_a_gauge"
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{
		ReasonNotANumber, ReasonNegative, ReasonTooOld, ReasonInFuture, ReasonBadLabels, ReasonLabelLimit,
		ReasonSeriesLimit, ReasonBadValue, ReasonOutOfOrder, ReasonDuplicate, ReasonReplica,
		ReasonMultipleWriters, ReasonNotACounter, ReasonNotAHistogram, ReasonNotAGauge,
	}
}

// Refused reports whether the sender must be told that points with this
// reason were not taken.
func (r Reason) Refused() bool {
	switch r {
	case ReasonNotANumber, ReasonNegative, ReasonTooOld, ReasonInFuture,
		ReasonBadLabels, ReasonLabelLimit, ReasonSeriesLimit, ReasonBadValue:
		return true
	}
	return false
}

// Receipt says what became of a batch.
type Receipt struct {
	// Accepted counts the points that were counted, became a baseline, or
	// belong to no SLO (there is nothing to lose).
	Accepted int
	// Rejections lists what was not counted, one entry for each reason.
	Rejections []Rejection
}

// Rejection counts the points that one reason kept from being counted.
type Rejection struct {
	Reason Reason
	Points int
	// Example is one of the series concerned, shortened for a message.
	Example string
}

// Reject notes that points of a series were not counted. The example is
// made only for the first one of its reason.
func (r *Receipt) Reject(reason Reason, points int, example func() string) {
	for i := range r.Rejections {
		if r.Rejections[i].Reason == reason {
			r.Rejections[i].Points += points
			return
		}
	}
	rejection := Rejection{Reason: reason, Points: points}
	if example != nil {
		rejection.Example = example()
	}
	r.Rejections = append(r.Rejections, rejection)
}

// Refused counts the points of which the sender must be told.
func (r *Receipt) Refused() int {
	n := 0
	for _, rejection := range r.Rejections {
		if rejection.Reason.Refused() {
			n += rejection.Points
		}
	}
	return n
}

// Merge adds the outcome of another part of the same batch.
func (r *Receipt) Merge(other Receipt) {
	r.Accepted += other.Accepted
	for _, o := range other.Rejections {
		r.Reject(o.Reason, o.Points, func() string { return o.Example })
	}
}
