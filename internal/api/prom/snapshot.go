package prom

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Rules shows what the engine alerts by as rules: one group for each SLO, in
// it one rule for each alert and severity. Their queries are over the engine's
// own series. An alert that fires is always there, also one of an SLO whose
// document has changed since.
func Rules(snapshot func() *engine.Snapshot, firing func() []alerts.Alert, interval time.Duration) func() []Group {
	return func() []Group {
		now := snapshot()
		if now == nil {
			return nil
		}
		s := sheet{at: now.At, interval: interval, groups: map[string]*Group{}}
		for _, in := range now.Instances {
			s.add(in.Spec)
		}
		for _, a := range firing() {
			if a.Firing() {
				s.fire(a)
			}
		}
		return s.sorted()
	}
}

// sheet collects groups by the id of their SLO.
type sheet struct {
	at       time.Time
	interval time.Duration
	groups   map[string]*Group
}

func (s *sheet) group(service, name, file string) (g *Group, isNew bool) {
	id := service + ":" + name
	if g, ok := s.groups[id]; ok {
		return g, false
	}
	g = &Group{Name: id, File: file, Interval: s.interval, Evaluated: s.at}
	s.groups[id] = g
	return g, true
}

// add makes the rules of an SLO, if its group is not there yet: all instances
// of an SLO have the same.
func (s *sheet) add(spec *slo.Spec) {
	if g, isNew := s.group(spec.Service, spec.Name, spec.Origin.File); isNew && !spec.Alerting.Disabled {
		g.Rules = rulesOf(spec)
	}
}

// fire puts an alert to its rule.
func (s *sheet) fire(a alerts.Alert) {
	g, _ := s.group(a.Labels["service"], a.Labels["slo"], "")
	name, severity := a.Labels["alertname"], a.Labels["severity"]
	i := slices.IndexFunc(g.Rules, func(r Rule) bool { return r.Name == name && r.Labels["severity"] == severity })
	if i < 0 {
		i = len(g.Rules)
		g.Rules = append(g.Rules, newRule(a.Labels["service"], a.Labels["slo"], name, severity, a.Annotations["tier"]))
	}
	g.Rules[i].Alerts = append(g.Rules[i].Alerts, Alert{Labels: a.Labels, Annotations: a.Annotations, Since: a.StartsAt})
}

func (s *sheet) sorted() []Group {
	list := make([]Group, 0, len(s.groups))
	for _, g := range s.groups {
		for _, r := range g.Rules {
			slices.SortStableFunc(r.Alerts, func(a, b Alert) int { return cmp.Compare(a.Labels["slo_id"], b.Labels["slo_id"]) })
		}
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// rulesOf are the rules of an SLO, without those it wants to hear nothing of.
func rulesOf(spec *slo.Spec) (list []Rule) {
	add := func(kind string, severity alerts.Severity, tiers ...string) {
		if severity == alerts.None || len(tiers) == 0 || alerts.Silenced(spec, alerts.Status{Name: kind, Severity: severity}) {
			return
		}
		list = append(list, newRule(spec.Service, spec.Name, nameOf(spec, kind), string(severity), tiers...))
	}
	order, tiers := tiersOf(spec)
	for _, severity := range order {
		add(alerts.NameBurn, severity, tiers[severity]...)
	}
	add(alerts.NameExhausted, alerts.Warning, alerts.TierBudget)
	add(alerts.NameExhausted, alerts.Info, alerts.TierBudget)
	absent := alerts.Warning
	if said, ok := spec.Alerting.Severities["absent"]; ok {
		absent = alerts.SeverityOf(said)
	}
	add(alerts.NameNoData, absent, alerts.TierNoData)
	return list
}

// tiersOf are the burn tiers of an SLO by severity.
func tiersOf(spec *slo.Spec) (order []alerts.Severity, names map[alerts.Severity][]string) {
	names = map[alerts.Severity][]string{}
	tiers, _ := engine.Tiers(spec)
	for _, t := range tiers {
		if names[t.Severity] == nil {
			order = append(order, t.Severity)
		}
		names[t.Severity] = append(names[t.Severity], t.Name)
	}
	return order, names
}

func nameOf(spec *slo.Spec, kind string) string {
	switch kind {
	case alerts.NameBurn:
		return cmp.Or(spec.Alerting.Name, kind)
	case alerts.NameNoData:
		return cmp.Or(spec.Alerting.AbsentName, kind)
	}
	return kind
}

func newRule(service, name, alert, severity string, tiers ...string) Rule {
	query := fmt.Sprintf(`slo_alert_state{service=%s,slo=%s,state="firing",tier=~%s} == 1`,
		quoted(service), quoted(name), quoted(strings.Join(tiers, "|")))
	return Rule{Name: alert, Query: query, Labels: map[string]string{"severity": severity}}
}

func quoted(text string) string { return strconv.Quote(text) }
