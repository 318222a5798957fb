package slo

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Bounds of AlertTerms.
const (
	// MaxTiers bounds the tiers of one SLO: each reads two windows at every
	// tick.
	MaxTiers = 16
	// MinSilence is the shortest NoData.After: senders export every few
	// seconds to a minute, and may miss a turn.
	MinSilence = time.Minute
)

// reservedTiers are the ids of the alerts that are no burn tiers.
var reservedTiers = []string{"budget", "no_data"}

var tierPattern = regexp.MustCompile(`^[a-z0-9_]+$`)

const (
	factorFix  = "write a burn rate such as 14.4"
	budgetFix  = "write a percentage such as 2%"
	silenceFix = "write at least 1m, or remove it for the usual 10m"
)

// open reports whether nothing is said.
func (t AlertTerms) open() bool {
	return len(t.Tiers) == 0 && t.Confidence == nil && t.MinBad == nil && t.NoData == NoData{}
}

// terms checks AlertTerms that stand at base.
func (v *validator) terms(base string, t AlertTerms) {
	v.tiers(base+".tiers", t.Tiers)
	if c := t.Confidence; c != nil && !(*c >= 0 && *c < 1) {
		v.fail(base+".confidence", "must be at least 0 and below 1", "write 0.99, or 0 to switch the bound off")
	}
	if m := t.MinBad; m != nil && !(*m >= 0 && *m <= math.MaxFloat64) {
		v.fail(base+".minBad", "must be a number of events, at least 0", "write 5, or 0 to switch it off")
	}
	if after := t.NoData.After; after != 0 && after < MinSilence {
		v.fail(base+".noData.after", FormatDuration(after)+" is shorter than the "+FormatDuration(MinSilence)+" that senders may need", silenceFix)
	}
}

func (v *validator) tiers(field string, tiers []Tier) {
	if len(tiers) > MaxTiers {
		v.fail(field, fmt.Sprintf("has %d tiers, more than the %d allowed", len(tiers), MaxTiers), "keep the ones somebody acts on")
		return
	}
	first := map[string]int{}
	for i, t := range tiers {
		at := strictyaml.Index(field, i)
		v.tierName(at+".name", t.Name)
		if n, taken := first[t.Name]; taken {
			v.fail(at+".name", fmt.Sprintf("%q is also the name of %s", t.Name, strictyaml.Index("tiers", n)), "rename one of them")
		} else {
			first[t.Name] = i
		}
		v.tierLimit(at, t)
		v.tierWindows(at, t)
	}
}

func (v *validator) tierName(field, name string) {
	const fix = "write lower-case letters, digits and '_', such as page_fast"
	switch {
	case name == "":
		v.fail(field, "is empty", fix)
	case len(name) > MaxNameBytes:
		v.fail(field, fmt.Sprintf("has %d bytes, more than the %d allowed", len(name), MaxNameBytes), "shorten it")
	case !tierPattern.MatchString(name):
		v.fail(field, fmt.Sprintf("%q is not the name of a tier", name), fix)
	case slices.Contains(reservedTiers, name):
		v.fail(field, fmt.Sprintf("%q is reserved: the engine has an alert of that name", name), "take another, such as page_fast")
	}
}

// tierLimit checks what a tier fires above.
func (v *validator) tierLimit(at string, t Tier) {
	switch {
	case t.Budget != 0 && t.Factor != 0:
		v.fail(at, "has both budget and factor", "keep one of the two")
	case t.Budget == 0 && t.Factor == 0:
		v.fail(at, "has neither budget nor factor", "write budget: 2%, or factor: 14.4")
	case t.Factor != 0 && !(t.Factor > 0 && t.Factor <= math.MaxFloat64):
		v.fail(at+".factor", "must be above 0", factorFix)
	case t.Budget != 0 && !(t.Budget > 0 && t.Budget <= 1):
		v.fail(at+".budget", "must be above 0% and at most 100%", budgetFix)
	}
}

func (v *validator) tierWindows(at string, t Tier) {
	for _, w := range []struct {
		name   string
		length time.Duration
	}{{"long", t.Long}, {"short", t.Short}} {
		switch {
		case w.length < time.Second:
			v.fail(at+"."+w.name, "must be at least 1s", "write a duration such as 1h")
			return
		case w.length%time.Second != 0:
			v.fail(at+"."+w.name, FormatDuration(w.length)+" is not a whole number of seconds", "write "+FormatDuration(w.length.Round(time.Second)))
			return
		}
	}
	switch {
	case t.Short >= t.Long:
		v.fail(at+".short", FormatDuration(t.Short)+" is not shorter than long, which is "+FormatDuration(t.Long), "write a twelfth of long")
	case t.Long > MaxRolling:
		v.fail(at+".long", FormatDuration(t.Long)+" is longer than this version keeps", "write at most "+FormatDuration(MaxRolling))
	}
}
