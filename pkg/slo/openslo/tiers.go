package openslo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// tiers are those that the alert policies of an SLO ask for.
type tiers []slo.Tier

// take makes a tier of a condition, if it is one: a burn rate above a threshold.
// The condition's lookbackWindow is the long window; what it must last, which
// is alertAfter, is the short one, or a twelfth of the long one.
func (c *checker) take(base, name string, s *conditionSpec) (t slo.Tier, ok bool) {
	if s == nil || s.Condition == nil {
		return t, false
	}
	r := s.Condition
	above := r.Op == "gt" || r.Op == "gte"
	if r.Kind != "" && r.Kind != "burnrate" || !above || r.Threshold == nil || r.Threshold.value <= 0 {
		return t, false
	}
	long, _, ok := r.LookbackWindow.length()
	if !ok || long < time.Minute || long > slo.MaxRolling {
		return t, false
	}
	return slo.Tier{
		Name: name, Severity: c.severity(base+".severity", s.Severity), Factor: r.Threshold.value,
		Long: long, Short: c.short(base+".condition.alertAfter", r.AlertAfter, long), Fixed: true,
	}, true
}

// short is a tier's short window.
func (c *checker) short(field string, d duration, long time.Duration) time.Duration {
	length, _, ok := d.length()
	switch {
	case d.text == "" || !ok || length <= 0:
		return twelfth(long)
	case length >= long:
		c.warn(field, fmt.Sprintf("%s is not shorter than lookbackWindow, and is the short window of the engine's tier: %s is taken",
			shorten(d.text), slo.FormatDuration(twelfth(long))), "write a twelfth of lookbackWindow")
		return twelfth(long)
	}
	return length.Round(time.Second)
}

// twelfth is the short window that the SRE Workbook has for a long one.
func twelfth(long time.Duration) time.Duration { return (long / 12).Round(time.Second) }

// ours are the engine's severities by the names that people give them.
var ours = map[string]string{
	"page": "critical", "critical": "critical", "ticket": "warning", "warning": "warning", "info": "info", "none": "",
}

// severity is that of a tier. One with another name must not be lost: it pages.
func (c *checker) severity(field, name string) string {
	severity, ok := ours[strings.ToLower(name)]
	if !ok {
		c.warn(field, fmt.Sprintf("%q is not a severity of the engine: critical is taken", shorten(name)), "write page, ticket, info or none")
		return "critical"
	}
	return severity
}

// add keeps names apart, and the fastest tier first.
func (ts *tiers) add(t slo.Tier) {
	t.Name = strings.ReplaceAll(slug(t.Name), "-", "_")
	if t.Name == "" || t.Name == "budget" || t.Name == "no_data" { // the engine has alerts of these names
		t.Name = strings.TrimSuffix("burn_"+t.Name, "_")
	}
	taken := func(name string) bool {
		return slices.ContainsFunc(*ts, func(other slo.Tier) bool { return other.Name == name })
	}
	for name, n := t.Name, 2; taken(t.Name); n++ {
		t.Name = fmt.Sprintf("%s_%d", name, n)
	}
	*ts = append(*ts, t)
	slices.SortStableFunc(*ts, func(a, b slo.Tier) int { return cmp.Compare(a.Long, b.Long) })
}
