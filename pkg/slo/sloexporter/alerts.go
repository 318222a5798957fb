package sloexporter

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// ranges are the long windows of slo-exporter's alerts, as it writes them.
var ranges = []string{"1h", "6h", "1d", "3d"}

// usual are the tiers of slo-exporter's own alerts, one for each range.
func usual() []slo.Tier {
	const day = 24 * time.Hour
	return []slo.Tier{
		{Name: "one_hour", Severity: "critical", Factor: 13.44, Long: time.Hour, Short: 5 * time.Minute, Fixed: true},
		{Name: "six_hours", Severity: "critical", Factor: 5.6, Long: 6 * time.Hour, Short: 30 * time.Minute, Fixed: true},
		{Name: "one_day", Severity: "warning", Factor: 2.8, Long: day, Short: 2 * time.Hour, Fixed: true},
		{Name: "three_days", Severity: "warning", Factor: 1, Long: 3 * day, Short: 6 * time.Hour, Fixed: true},
	}
}

// alerting is what a domain says about the alerts of one of its SLOs.
func (d *domain) alerting(class, kind string) slo.Alerting {
	out := slo.Alerting{Disabled: !d.Enabled, Terms: slo.AlertTerms{Tiers: usual()}}
	for name, value := range map[string]text{"team": d.Alerting.Team, "escalate": d.Alerting.Escalate} {
		if value == "" {
			continue
		}
		if out.Labels == nil {
			out.Labels = map[string]string{}
		}
		out.Labels[name] = string(value)
	}
	for i := range out.Terms.Tiers {
		if factor, ok := d.factor(class, kind, ranges[i]); ok {
			out.Terms.Tiers[i].Factor = factor
		}
	}
	return out
}

// factor is the first threshold that is said of an SLO and a range.
func (d *domain) factor(class, kind, over string) (float64, bool) {
	for _, t := range d.Alerting.Thresholds {
		c := t.Condition
		if c.Range != over || c.Class != "" && c.Class != class || c.Type != "" && c.Type != kind {
			continue
		}
		return t.factor()
	}
	return 0, false
}

func (t threshold) factor() (float64, bool) {
	factor, err := strconv.ParseFloat(string(t.Value), 64)
	return factor, err == nil && factor > 0 && factor <= math.MaxFloat64
}

// checkThresholds looks at the thresholds of a domain.
func (r *reader) checkThresholds(at string, d *domain) {
	for i, t := range d.Alerting.Thresholds {
		field := strictyaml.Index(at+".alerting.burn_rate_thresholds", i)
		if _, ok := t.factor(); !ok {
			r.add(slo.Error, field+".value", fmt.Sprintf("%q is not a burn rate above 0", t.Value), "write a number such as 13.44")
		}
		if !slices.Contains(ranges, t.Condition.Range) {
			r.add(slo.Error, field+".condition.time_range", fmt.Sprintf("%q is no range of slo-exporter's alerts", t.Condition.Range), "write 1h, 6h, 1d or 3d")
		}
		if !d.has(t.Condition.Class, t.Condition.Type) {
			r.add(r.set.options.unknown(), field+".condition", "is about no SLO of the domain", "correct class and slo_type")
		}
	}
}

// has reports whether a class, or any, has an slo_type, or any.
func (d *domain) has(class, kind string) bool {
	for name, kinds := range d.Classes {
		if _, ok := kinds[kind]; (class == "" || class == name) && (kind == "" || ok) {
			return true
		}
	}
	return false
}
