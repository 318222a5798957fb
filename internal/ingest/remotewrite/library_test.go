package remotewrite

import (
	"errors"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// What a message means, by the Prometheus library: generated decoders and
// plain code, which shares nothing with the decoder but the metadata's types.

var errReserved = errors.New("has a field of the other version")

// libraryDecode returns the series of a message that are fit to be handed on.
func libraryDecode(v version, message []byte) ([]sli.Series, error) {
	if hasReserved(v, message) {
		return nil, errReserved
	}
	if v == version2 {
		return libraryDecode2(message)
	}
	return libraryDecode1(message)
}

func hasReserved(v version, message []byte) bool {
	reserved := protowire.Number(5)
	if v == version2 {
		reserved = 1
	}
	found := false
	_ = eachField(message, func(n protowire.Number, _, _ []byte) { found = found || n == reserved })
	return found
}

// eachField calls f with each field of a message: all of it, and its content
// if it has a length.
func eachField(b []byte, f func(n protowire.Number, field, content []byte)) error {
	for len(b) > 0 {
		number, wire, tag := protowire.ConsumeTag(b)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		n := protowire.ConsumeFieldValue(number, wire, b[tag:])
		if n < 0 {
			return protowire.ParseError(n)
		}
		var content []byte
		if wire == protowire.BytesType {
			content, _ = protowire.ConsumeBytes(b[tag:])
		}
		f(number, b[:tag+n], content)
		b = b[tag+n:]
	}
	return nil
}

func libraryDecode1(message []byte) ([]sli.Series, error) {
	var request prompb.WriteRequest
	if err := request.Unmarshal(message); err != nil {
		return nil, err
	}
	var all []sli.Series
	for _, ts := range request.Timeseries {
		var s libraryDraft
		for _, l := range ts.Labels {
			s.pairs = append(s.pairs, labels.Label{Name: l.Name, Value: l.Value})
		}
		for _, p := range ts.Samples {
			s.sample(p.Timestamp, unknownVarint(p.XXX_unrecognized, 3), p.Value)
		}
		for _, h := range ts.Histograms {
			start := unknownVarint(h.XXX_unrecognized, 17)
			s.histogram(h.Timestamp, start, int32(h.ResetHint), h.ToIntHistogram(), h.ToFloatHistogram(), h.CustomValues)
		}
		all = s.end(all, familyUnknown)
	}
	return all, nil
}

func libraryDecode2(message []byte) ([]sli.Series, error) {
	var request writev2.Request
	if err := request.Unmarshal(message); err != nil {
		return nil, err
	}
	symbols := uint32(len(request.Symbols))
	var all []sli.Series
	for _, ts := range request.Timeseries {
		s := libraryDraft{created: ts.CreatedTimestamp}
		for i, ref := range ts.LabelsRefs {
			switch {
			case ref >= symbols:
				return nil, errReference
			case i%2 == 1:
				s.pairs = append(s.pairs, labels.Label{Name: request.Symbols[ts.LabelsRefs[i-1]], Value: request.Symbols[ref]})
			}
		}
		for _, ref := range []uint32{ts.Metadata.HelpRef, ts.Metadata.UnitRef} {
			if ref > 0 && ref >= symbols {
				return nil, errReference
			}
		}
		s.odd = len(ts.LabelsRefs)%2 == 1
		for _, p := range ts.Samples {
			s.sample(p.Timestamp, unknownVarint(p.XXX_unrecognized, 3), p.Value)
		}
		for _, h := range ts.Histograms {
			start := unknownVarint(h.XXX_unrecognized, 17)
			s.histogram(h.Timestamp, start, int32(h.ResetHint), h.ToIntHistogram(), h.ToFloatHistogram(), h.CustomValues)
		}
		all = s.end(all, family(uint32(ts.Metadata.Type)))
	}
	return all, nil
}

// unknownVarint reads a number from the fields that the library does not know:
// the start timestamps.
func unknownVarint(b []byte, number protowire.Number) (v int64) {
	_ = eachField(b, func(n protowire.Number, field, _ []byte) {
		if _, wire, tag := protowire.ConsumeTag(field); n == number && wire == protowire.VarintType {
			u, _ := protowire.ConsumeVarint(field[tag:])
			v = int64(u)
		}
	})
	return v
}

type libraryDraft struct {
	pairs               []labels.Label
	odd                 bool
	created             int64
	samples, histograms []sli.Point
}

func (s *libraryDraft) point(time, start int64) sli.Point {
	if start == 0 {
		start = s.created
	}
	return sli.Point{Time: nanoseconds(uint64(time)), Start: nanoseconds(uint64(start))}
}

func (s *libraryDraft) sample(time, start int64, v float64) {
	p := s.point(time, start)
	if p.Stale = value.IsStaleNaN(v); !p.Stale {
		p.Value = v
	}
	s.samples = append(s.samples, p)
}

// histogram adds one that is possible. whole is nil for one of floats.
func (s *libraryDraft) histogram(
	time, start int64, hint int32, whole *histogram.Histogram, float *histogram.FloatHistogram, bounds []float64,
) {
	p := s.point(time, start)
	switch {
	case value.IsStaleNaN(float.Sum):
		p.Stale = true
	case whole != nil:
		if impossible(whole.Validate(), whole.Schema, whole.ZeroThreshold, bounds) {
			return
		}
		p.Histogram = whole.ToFloat(nil)
	default:
		if impossible(float.Validate(), float.Schema, float.ZeroThreshold, bounds) {
			return
		}
		for _, c := range slices.Concat([]float64{float.Count, float.ZeroCount}, float.PositiveBuckets, float.NegativeBuckets) {
			if !(c >= 0) || math.IsInf(c, 1) {
				return
			}
		}
		p.Histogram = float
	}
	if p.Histogram != nil && (hint < 0 || hint > int32(histogram.GaugeType)) {
		p.Histogram.CounterResetHint = histogram.UnknownCounterReset
	}
	s.histograms = append(s.histograms, p)
}

func impossible(err error, schema int32, threshold float64, bounds []float64) bool {
	return err != nil || !(threshold >= 0) || slices.ContainsFunc(bounds, math.IsNaN) ||
		(schema < -4 || schema > 8) && schema != histogram.CustomBucketsSchema
}

// end appends what the series becomes, if its labels are in order.
func (s *libraryDraft) end(all []sli.Series, f family) []sli.Series {
	seen := map[string]string{}
	for _, l := range s.pairs {
		if _, twice := seen[l.Name]; twice || l.Name == "" || !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value) {
			return all
		}
		seen[l.Name] = l.Value
	}
	ls := labels.FromMap(seen).WithoutEmpty()
	if s.odd || seen[labels.MetricName] == "" {
		return all
	}
	series := sli.Series{Labels: ls, Target: seen["job"] + "\xff" + seen["instance"]}
	if len(s.samples) > 0 {
		series.Type, series.Points = f.typeOf(ls), s.samples
		all = append(all, series)
	}
	if len(s.histograms) > 0 {
		series.Type, series.Points = sli.TypeHistogram, s.histograms
		all = append(all, series)
	}
	return all
}
