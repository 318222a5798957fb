package referee

import "math"

// The evidence that a tier asks for.
const (
	confidence = 0.99
	leastBad   = 5
	// willing is the share of the factor that the lower bound must exceed.
	willing = 0.95
)

// proven reports whether the lower end of the one-sided Clopper-Pearson
// interval of bad out of total lies above a ratio: were the ratio true, so many
// bad events would be rarer than one in a hundred.
func proven(bad, total, ratio float64) bool {
	return ratio < 1 && tail(bad, total, ratio) < 1-confidence
}

// tail is the chance of at least bad out of total events at a ratio: the
// regularised incomplete beta function I_ratio(bad, total-bad+1), which also
// stands for the parts of events that a window's edge cuts off.
func tail(bad, total, ratio float64) float64 {
	a, b := bad, total-bad+1
	front := math.Exp(logGamma(a+b) - logGamma(a) - logGamma(b) + a*math.Log(ratio) + b*math.Log1p(-ratio))
	if ratio < (a+1)/(a+b+2) {
		return front / a * fraction(a, b, ratio)
	}
	return 1 - front/b*fraction(b, a, 1-ratio)
}

func logGamma(x float64) float64 { v, _ := math.Lgamma(x); return v }

// fraction is the continued fraction of the incomplete beta function, from its
// end: x falls short of the mean, so the terms die out fast.
func fraction(a, b, x float64) float64 {
	terms := 200 + int(20*math.Sqrt(math.Max(a, b)))
	value := 1.0
	for n := terms; n >= 1; n-- {
		m := float64(n / 2)
		d := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		if n%2 == 1 {
			d = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		value = 1 + d/value
	}
	return 1 / value
}
