package scrape

import (
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// floatOf is a histogram of either kind with float counts, if it is a possible
// one. One whose counts may go down is a gauge: no events.
func floatOf(h *histogram.Histogram, fh *histogram.FloatHistogram) (*histogram.FloatHistogram, sli.Type, error) {
	if h != nil {
		if err := h.Validate(); err != nil {
			return nil, 0, err
		}
		fh = h.ToFloat(nil)
	}
	if err := check(fh); err != nil {
		return nil, 0, err
	}
	if fh.CounterResetHint == histogram.GaugeType {
		return fh, sli.TypeGauge, nil
	}
	return fh, sli.TypeHistogram, nil
}

// check refuses what the library's own check lets through: counts and bounds
// that are not numbers.
func check(fh *histogram.FloatHistogram) error {
	if !(fh.ZeroThreshold >= 0) {
		return fmt.Errorf("histogram has a zero threshold of %v", fh.ZeroThreshold)
	}
	if slices.ContainsFunc(fh.CustomValues, math.IsNaN) {
		return fmt.Errorf("histogram has a custom bound that is not a number")
	}
	for _, counts := range [][]float64{{fh.Count, fh.ZeroCount}, fh.PositiveBuckets, fh.NegativeBuckets} {
		for _, c := range counts {
			if !(c >= 0) || math.IsInf(c, 1) {
				return fmt.Errorf("histogram has a count of %v", c)
			}
		}
	}
	return fh.Validate()
}
