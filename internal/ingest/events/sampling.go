package events

import (
	"math"
	"strconv"
	"strings"
)

// thresholdDigits are the hex digits of a sampling threshold: 56 bits.
const thresholdDigits = 14

// weightOf is how many spans one stands for, as the sampler wrote it into the
// trace state, and whether it was sampled at all. The threshold th is of 2^56
// those that were dropped, trailing zeros left out: th:c is 12/16, one of four
// was kept. The older p:N says that one of 2^N was kept, and p:63 that the span
// stands for none. What cannot be read says nothing.
func weightOf(traceState string) (weight float64, sampled bool) {
	if traceState == "" {
		return 1, false
	}
	for member := range strings.SplitSeq(traceState, ",") {
		values, ok := strings.CutPrefix(strings.TrimSpace(member), "ot=")
		if !ok {
			continue
		}
		for value := range strings.SplitSeq(values, ";") {
			if digits, ok := strings.CutPrefix(value, "th:"); ok {
				return thresholdWeight(digits)
			}
		}
		for value := range strings.SplitSeq(values, ";") {
			if exponent, ok := strings.CutPrefix(value, "p:"); ok {
				return exponentWeight(exponent)
			}
		}
	}
	return 1, false
}

func thresholdWeight(digits string) (float64, bool) {
	if len(digits) == 0 || len(digits) > thresholdDigits {
		return 1, false
	}
	dropped, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return 1, false
	}
	dropped <<= 4 * (thresholdDigits - len(digits))
	const all = 1 << (4 * thresholdDigits)
	return all / float64(all-dropped), dropped > 0
}

func exponentWeight(text string) (float64, bool) {
	exponent, err := strconv.ParseUint(text, 10, 8)
	switch {
	case err != nil || exponent > 63:
		return 1, false
	case exponent == 63:
		return 0, true
	}
	return math.Exp2(float64(exponent)), exponent > 0
}
