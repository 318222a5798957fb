package sloth

import (
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// without says what is there instead of a plugin that comes with Sloth; empty:
// nothing is lost.
var without = map[string]string{
	"sloth.dev/core/noop/v1":                            "",
	"sloth.dev/core/debug/v1":                           "",
	"sloth.dev/core/validate/v1":                        "",
	"sloth.dev/core/alert_rules/v1":                     "",
	"sloth.dev/core/metadata_rules/v1":                  "",
	"sloth.dev/core/sli_rules/v1":                       "long windows are count ratios, as with its disableOptimized",
	"sloth.dev/contrib/info_labels/v1":                  "write its labels as labels of the SLO",
	"sloth.dev/contrib/remove_labels/v1":                "rules carry all labels of the SLO: write those that you want",
	"sloth.dev/contrib/rule_intervals/v1":               "rules have the interval of your Prometheus: set evaluation_interval",
	victoriaMetrics:                                     "queries are read as PromQL",
	"sloth.dev/contrib/error_budget_exhausted_alert/v1": "the engine has an alert of its own for this, ErrorBudgetExhausted",
	"sloth.dev/contrib/denominator_corrected_rules/v1":  "counts weigh by themselves here, and a low-traffic gate holds alerts back",
}

// victoriaMetrics lets Sloth take queries that are not PromQL.
const victoriaMetrics = "sloth.dev/contrib/validate_victoria_metrics/v1"

// dialect is the language of the queries under these plugins.
func dialect(all ...plugins) string {
	for _, p := range all {
		if slices.ContainsFunc(p.Chain, func(one plugin) bool { return one.ID == victoriaMetrics }) {
			return "MetricsQL"
		}
	}
	return ""
}

// checkPlugins warns of plugins of a chain, which are not run.
func (r *reader) checkPlugins(at string, p plugins) {
	if p.Override {
		if len(p.Chain) == 0 {
			r.doubt(at+".overridePrevious", "leaves no plugin to make rules", "write a chain, or remove it")
		} else {
			r.add(slo.Warning, at+".overridePrevious", "plugins are not run: the usual rules stay", "remove it")
		}
	}
	for i, plugin := range p.Chain {
		field := strictyaml.Index(at+".chain", i)
		instead, known := without[plugin.ID]
		switch {
		case plugin.ID == "":
			r.doubt(field+".id", "is missing", "write the id of a plugin, or remove the entry")
		case !known:
			r.add(slo.Warning, field, fmt.Sprintf("Sloth's plugin %q is Go code that is not run here", plugin.ID), "write in the SLO what it does, or remove it")
		case instead != "":
			r.add(slo.Warning, field, fmt.Sprintf("Sloth's plugin %q is not run here", plugin.ID), instead)
		}
	}
}
