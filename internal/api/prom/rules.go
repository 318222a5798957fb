package prom

import (
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// Group is alerting rules that are shown together: those of one SLO.
type Group struct {
	// Name and File tell groups apart.
	Name, File string
	// Interval is the time between evaluations, Evaluated that of the last.
	Interval  time.Duration
	Evaluated time.Time
	Rules     []Rule
}

// Rule is one alerting rule.
type Rule struct {
	Name string
	// Query is PromQL that says when it fires.
	Query string
	// Labels and Annotations are those that all its alerts have.
	Labels, Annotations map[string]string
	// Alerts are those that fire.
	Alerts []Alert
}

// Alert is one alert that fires.
type Alert struct {
	Labels, Annotations map[string]string
	Since               time.Time
}

func (h *handler) alerts(w http.ResponseWriter, _ *http.Request) {
	found := &v1.AlertDiscovery{Alerts: []*v1.Alert{}}
	for _, g := range h.Rules() {
		for _, r := range g.Rules {
			found.Alerts = append(found.Alerts, alertsOf(r)...)
		}
	}
	succeed(w, found)
}

func (h *handler) rules(w http.ResponseWriter, r *http.Request) {
	wanted, err := parseWanted(r)
	if err != nil {
		fail(w, badData, err)
		return
	}
	found, err := wanted.of(h.Rules())
	if err != nil {
		fail(w, badData, err)
		return
	}
	succeed(w, found)
}

// token names the group at which a next page begins.
func token(g Group) string {
	sum := sha1.Sum([]byte(g.File + ";" + g.Name))
	return hex.EncodeToString(sum[:])
}

func groupOf(g Group) *v1.RuleGroup {
	return &v1.RuleGroup{
		Name: g.Name, File: g.File, Rules: []v1.Rule{},
		Interval: g.Interval.Seconds(), LastEvaluation: g.Evaluated,
	}
}

func ruleOf(g Group, r Rule) v1.AlertingRule {
	state := rules.StateInactive
	if len(r.Alerts) > 0 {
		state = rules.StateFiring
	}
	return v1.AlertingRule{
		State: state.String(), Name: r.Name, Query: r.Query,
		Labels: labels.FromMap(r.Labels), Annotations: labels.FromMap(r.Annotations), Alerts: alertsOf(r),
		Health: rules.HealthGood, LastEvaluation: g.Evaluated, Type: "alerting",
	}
}

// alertsOf are the alerts of a rule. Their value is that of the query: 1.
func alertsOf(r Rule) []*v1.Alert {
	list := make([]*v1.Alert, len(r.Alerts))
	for i, a := range r.Alerts {
		list[i] = &v1.Alert{
			Labels: labels.FromMap(a.Labels), Annotations: labels.FromMap(a.Annotations),
			State: rules.StateFiring.String(), ActiveAt: &r.Alerts[i].Since, Value: "1e+00",
		}
	}
	return list
}
