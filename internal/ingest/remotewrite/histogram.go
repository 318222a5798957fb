package remotewrite

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// nativeHistogram is a Histogram as it is on the wire, of either version:
// whole numbers in one set of fields, floats in another.
type nativeHistogram struct {
	time, start int64
	isFloat     bool
	whole       histogram.Histogram
	float       histogram.FloatHistogram
}

// histogram reads one native histogram and adds it to the series, unless it
// is not a possible one.
func (d *decoder) histogram(b []byte) error {
	p, flaw, err := d.readNative(b)
	switch {
	case err != nil:
		return err
	case flaw != nil:
		d.refuseHistogram(flaw)
		return nil
	}
	d.histograms = append(d.histograms, p)
	return d.spendPoint()
}

func (d *decoder) refuseHistogram(flaw error) {
	d.series.bad++
	ls := labels.Labels(d.labels[d.series.labels:])
	d.tally.refuse(fault{sli.ReasonBadValue, flaw.Error()}, 0, 1, ls)
}

// readNative makes a point of a native histogram. A flaw is why the histogram
// is not a possible one, an error why it is none at all.
func (d *decoder) readNative(b []byte) (p sli.Point, flaw, err error) {
	var h nativeHistogram
	if err := d.spend(unsafe.Sizeof(h)); err != nil {
		return p, nil, err
	}
	if err := d.readHistogram(&h, b); err != nil {
		return p, nil, fmt.Errorf("histogram: %w", err)
	}
	p = sli.Point{Time: h.time, Start: h.start}
	if value.IsStaleNaN(h.whole.Sum) {
		p.Stale = true
		return p, nil, nil
	}
	p.Histogram, flaw = h.toFloat()
	return p, flaw, nil
}

func (d *decoder) readHistogram(h *nativeHistogram, b []byte) (err error) {
	m := message{rest: b}
	for m.next() && err == nil {
		switch m.field {
		case 1:
			h.whole.Count, h.isFloat = m.varint(), false
		case 2:
			h.float.Count, h.isFloat = m.double(), true
		case 3:
			h.whole.Sum = m.double()
		case 4:
			h.whole.Schema = int32(protowire.DecodeZigZag(m.varint() & math.MaxUint32))
		case 5:
			h.whole.ZeroThreshold = m.double()
		case 6:
			h.whole.ZeroCount, h.float.ZeroCount = m.varint(), 0
		case 7:
			h.whole.ZeroCount, h.float.ZeroCount = 0, m.double()
		case 8:
			h.whole.NegativeSpans, err = d.span(h.whole.NegativeSpans, m.bytes())
		case 9:
			h.whole.NegativeBuckets, err = d.deltas(h.whole.NegativeBuckets, &m)
		case 10:
			h.float.NegativeBuckets, err = d.doubles(h.float.NegativeBuckets, &m)
		case 11:
			h.whole.PositiveSpans, err = d.span(h.whole.PositiveSpans, m.bytes())
		case 12:
			h.whole.PositiveBuckets, err = d.deltas(h.whole.PositiveBuckets, &m)
		case 13:
			h.float.PositiveBuckets, err = d.doubles(h.float.PositiveBuckets, &m)
		case 14:
			h.whole.CounterResetHint = resetHint(m.varint() & math.MaxUint32)
		case 15:
			h.time = nanoseconds(m.varint())
		case 16:
			h.whole.CustomValues, err = d.doubles(h.whole.CustomValues, &m)
		case 17: // 2.0
			h.start = nanoseconds(m.varint())
		}
	}
	return errors.Join(err, m.err)
}

func (d *decoder) span(spans []histogram.Span, b []byte) ([]histogram.Span, error) {
	var span histogram.Span
	m := message{rest: b}
	for m.next() {
		switch m.field {
		case 1:
			span.Offset = int32(protowire.DecodeZigZag(m.varint() & math.MaxUint32))
		case 2:
			span.Length = uint32(m.varint())
		}
	}
	if m.err != nil {
		return nil, m.err
	}
	return append(spans, span), d.spend(unsafe.Sizeof(span))
}

// deltas accounts for the counts that they will become, too.
func (d *decoder) deltas(to []int64, m *message) ([]int64, error) {
	for v := range m.varints {
		if err := d.spend(2 * unsafe.Sizeof(int64(0))); err != nil {
			return nil, err
		}
		to = append(to, protowire.DecodeZigZag(v))
	}
	return to, nil
}

func (d *decoder) doubles(to []float64, m *message) ([]float64, error) {
	for v := range m.doubles {
		if err := d.spend(unsafe.Sizeof(v)); err != nil {
			return nil, err
		}
		to = append(to, v)
	}
	return to, nil
}

// resetHint reads a hint that is not known as none: it is only a hint.
func resetHint(wire uint64) histogram.CounterResetHint {
	if wire > uint64(histogram.GaugeType) {
		return histogram.UnknownCounterReset
	}
	return histogram.CounterResetHint(wire)
}

// toFloat returns the histogram if it is a possible one.
func (h *nativeHistogram) toFloat() (*histogram.FloatHistogram, error) {
	w := &h.whole
	if !histogram.IsExponentialSchema(w.Schema) && !histogram.IsCustomBucketsSchema(w.Schema) {
		return nil, fmt.Errorf("histogram schema %d is not known", w.Schema)
	}
	if err := checkBounds(w); err != nil {
		return nil, err
	}
	if !h.isFloat {
		if err := w.Validate(); err != nil {
			return nil, err
		}
		return w.ToFloat(nil), nil
	}
	f := h.float
	f.CounterResetHint, f.Schema, f.ZeroThreshold, f.Sum = w.CounterResetHint, w.Schema, w.ZeroThreshold, w.Sum
	f.PositiveSpans, f.NegativeSpans, f.CustomValues = w.PositiveSpans, w.NegativeSpans, w.CustomValues
	if err := checkCounts(&f); err != nil {
		return nil, err
	}
	return &f, f.Validate()
}

// checkBounds refuses bounds that are not numbers: every comparison with them
// is false, so that the library's checks let them through.
func checkBounds(w *histogram.Histogram) error {
	if !(w.ZeroThreshold >= 0) {
		return fmt.Errorf("histogram has a zero threshold of %v", w.ZeroThreshold)
	}
	if slices.ContainsFunc(w.CustomValues, math.IsNaN) {
		return errors.New("histogram has a custom bound that is not a number")
	}
	return nil
}

// checkCounts refuses what the library's check of float histograms lets
// through: counts that are not numbers.
func checkCounts(f *histogram.FloatHistogram) error {
	for _, counts := range [][]float64{{f.Count, f.ZeroCount}, f.PositiveBuckets, f.NegativeBuckets} {
		for _, c := range counts {
			if math.IsNaN(c) || math.IsInf(c, 0) || c < 0 {
				return fmt.Errorf("histogram has a count of %v", c)
			}
		}
	}
	return nil
}
