package gate

import (
	"math"
	"time"
)

// The evidence is what a bet against the candidate would have won by now, were it
// made at fair odds. Let a stretch of time bring n events of the candidate, x of them
// bad, and N of the baseline, X of them bad; s = n/(n+N). A stake on the candidate's
// error ratio being r times the baseline's is multiplied with
//
//	r^x · m^-(x+X) · e^(N·d·(1/m - 1)),  m = 1 + s·(r-1).
//
// The mean of that is at most 1 for each candidate whose error ratio p exceeds the
// baseline's q by d at most, if r > 1, and by d at least, if r < 1. For a good event
// counts for 1, and a bad one for r/m among the candidate's and for 1/m among the
// others; with 1 + y <= e^y the mean of the first two factors is at most
// e^(n·p·(r/m - 1) + N·q·(1/m - 1)), where n·(r/m - 1) = -N·(1/m - 1): what p has above
// q is what the last factor takes away. Over all stretches together that stays so.
// Thus whoever bets against an equal candidate has ever f times his stake with a
// probability of at most 1/f (Jean Ville, Étude critique de la notion de collectif,
// 1939), however often he looks, and however few events there are.
//
// Turner, Ly and Grünwald show that nothing wins faster against a candidate that is
// just r times worse (Generic E-variables for exact sequential k-sample tests that
// allow for optional stopping, 2024); this is their bet as it is for rare events.
// As nobody knows r, the stake is spread over several, as by Robbins (Statistical
// methods related to the law of the iterated logarithm, 1970). Some of it is
// kept back and bet piece by piece: a candidate may turn bad late, when it gets more
// of the traffic or its memory is full, and how well it did before would have to be
// outweighed first.
//
// One number worked out: of 1,500 events of the candidate 15 are bad, of 28,500 of
// the baseline 28. s = 0.05, for r = 6 m = 1.25, and 6^15 · 1.25^-43 = 3.2e7; with that
// bet's 0.6 · 0.9 of the stake 1.7e7. At 1 % false denials 100 are enough.

// bet is an r, its logarithm, and that of its share of the stake.
type bet struct{ ratio, log, share float64 }

// worse are bets on a candidate that is worse than it may be, noWorse on one that is
// better than one that is too bad.
var (
	worse   = [...]bet{on(1.5, 0.1), on(2.5, 0.15), on(6, 0.6), on(20, 0.1), on(100, 0.05)}
	noWorse = [...]bet{on(0.02, 0.3), on(0.1, 0.1), on(0.3, 0.15), on(0.5, 0.15), on(0.7, 0.15), on(0.9, 0.15)}
)

// atOnce is the share of the stake against the candidate that is bet at once.
const atOnce = 0.9

func on(ratio, share float64) bet { return bet{ratio, math.Log(ratio), math.Log(share)} }

// stakes are what bets begin with.
func stakes() (against [len(worse)]float64, favour [len(noWorse)]float64) {
	for i, b := range worse {
		against[i] = b.share + math.Log(atOnce)
	}
	for i, b := range noWorse {
		favour[i] = b.share
	}
	return against, favour
}

// wins is the logarithm of what multiplies the stake; d as above.
func (b bet) wins(candidate, baseline Side, d float64) float64 {
	m := 1 + candidate.Total/(candidate.Total+baseline.Total)*(b.ratio-1)
	return candidate.Bad*b.log - (candidate.Bad+baseline.Bad)*math.Log(m) + baseline.Total*d*(1/m-1)
}

// winsAlone is the same where q+d is known: the limit of wins for N without end.
func (b bet) winsAlone(candidate Side, ratio float64) float64 {
	return candidate.Bad*b.log - candidate.Total*ratio*(b.ratio-1)
}

// allowed is how much the candidate's error ratio may exceed the baseline's, tooMuch
// is what must be ruled out before it is called no worse.
func (c *Comparison) allowed() float64 { return min(1, max(0, c.Terms.Margin)*c.Budget) }
func (c *Comparison) tooMuch() float64 { return min(1, max(1, c.Terms.Margin)*c.Budget) }

// weigh compares what waits.
func (c *Comparison) weigh() {
	candidate, baseline := c.Waiting[0], c.Waiting[1]
	added := math.Log(c.keptBack(c.Weighed) - c.keptBack(c.At))
	for i, b := range worse {
		c.Against[i] = logSum(c.Against[i], b.share+added) + b.wins(candidate, baseline, c.allowed())
	}
	for i, b := range noWorse {
		c.For[i] += b.wins(candidate, baseline, c.tooMuch())
	}
	c.Waiting, c.Weighed = [2]Side{}, c.At
}

// keptBack is the share of the stake that is not bet yet at a time.
func (c *Comparison) keptBack(at time.Time) float64 {
	if c.Terms.Within <= 0 {
		return 0
	}
	return (1 - atOnce) * max(0, 1-float64(at.Sub(c.Began))/float64(c.Terms.Within))
}

// evidence is what speaks against the candidate, and what speaks for it.
func (c *Comparison) evidence() (against, favour float64) {
	if c.alone() {
		return c.evidenceAlone()
	}
	against = c.keptBack(c.Weighed)
	for _, log := range c.Against {
		against += math.Exp(log)
	}
	for _, log := range c.For {
		favour += math.Exp(log)
	}
	return finite(against), finite(favour)
}

// evidenceAlone is that of a candidate which is held against the objective.
func (c *Comparison) evidenceAlone() (against, favour float64) {
	for _, b := range worse {
		against += math.Exp(b.share + b.winsAlone(c.Candidate, c.Budget+c.allowed()))
	}
	for _, b := range noWorse {
		favour += math.Exp(b.share + b.winsAlone(c.Candidate, c.Budget+c.tooMuch()))
	}
	return finite(against), finite(favour)
}

// finite takes evidence beyond all numbers for the most that JSON can say.
func finite(evidence float64) float64 { return min(evidence, math.MaxFloat64) }

// logSum is the logarithm of e^a + e^b.
func logSum(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if a-b > 40 { // more than a double tells
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
