package sloth

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// ratioName is the series of the error ratio in a window.
func ratioName(window time.Duration) string { return "slo:sli_error:ratio_rate" + promDuration(window) }

// ratios are the error ratio in each window of alerts, then in the period.
func (r *ruleSet) ratios() (out []rules.Rule) {
	windows := r.alertWindows()
	for _, window := range windows {
		out = append(out, r.ratio(window))
	}
	if r.options.Compatible || !slices.Contains(windows, r.period) {
		out = append(out, r.ratio(r.period))
	}
	return out
}

// alertWindows lists all windows of alerts, each once, the shortest first.
func (r *ruleSet) alertWindows() []time.Duration {
	windows := map[time.Duration]bool{}
	for _, pair := range r.pairs() {
		windows[pair.Short], windows[pair.Long] = true, true
	}
	return slices.Sorted(maps.Keys(windows))
}

func (r *ruleSet) ratio(window time.Duration) rules.Rule {
	expr := r.query.over(window)
	if short := r.windows.PageQuick.Short; r.options.Compatible && window == r.period && short != r.period {
		expr = averaged(ratioName(short)+r.filter, window)
	}
	return rules.Rule{Record: ratioName(window), Expr: expr, Labels: r.labels(map[string]string{"sloth_window": promDuration(window)})}
}

// averaged is the mean of a series over a window, as Sloth writes it.
func averaged(series string, window time.Duration) string {
	over := "(" + series + "[" + promDuration(window) + "])\n"
	return "sum_over_time" + over + "/ ignoring (sloth_window)\ncount_over_time" + over
}

// metadata is what dashboards read.
func (r *ruleSet) metadata() []rules.Rule {
	ratio := float(r.objective / 100)
	record := func(name, expr string) rules.Rule {
		return rules.Rule{Record: name, Expr: expr, Labels: r.labels(nil)}
	}
	info := record("sloth_slo_info", "vector(1)")
	maps.Copy(info.Labels, map[string]string{
		"sloth_version": r.options.Version, "sloth_mode": mode(r.spec.Format), "sloth_spec": r.spec.Format.APIVersion,
		"sloth_objective": strconv.FormatFloat(r.objective, 'f', -1, 64),
	})
	return []rules.Rule{
		record("slo:objective:ratio", "vector("+ratio+")"),
		record("slo:error_budget:ratio", "vector(1-"+ratio+")"),
		record("slo:time_period:days", "vector("+float(r.period.Hours()/24)+")"),
		record("slo:current_burn_rate:ratio", r.burnRate(r.windows.PageQuick.Short)),
		record("slo:period_burn_rate:ratio", r.burnRate(r.period)),
		record("slo:period_error_budget_remaining:ratio", "1 - slo:period_burn_rate:ratio"+r.filter),
		info,
	}
}

// burnRate is how fast the budget burns: 1 spends it in the period.
func (r *ruleSet) burnRate(window time.Duration) string {
	return ratioName(window) + r.filter + "\n/ on(sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio" + r.filter + "\n"
}

// mode is what Sloth says of where it ran.
func mode(f slo.Format) string {
	switch {
	case f.APIVersion == "sloth.slok.dev/v1":
		return "cli-gen-k8s"
	case strings.HasPrefix(f.APIVersion, "openslo"):
		return "cli-gen-openslo"
	}
	return "cli-gen-prom"
}

// percent is an objective as the number that Sloth reads and computes with.
// Its last digits are those of these floats, in this order.
func percent(o slo.Objective) float64 {
	f, _ := strconv.ParseFloat(strings.TrimSuffix(o.String(), "%"), 64)
	return f
}

// float writes a number as Go prints it.
func float(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
