package gate

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// mean is that of what multiplies the stake of a bet over one stretch of time, counted
// out over all that may happen.
func mean(b bet, n, p, N, q, d float64) (sum float64) {
	candidate, baseline := distuv.Binomial{N: n, P: p}, distuv.Binomial{N: N, P: q}
	for x := 0.; x <= n; x++ {
		for X := 0.; X <= N; X++ {
			won := b.wins(Side{Bad: x, Total: n}, Side{Bad: X, Total: N}, d)
			sum += math.Exp(won + candidate.LogProb(x) + baseline.LogProb(X))
		}
	}
	return sum
}

// No bet wins on average where it should not: the whole guarantee rests on that.
func TestBetsAreFair(t *testing.T) {
	const rounding = 1e-9
	tried := 0
	for _, n := range []float64{1, 3, 20} {
		for _, N := range []float64{1, 7, 30} {
			for _, q := range []float64{1e-6, 0.001, 0.05, 0.3, 0.9} {
				for _, d := range []float64{0, 0.001, 0.05} {
					for _, b := range worse {
						for _, p := range []float64{q + d, q + d/2, q, q / 2} {
							tried++
							if got := mean(b, n, p, N, q, d); got > 1+rounding {
								t.Errorf("a bet on %v: %v of %v against %v of %v, %v allowed: wins %v on average", b.ratio, p, n, q, N, d, got)
							}
						}
					}
					for _, b := range noWorse {
						for _, p := range []float64{q + d, q + 2*d, min(1, q*1.1+d)} {
							tried++
							if got := mean(b, n, p, N, q, d); got > 1+rounding {
								t.Errorf("a bet on %v: %v of %v against %v of %v, %v too much: wins %v on average", b.ratio, p, n, q, N, d, got)
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d means", tried)
}

// Nobody may come with more than one stake.
func TestStakesAreOne(t *testing.T) {
	against, favour := stakes()
	sum, sumFor := 1-atOnce, 0.
	for _, log := range against {
		sum += math.Exp(log)
	}
	for _, log := range favour {
		sumFor += math.Exp(log)
	}
	if math.Abs(sum-1) > 1e-12 || math.Abs(sumFor-1) > 1e-12 {
		t.Errorf("the stakes are %v and %v", sum, sumFor)
	}
}

// A baseline without end is an error ratio that is known.
func TestAloneIsTheLimit(t *testing.T) {
	candidate := Side{Bad: 4, Total: 1000}
	for _, bets := range [][]bet{worse[:], noWorse[:]} {
		for _, b := range bets {
			got, want := b.wins(candidate, Side{Bad: 1e7, Total: 1e10}, 0.0005), b.winsAlone(candidate, 0.0015)
			if math.Abs(got-want) > 1e-3 {
				t.Errorf("a bet on %v: %v, %v against the ratio itself", b.ratio, got, want)
			}
		}
	}
}

// The number in the comment.
func TestEvidenceThatIsWorkedOut(t *testing.T) {
	c := newDuel(t)
	c.run(1, Side{Bad: 15, Total: 1500}, Side{Bad: 28, Total: 28500})
	if got := math.Exp(c.Against[2]); math.Abs(got/1.7e7-1) > 0.05 {
		t.Errorf("%.3g", got)
	}
}

func TestLogSum(t *testing.T) {
	for _, c := range [][3]float64{{0, 0, math.Ln2}, {-1000, 3, 3}, {3, math.Inf(-1), 3}, {1000, 999, 1000 + math.Log1p(math.Exp(-1))}} {
		if got := logSum(c[0], c[1]); math.Abs(got-c[2]) > 1e-12 || got != logSum(c[1], c[0]) {
			t.Errorf("logSum(%v, %v) = %v", c[0], c[1], got)
		}
	}
}
