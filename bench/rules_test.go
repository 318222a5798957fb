package bench

import (
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/bench/payload"
)

// rulesOfSLO is how many rules a rule compiler writes for one SLO.
const rulesOfSLO = 17

// ruleFile writes, for each of n jobs, what a rule compiler makes of one SLO:
// an error ratio for each of eight windows, the longest as the mean of the
// shortest, seven constants and derived series, two alerts.
func ruleFile(n int) string {
	var text strings.Builder
	text.WriteString("groups:\n")
	for i := range n {
		s := sloRules{id: payload.Job(i) + "-availability", job: payload.Job(i), text: &text}
		s.ratios()
		s.derived()
		s.alerts()
	}
	return text.String()
}

// sloRules writes the rules of one SLO.
type sloRules struct {
	id, job string
	text    *strings.Builder
}

func (s sloRules) group(name string) { fmt.Fprintf(s.text, "- name: %s-%s\n  rules:\n", name, s.id) }

func (s sloRules) record(name, expr, window string) {
	fmt.Fprintf(s.text, "  - record: %s\n    expr: '%s'\n    labels: {slo_id: %s, window: '%s'}\n", name, expr, s.id, window)
}

func (s sloRules) ratios() {
	s.group("sli")
	for _, w := range []string{"5m", "30m", "1h", "2h", "6h", "1d", "3d"} {
		s.record("sli_error:ratio_rate"+w, fmt.Sprintf(
			`(sum(rate(%[1]s{job="%[2]s",code=~"5.."}[%[3]s]))) / (sum(rate(%[1]s{job="%[2]s"}[%[3]s])))`, payload.Metric, s.job, w), w)
	}
	s.record("sli_error:ratio_rate30d", fmt.Sprintf(
		`sum_over_time(sli_error:ratio_rate5m{slo_id="%[1]s"}[30d]) / count_over_time(sli_error:ratio_rate5m{slo_id="%[1]s"}[30d])`, s.id), "30d")
}

func (s sloRules) derived() {
	s.group("meta")
	s.record("objective:ratio", "vector(0.999)", "")
	s.record("error_budget:ratio", "vector(0.001)", "")
	s.record("time_period:days", "vector(30)", "")
	s.record("current_burn_rate:ratio", fmt.Sprintf(`sli_error:ratio_rate5m{slo_id="%s"} / 0.001`, s.id), "")
	s.record("period_burn_rate:ratio", fmt.Sprintf(`sli_error:ratio_rate30d{slo_id="%s"} / 0.001`, s.id), "")
	s.record("period_error_budget_remaining:ratio", fmt.Sprintf(`1 - period_burn_rate:ratio{slo_id="%s"}`, s.id), "")
	s.record("slo_info", "vector(1)", "")
}

func (s sloRules) alerts() {
	s.group("alerts")
	s.alert("Page", "5m", "1h", "14.4", "30m", "6h", "6")
	s.alert("Ticket", "2h", "1d", "3", "6h", "3d", "1")
}

// alert takes triples of short window, long window and factor.
func (s sloRules) alert(name string, tiers ...string) {
	var terms []string
	for i := 0; i < len(tiers); i += 3 {
		terms = append(terms, fmt.Sprintf(
			`(max(sli_error:ratio_rate%[2]s{slo_id="%[1]s"} > (%[4]s * 0.001)) and max(sli_error:ratio_rate%[3]s{slo_id="%[1]s"} > (%[4]s * 0.001)))`,
			s.id, tiers[i], tiers[i+1], tiers[i+2]))
	}
	fmt.Fprintf(s.text, "  - alert: %s\n    expr: '%s'\n    labels: {slo_id: %s}\n", name, strings.Join(terms, " or "), s.id)
}
