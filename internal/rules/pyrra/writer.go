package pyrra

import (
	"maps"
	"net/url"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Names of alerts of SLOs that name none.
const (
	burnName   = "ErrorBudgetBurn"
	absentName = "SLOMetricAbsent"
)

// writer writes the rules of one SLO.
type writer struct {
	Options
	spec      *slo.Spec
	name      string
	indicator indicator
	windows   [4]tier
}

// common are the labels of everything that is written.
func (w *writer) common() map[string]string {
	out := map[string]string{"slo": w.name}
	maps.Copy(out, w.spec.Labels)
	return out
}

// seriesLabels are those of recorded series: the common ones and what the
// selector of all events fixes, but for labels that a sum keeps.
func (w *writer) seriesLabels(kept []string) map[string]string {
	out := w.common()
	for _, m := range w.indicator.total.matchers {
		if m.Type == labels.MatchEqual {
			out[m.Name] = m.Value
		}
	}
	for _, name := range kept {
		delete(out, name)
	}
	return out
}

// alertLabels adds to those of series what the SLO says of alerts of a severity.
func (w *writer) alertLabels(series map[string]string, severity string) map[string]string {
	out := maps.Clone(series)
	maps.Copy(out, w.spec.Alerting.Labels)
	maps.Copy(out, w.of(severity).Labels)
	out["severity"] = severity
	return out
}

// annotations are those of alerts of a severity; nil when there are none.
func (w *writer) annotations(severity string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, w.spec.Alerting.Annotations)
	maps.Copy(out, w.of(severity).Annotations)
	if len(out) == 0 {
		return nil
	}
	return out
}

// of is what the SLO says of alerts of one severity.
func (w *writer) of(severity string) slo.AlertingOf {
	switch severity {
	case "critical":
		return w.spec.Alerting.Critical
	case "warning":
		return w.spec.Alerting.Warning
	}
	return slo.AlertingOf{}
}

// severity is that of a tier, or of the absent alert.
func (w *writer) severity(tier, usual string) string {
	if s := w.spec.Alerting.Severities[tier]; s != "" {
		return s
	}
	return usual
}

// link is where Pyrra shows the SLO; for each group of it, filled in by
// Prometheus when the alert fires.
func (w *writer) link() (string, bool) {
	base, err := url.Parse(w.ExternalURL)
	if w.ExternalURL == "" || err != nil {
		return "", false
	}
	base.Path = "/objectives"
	base.RawQuery = url.Values{"expr": {`{__name__="` + w.name + `"}`}, "from": {"now-1h"}, "to": {"now"}}.Encode()
	if len(w.spec.GroupBy) == 0 {
		return base.String(), true
	}
	groups := make([]string, len(w.spec.GroupBy))
	for i, name := range w.spec.GroupBy {
		groups[i] = url.QueryEscape(name+`="`) + "{{$labels." + name + "}}" + url.QueryEscape(`"`)
	}
	return base.String() + "&grouping=" + url.QueryEscape("{") + strings.Join(groups, url.QueryEscape(",")) + url.QueryEscape("}"), true
}

// record is a recording rule.
func record(name, expr string, series map[string]string) rules.Rule {
	return rules.Rule{Record: name, Expr: expr, Labels: series}
}

// grouped is a label's name as PromQL writes it in by (…).
func grouped(name string) string {
	if model.LegacyValidation.IsValidLabelName(name) {
		return name
	}
	return (&parser.StringLiteral{Val: name}).String()
}
