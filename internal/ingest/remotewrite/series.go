package remotewrite

import (
	"fmt"
	"unsafe"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// seriesDraft is a series of which not everything has been read yet.
type seriesDraft struct {
	key sli.Key

	// Where its parts begin in the decoder's slices.
	labels, samples, histograms int

	created int64   // start of the series, for points that tell none
	family  family  // 2.0
	name    *symbol // 2.0: a label name that waits for its value
	fault   fault   // the first thing wrong with the series' labels
	bad     int     // histograms that were refused one by one
}

// fault is why a series or a point is refused. Zero: it is not.
type fault struct {
	reason sli.Reason
	detail string
}

// begin starts a series that is to be learnt under key; 0: under none.
func (d *decoder) begin(key sli.Key) {
	d.series = seriesDraft{key: key, labels: len(d.labels), samples: len(d.samples), histograms: len(d.histograms)}
}

// fits checks a label against the limits before anything is made of it. Once
// a series is at fault, the rest of its labels is passed over.
func (d *decoder) fits(name, value []byte) bool {
	s, l := &d.series, d.limits
	switch {
	case s.fault.reason != "":
	case len(d.labels)-s.labels >= l.MaxLabels:
		s.fault = fault{sli.ReasonLabelLimit, fmt.Sprintf("more than max_labels (%d) labels", l.MaxLabels)}
	case len(name) > l.MaxLabelNameBytes:
		s.fault = fault{sli.ReasonLabelLimit, fmt.Sprintf("a label name of %d bytes is longer than max_label_name_bytes (%d)",
			len(name), l.MaxLabelNameBytes)}
	case len(value) > l.MaxLabelValueBytes:
		s.fault = fault{sli.ReasonLabelLimit, fmt.Sprintf("the value of label %q has %d bytes, more than max_label_value_bytes (%d)",
			name, len(value), l.MaxLabelValueBytes)}
	default:
		return true
	}
	return false
}

func (d *decoder) addLabel(name, value string) error {
	l := labels.Label{Name: name, Value: value}
	d.labels = append(d.labels, l)
	return d.spend(unsafe.Sizeof(l))
}

// end hands the series on, or refuses it, or drops it because another replica
// is the one that is heard.
func (d *decoder) end() error {
	samples, histograms := d.samples[d.series.samples:], d.histograms[d.series.histograms:]
	d.tally.sent.add(len(samples), len(histograms)+d.series.bad)
	if len(samples)+len(histograms) == 0 {
		return nil // metadata, exemplars: nothing that is counted
	}
	ls, flaw := d.finishLabels()
	var from replicaNumber
	heard := true
	if flaw.reason == "" {
		ls, from, heard, flaw = d.hear(ls)
	}
	switch {
	case flaw.reason != "":
		d.tally.refuse(flaw, len(samples), len(histograms), ls)
	case !heard:
		d.dropped(d.series.key)
		d.tally.unheard.add(len(samples), len(histograms))
	default:
		return d.handOn(ls, from, samples, histograms)
	}
	return nil
}

// handOn appends the series to the batch: once for its samples, once for its
// histograms.
func (d *decoder) handOn(ls labels.Labels, from replicaNumber, samples, histograms []sli.Point) error {
	if len(samples) > 0 {
		d.addSeries(ls, from, d.series.family.typeOf(ls), samples)
	}
	if len(histograms) > 0 {
		d.addSeries(ls, from, sli.TypeHistogram, histograms)
	}
	d.tally.handed.add(len(samples), len(histograms))
	return d.spend(2 * unsafe.Sizeof(sli.Series{}))
}

func (d *decoder) addSeries(ls labels.Labels, from replicaNumber, kind sli.Type, points []sli.Point) {
	startAt(d.series.created, points)
	series := sli.Series{
		Labels: ls, Target: d.target.of(ls, &d.strings),
		Type: kind, Points: points[:len(points):len(points)],
	}
	if d.series.key != 0 && from != unnumbered {
		series.Key, series.Tag = d.series.key, tagOf(kind, from)
	}
	d.batch.Series = append(d.batch.Series, series)
}

// startAt gives the series' start to the points that have none of their own.
func startAt(created int64, points []sli.Point) {
	for i := range points {
		if points[i].Start == 0 {
			points[i].Start = created
		}
	}
}
