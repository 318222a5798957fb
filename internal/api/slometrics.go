package api

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// exhaustionWindow is the window whose burn rate Instance.Exhaustion uses.
const exhaustionWindow = 6 * time.Hour

// sloGatherer makes the series of /metrics/slo from the newest snapshot.
//
// It is a Gatherer and no Collector, because each SLO brings its own label
// names: a registry would want a descriptor for each and check each series of
// each scrape for what holds here by construction (slo_id is unique).
type sloGatherer struct {
	snapshot func() *engine.Snapshot
	tiers    func(*slo.Spec) []string
	max      int
}

// SLOGatherer makes the series of /metrics/slo for whoever else wants them.
func SLOGatherer(o Options) prometheus.Gatherer {
	o = o.withDefaults()
	return sloGatherer{o.Snapshot, o.Tiers, o.MaxExportedInstances}
}

// Gather implements prometheus.Gatherer.
func (g sloGatherer) Gather() ([]*dto.MetricFamily, error) {
	families := newSLOFamilies()
	for _, in := range shown(g.snapshot(), g.max) {
		families.add(in, g.tiers(in.Spec))
	}
	return families.list(), nil
}

// defaultTiers are the tiers of an SLO whose policy is the default one.
func defaultTiers(s *slo.Spec) []string {
	if s.Alerting.Disabled {
		return nil
	}
	return []string{"heal", "page_fast", "page_slow", "ticket_fast", "ticket_slow", "budget", "no_data"}
}

// sloFamilies are the metrics of design §9. What is not known has no series.
type sloFamilies struct {
	events, objective, burn, remaining, exhaustion, coverage, alerts *dto.MetricFamily
	// Of SLOs with BudgetAdjustments in the window.
	excluded, excludedTime, unadjusted *dto.MetricFamily
}

func newSLOFamilies() *sloFamilies {
	gauge, counter := dto.MetricType_GAUGE, dto.MetricType_COUNTER
	return &sloFamilies{
		alerts:       family(gauge, "slo_alert_state", "Whether an alert tier is in this state (1) or not (0)."),
		burn:         family(gauge, "slo_burn_rate", "Error ratio of the window over the error budget; 1 spends exactly the budget in the SLO window."),
		coverage:     family(gauge, "slo_coverage_ratio", "Share of the SLO window that has been observed."),
		exhaustion:   family(gauge, "slo_error_budget_exhaustion_seconds", "Time until the error budget runs out at the burn rate of the window; 0 when spent, absent when never."),
		remaining:    family(gauge, "slo_error_budget_remaining_ratio", "Share of the error budget left in the SLO window; negative when overspent."),
		excluded:     family(gauge, "slo_excluded_events", "Events of the SLO window that BudgetAdjustments exclude, by result."),
		excludedTime: family(gauge, "slo_excluded_seconds", "Time of the SLO window, up to now, that BudgetAdjustments exclude."),
		unadjusted:   family(gauge, "slo_error_budget_remaining_without_adjustments_ratio", "Share of the error budget that would be left if nothing was excluded."),
		events:       family(counter, "slo_events_total", "Events counted since the engine began to count, by result."),
		objective:    family(gauge, "slo_objective_ratio", "Promised share of good events."),
	}
}

func family(kind dto.MetricType, name, help string) *dto.MetricFamily {
	return &dto.MetricFamily{Name: proto.String(name), Help: proto.String(help), Type: kind.Enum()}
}

// list is the families that have series, by name.
func (f *sloFamilies) list() []*dto.MetricFamily {
	var present []*dto.MetricFamily
	for _, m := range []*dto.MetricFamily{
		f.alerts, f.burn, f.coverage, f.exhaustion, f.remaining, f.unadjusted, f.events, f.excluded, f.excludedTime, f.objective,
	} {
		if len(m.Metric) > 0 {
			present = append(present, m)
		}
	}
	return present
}

func (f *sloFamilies) add(in *engine.Instance, tiers []string) {
	base := seriesLabels(in)
	objective := in.Spec.Objective.Ratio()
	f.addPeriod(engine.Period{Reading: in.Period, Remaining: in.Remaining, Exhaustion: in.Exhaustion, Adjusted: in.Adjusted}, objective, base)
	for _, p := range in.Also {
		f.addPeriod(p, objective, periodLabels(in, p.Window))
	}
	for _, r := range in.Windows {
		gauge(f.burn, r.Burn, base, "window", slo.FormatDuration(r.Window))
	}
	if sampled(in) {
		counter(f.events, in.Since.Good(), base, "result", "good")
		counter(f.events, in.Since.Bad, base, "result", "bad")
	}
	f.addAlerts(in, tiers, base)
}

// addPeriod writes what each window of an SLO has of its own.
func (f *sloFamilies) addPeriod(p engine.Period, objective float64, base labelPairs) {
	gauge(f.objective, &objective, base)
	gauge(f.coverage, &p.Coverage, base)
	gauge(f.remaining, p.Remaining, base)
	gauge(f.exhaustion, apitypes.Seconds(p.Exhaustion), base, "window", slo.FormatDuration(exhaustionWindow))
	if a := p.Adjusted; a != nil {
		good := a.Excluded.Good()
		gauge(f.excluded, &good, base, "result", "good")
		gauge(f.excluded, &a.Excluded.Bad, base, "result", "bad")
		gauge(f.excludedTime, apitypes.Seconds(&a.ExcludedTime), base)
		gauge(f.unadjusted, a.Without.Remaining, base)
	}
}

// addAlerts writes every tier of the SLO, and those firing on top of them.
func (f *sloFamilies) addAlerts(in *engine.Instance, tiers []string, base labelPairs) {
	value, order := map[string]float64{}, []string{}
	set := func(tier string, v float64) {
		if _, ok := value[tier]; !ok {
			order = append(order, tier)
		}
		value[tier] = v
	}
	for _, tier := range tiers {
		set(tier, 0)
	}
	for _, a := range in.Alerts {
		set(a.Tier, 1)
	}
	for _, tier := range order {
		v := value[tier]
		gauge(f.alerts, &v, base, "tier", tier, "state", "firing")
	}
}

// gauge adds a series; a value that is not known adds none.
func gauge(f *dto.MetricFamily, value *float64, base labelPairs, extra ...string) {
	if v := apitypes.Optional(value); v != nil {
		f.Metric = append(f.Metric, &dto.Metric{Label: base.with(extra...), Gauge: &dto.Gauge{Value: v}})
	}
}

// counter adds a series; sources that disagree may have counted fewer than no
// events, which no counter can say.
func counter(f *dto.MetricFamily, value float64, base labelPairs, extra ...string) {
	if v := apitypes.Number(max(value, 0)); v != nil {
		f.Metric = append(f.Metric, &dto.Metric{Label: base.with(extra...), Counter: &dto.Counter{Value: v}})
	}
}
