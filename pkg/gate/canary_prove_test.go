package gate

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

var scale = flag.Int("prove.scale", 1, "how many canaries to simulate, in units of a short test")

// traffic is what both sides of a simulated canary get and do.
type traffic struct {
	rate  float64 // requests a second of both
	share float64 // of the candidate
	// candidate and baseline are error ratios.
	candidate, baseline float64
}

// second draws what happens to a side in one.
func second(rng *rand.Rand, rate, ratio float64) Side {
	n := distuv.Poisson{Lambda: rate, Src: rng}.Rand()
	if n == 0 || ratio == 0 {
		return Side{Total: n}
	}
	return Side{Bad: distuv.Binomial{N: n, P: ratio, Src: rng}.Rand(), Total: n}
}

// play looks at a canary every second until it is decided that way, or the time has
// passed. It says after how many seconds; 0: it was not.
func (tr traffic) play(seed uint64, seconds int, decided slo.GateDecision) int {
	rng := rand.New(rand.NewPCG(seed, 7))
	c := NewComparison(&canaryTerms, 0.001, "v2", "", noon)
	for i := 1; i <= seconds; i++ {
		candidate, baseline := second(rng, tr.rate*tr.share, tr.candidate), second(rng, tr.rate*(1-tr.share), tr.baseline)
		if c.Step(candidate, baseline, noon.Add(time.Duration(i)*time.Second)) == decided {
			return i
		}
	}
	return 0
}

// tally counts how often something happened.
type tally struct{ yes, of int }

func (y *tally) add(yes bool) {
	y.of++
	if yes {
		y.yes++
	}
}

// above and below are bounds of the probability, each one wrong once in a hundred
// times (Clopper and Pearson).
func (y tally) above() float64 {
	if y.yes == y.of {
		return 1
	}
	return mathext.InvRegIncBeta(float64(y.yes+1), float64(y.of-y.yes), 0.99)
}

func (y tally) below() float64 {
	if y.yes == 0 {
		return 0
	}
	return mathext.InvRegIncBeta(float64(y.yes), float64(y.of-y.yes+1), 0.01)
}

func (y tally) String() string {
	return fmt.Sprintf("%d of %d (%.3g %%, at 99 %% confidence %.3g..%.3g %%)",
		y.yes, y.of, 100*float64(y.yes)/float64(y.of), 100*y.below(), 100*y.above())
}

// proved says in one line what held, and of which seeds.
func proved(t *testing.T, from, to uint64, format string, args ...any) {
	t.Helper()
	t.Logf("%s, seeds %d..%d", fmt.Sprintf(format, args...), from, to)
}

// Equal candidates are hardly ever denied, though it is looked every second for
// ten minutes: not in all worlds together, and not in any of them.
func TestProveEqualCandidatesAreNotDenied(t *testing.T) {
	t.Parallel()
	seed, all, worst, where := uint64(0), tally{}, tally{0, 1}, ""
	for _, share := range []float64{0.05, 0.1, 0.5} {
		for _, ratio := range []float64{0, 0.0002, 0.001, 0.005, 0.01, 0.05} {
			for _, rate := range []float64{5, 25, 100, 500} {
				var here tally
				for range 25 * *scale {
					seed++
					denied := traffic{rate, share, ratio, ratio}.play(seed, 600, slo.GateDeny) > 0
					here.add(denied)
					all.add(denied)
				}
				if here.below() > canaryTerms.FalseDenials {
					t.Errorf("%v a second, %v of them at the candidate, %v bad: %s denied", rate, share, ratio, here)
				}
				if here.below() > worst.below() {
					worst, where = here, fmt.Sprintf(" (%v/s, %v %% of them at the candidate, %v %% bad)", rate, 100*share, 100*ratio)
				}
			}
		}
	}
	if all.above() > canaryTerms.FalseDenials {
		t.Errorf("%s were denied", all)
	}
	proved(t, 1, seed, "%s equal candidates denied, in the worst of 72 worlds%s %s", all, where, worst)
}

// Worse by the error budget's ratio, a candidate is hardly ever called no worse.
func TestProveWorseCandidatesAreNotAllowed(t *testing.T) {
	t.Parallel()
	seed, all := uint64(1e6), tally{}
	for _, share := range []float64{0.05, 0.1, 0.5} {
		for _, ratio := range []float64{0, 0.001, 0.01} {
			for _, rate := range []float64{25, 500} {
				for range 30 * *scale {
					seed++
					all.add(traffic{rate, share, ratio + 0.001, ratio}.play(seed, 600, slo.GateAllow) > 0)
				}
			}
		}
	}
	if all.below() > canaryTerms.FalseDenials {
		t.Errorf("%s were allowed", all)
	}
	proved(t, 1e6+1, seed, "%s candidates that are worse by the budget's ratio allowed", all)
}

// Ten times as many errors are denied within 30 s at 50 requests a second of the
// candidate, wherever that is enough to tell: at 0.1 % they are 15 errors where 1.5
// are expected, and even who knew that it is six times or nothing could not
// always tell.
func TestProveTenfoldErrorsAreDenied(t *testing.T) {
	t.Parallel()
	seed := uint64(2e6)
	for _, share := range []float64{0.05, 0.1, 0.5} {
		for _, c := range []struct{ ratio, want float64 }{
			{0.001, map[float64]float64{0.05: 0.97, 0.1: 0.96, 0.5: 0.65}[share]},
			{0.002, map[float64]float64{0.05: 0.99, 0.1: 0.99, 0.5: 0.97}[share]},
			{0.003, 0.99}, {0.005, 0.99}, {0.01, 0.99},
		} {
			from, here, took := seed+1, tally{}, 0
			for range 1000 * *scale {
				seed++
				after := traffic{50 / share, share, 10 * c.ratio, c.ratio}.play(seed, 30, slo.GateDeny)
				here.add(after > 0)
				took += after
			}
			if here.above() < c.want || *scale >= 10 && here.below() < c.want {
				t.Errorf("%v of the traffic, %v bad: %s denied, want %v", share, c.ratio, here, c.want)
			}
			proved(t, from, seed, "tenfold of %.2g %% at 50/s, %.2g %% of the traffic: %s denied within 30 s, after %.1f s on average",
				100*c.ratio, 100*share, here, float64(took)/math.Max(1, float64(here.yes)))
		}
	}
}
