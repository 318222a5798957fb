package slo

import (
	"cmp"
	"time"
)

// AlertTerms say when an SLO's alerts fire. What they leave open is as usual.
type AlertTerms struct {
	// Tiers replace the usual ones, the fastest first. Empty: the usual ones.
	Tiers []Tier
	// Confidence is that of the low-traffic bound, 0 <= Confidence < 1; 0
	// switches the bound off. nil: 0.99.
	Confidence *float64
	// MinBad is how many bad events a tier asks for. nil: 5.
	MinBad *float64
	// NoData says what a silence means.
	NoData NoData
}

// Tier is one burn-rate condition as a document writes it: it holds while the
// burn rates of both windows exceed a factor. The factor is Budget * SLO
// window / Long, or as it is written; exactly one of Budget and Factor is set.
type Tier struct {
	Name     string
	Severity string // critical, warning or info; empty: wakes nobody
	// Budget is the share of the error budget that is spent within Long when
	// the tier fires.
	Budget float64
	// Factor is a burn rate.
	Factor float64
	// Long says that it matters, Short that it still goes on.
	Long, Short time.Duration
	// Fixed windows do not shrink with SLO windows below 28 days: whoever wrote
	// them meant them as they are.
	Fixed bool
}

// NoData says what it means that samples arrived once and stopped.
type NoData struct {
	// After is how long a silence may be; 0: ten minutes. Three sample
	// intervals if that is more.
	After time.Duration
	// Policy is what counts meanwhile.
	Policy NoDataPolicy
}

// UsualSilence is how long a silence may be where nobody says.
const UsualSilence = 10 * time.Minute

// NoDataPolicy is what a silence counts as, while it lasts.
type NoDataPolicy int

const (
	// UsualNoData: nothing was said, which is FreezeNoData.
	UsualNoData NoDataPolicy = iota
	// FreezeNoData: alerts stay as they are, and SLINoData fires.
	FreezeNoData
	// BadNoData: the time of the silence counts as bad traffic at the rate of
	// the SLO window, in burn rates and in the budget; SLINoData fires.
	BadNoData
	// GoodNoData: it counts as good traffic, so that burn alerts end as their
	// windows drain; SLINoData fires.
	GoodNoData
	// IgnoreNoData: burn alerts end at once, and SLINoData does not fire.
	IgnoreNoData
)

var noDataNames = map[NoDataPolicy]string{
	UsualNoData: "freeze", FreezeNoData: "freeze", BadNoData: "bad", GoodNoData: "good", IgnoreNoData: "ignore",
}

// String is the policy's name as documents write it.
func (p NoDataPolicy) String() string { return noDataNames[p] }

// ParseNoDataPolicy is the reverse of String.
func ParseNoDataPolicy(s string) (NoDataPolicy, bool) {
	for p, name := range noDataNames {
		if name == s && p != UsualNoData {
			return p, true
		}
	}
	return UsualNoData, false
}

// over are the terms t, and those of base where t leaves one open. Tiers are
// one thing: of a mixture nobody could tell when it fires.
func (t AlertTerms) over(base AlertTerms) AlertTerms {
	if len(t.Tiers) == 0 {
		t.Tiers = base.Tiers
	}
	t.Confidence = cmp.Or(t.Confidence, base.Confidence)
	t.MinBad = cmp.Or(t.MinBad, base.MinBad)
	t.NoData.After = cmp.Or(t.NoData.After, base.NoData.After)
	t.NoData.Policy = cmp.Or(t.NoData.Policy, base.NoData.Policy)
	return t
}
