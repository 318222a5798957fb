package api

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/internal/rules/pyrra"
	"github.com/slo-engine/slo-engine/internal/rules/sloth"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// checkout is an instance with a reading of every window that dashboards know.
func checkout(t *testing.T) *engine.Instance {
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		t.Fatal(err)
	}
	spec := &slo.Spec{
		Service: "checkout", Name: "availability", Objective: objective, Window: slo.Window{Rolling: 30 * 24 * time.Hour},
		Labels: map[string]string{"team": "payments"}, MaxGroups: slo.DefaultMaxGroups, Format: slo.Format{APIVersion: "prometheus/v1"},
		SLI: slo.SLI{Ratio: &slo.Ratio{Total: `http_requests_total{job="checkout"}`, Bad: `http_requests_total{code=~"5..",job="checkout"}`}},
	}
	remaining := 0.75
	in := &engine.Instance{ID: spec.ID(), Spec: spec, State: engine.StateOK, Remaining: &remaining}
	for _, w := range []time.Duration{30 * time.Second, 5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour} {
		in.Windows = append(in.Windows, readOver(w, budget.Counts{Bad: 3, Total: 3000}, 0.001))
	}
	in.Period = readOver(30*24*time.Hour, budget.Counts{Bad: 250, Total: 1_000_000}, 0.001)
	return in
}

func readOver(w time.Duration, c budget.Counts, allowed float64) engine.Reading {
	r := engine.Reading{Window: w, Counts: c, Coverage: 1}
	if burn, ok := c.BurnRate(allowed); ok {
		r.Burn = &burn
	}
	return r
}

// found are the series of families, as "name{labels}", with their values.
func found(families []*dto.MetricFamily) map[string]float64 {
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			out[f.GetName()+labelText(labelMap(m))] = m.GetGauge().GetValue()
		}
	}
	return out
}

func labelText(labels map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, name+"="+labels[name])
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// recorded are the series that rules record, without those that only other
// rules read.
func recorded(groups []rules.Group, want func(rules.Rule) bool, without ...string) map[string]bool {
	out := map[string]bool{}
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Record == "" || !want(r) {
				continue
			}
			for _, label := range without {
				delete(r.Labels, label)
			}
			out[r.Record+labelText(r.Labels)] = true
		}
	}
	return out
}

// Every series that Sloth's rules record has its name and labels here, and the
// number that the events say.
func TestSlothNames(t *testing.T) {
	in := checkout(t)
	families, err := slothGatherer{at(&engine.Snapshot{At: noon, Instances: []*engine.Instance{in}}), "v1", 10}.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := found(families)
	groups, problems := sloth.Dialect(sloth.Options{Version: "v1"})([]*slo.Spec{in.Spec})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for name := range recorded(groups, func(rules.Rule) bool { return true }) {
		name = strings.Replace(name, "sloth_mode=cli-gen-prom", "sloth_mode=slo-engine", 1)
		if _, ok := series[name]; !ok {
			t.Errorf("no series %s", name)
		}
	}
	const labels = "{sloth_id=checkout-availability,sloth_service=checkout,sloth_slo=availability,"
	for name, want := range map[string]float64{
		"slo:sli_error:ratio_rate5m" + labels + "sloth_window=5m,team=payments}":   0.001,
		"slo:sli_error:ratio_rate30d" + labels + "sloth_window=30d,team=payments}": 0.00025,
		"slo:current_burn_rate:ratio" + labels + "team=payments}":                  1,
		"slo:period_burn_rate:ratio" + labels + "team=payments}":                   0.25,
		"slo:period_error_budget_remaining:ratio" + labels + "team=payments}":      0.75,
		"slo:error_budget:ratio" + labels + "team=payments}":                       0.001,
		"slo:time_period:days" + labels + "team=payments}":                         30,
	} {
		if series[name] != want {
			t.Errorf("%s is %v, want %v", name, series[name], want)
		}
	}
}

func TestPyrraNames(t *testing.T) {
	in, cold := checkout(t), checkout(t)
	cold.Spec = &slo.Spec{Service: "cold", Name: "latency", Objective: in.Spec.Objective, Window: in.Spec.Window}
	cold.Windows, cold.Period, cold.Group = nil, engine.Reading{}, map[string]string{"slo": "x"}
	families, err := pyrraGatherer{at(&engine.Snapshot{At: noon, Instances: []*engine.Instance{in, cold}}), 10}.Gather()
	if err != nil {
		t.Fatal(err)
	}
	groups, problems := pyrra.Dialect(pyrra.Options{Generic: true})([]*slo.Spec{in.Spec})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	generic := func(r rules.Rule) bool { return strings.HasPrefix(r.Record, "pyrra_") }
	want := map[string]float64{
		"pyrra_objective{group_slo=x,slo=latency}": 0.999, "pyrra_window{group_slo=x,slo=latency}": 2592000,
	}
	values := map[string]float64{
		"pyrra_objective": 0.999, "pyrra_window": 2592000, "pyrra_availability": 0.99975, "pyrra_requests:rate5m": 10, "pyrra_errors:rate5m": 0.01,
	}
	for name := range recorded(groups, generic, "job") {
		metric, _, _ := strings.Cut(name, "{")
		want[name] = values[metric]
	}
	if diff := cmp.Diff(want, found(families)); diff != "" {
		t.Error(diff)
	}
}
