package remotewrite

import (
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// family is the metric type that 2.0 metadata give, by its number on the
// wire. It is the type of the family: a classic histogram is one family of
// several series.
type family uint64

const (
	familyUnknown family = iota
	familyCounter
	familyGauge
	familyHistogram
	familyGaugeHistogram
	familySummary
	familyInfo
	familyStateSet
)

// familyOf reads an enum's number on the wire, of which 32 bits count. One that
// is not known says nothing.
func familyOf(wire uint64) family {
	if f := family(uint32(wire)); f <= familyStateSet {
		return f
	}
	return familyUnknown
}

// typeOf says what one series of a family is, as far as its samples (not its
// native histograms) go.
func (f family) typeOf(ls labels.Labels) sli.Type {
	switch f {
	case familyCounter:
		return sli.TypeCounter
	case familyGauge, familyGaugeHistogram, familyInfo, familyStateSet:
		return sli.TypeGauge
	case familyHistogram:
		if hasSuffix(ls, "_bucket", "_count", "_sum") {
			return sli.TypeCounter
		}
	case familySummary:
		if hasSuffix(ls, "_count", "_sum") && !ls.Has("quantile") {
			return sli.TypeCounter
		}
		return sli.TypeGauge
	}
	return sli.TypeUnknown
}

func hasSuffix(ls labels.Labels, suffixes ...string) bool {
	name := ls.Get(labels.MetricName)
	for _, s := range suffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}
