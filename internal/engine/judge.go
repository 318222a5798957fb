package engine

import (
	"context"
	"log/slog"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// judged is one instance with the memory that its judgement needs.
type judged struct {
	instance *sli.Instance
	spec     *slo.Spec
	policy   *policy
	state    alerts.State

	// fitted is the policy fittedTo with windows widened to the sample
	// interval; nil before the first step.
	fitted   *alerts.Policy
	fittedTo *policy
	interval time.Duration

	// What the last step saw, for the status.
	at          time.Time // event time up to which it was judged
	view        budget.View
	data        alerts.Data
	period      Reading
	observation alerts.Observation
	remaining   *float64
	exhaustion  *time.Duration
	forecast    time.Time // when exhaustion is to be computed anew
	refreshed   time.Time // when annotations were last sent
	noticed     int       // how many notices were logged
}

// forecastEvery is how often exhaustion is computed anew: it reads the whole
// ring.
const forecastEvery = time.Minute

// forecastWindow is the burn that a forecast extrapolates.
const forecastWindow = 6 * time.Hour

// silence is the least time without samples that is called no data; three
// sample intervals if that is more.
const silence = 10 * time.Minute

// step judges an instance at a tick and returns the alerts to send.
func (s *shard) step(j *judged, now time.Time) []alerts.Alert {
	j.observe(now)
	s.announce(j)
	if j.spec.Alerting.Disabled {
		return nil
	}
	events := j.fitted.Step(&j.state, j.observation, now)
	var batch []alerts.Alert
	for _, event := range events {
		facts := j.describe(event.Status)
		if event.Kind != alerts.Resolved && event.Name != alerts.NameNoData {
			facts.Top = j.instance.Top(3, now)
		}
		batch = append(batch, s.report(j.subject(s.options.Link), event, facts, now)...)
		j.refreshed = now
	}
	return append(batch, s.refresh(j, now)...)
}

// announce logs each notice of an instance once. Notices only ever come.
func (s *shard) announce(j *judged) {
	if notices := j.instance.Notices(); len(notices) > j.noticed {
		j.noticed = len(notices)
		s.options.Logger.Warn("SLO needs a look", "slo_id", j.instance.ID, "notices", notices)
	}
}

// report logs an event, counts it, and renders the alert it is about. Tiers
// without a severity wake nobody.
func (s *shard) report(who alerts.Subject, event alerts.Event, facts alerts.Facts, now time.Time) []alerts.Alert {
	s.metrics.events.WithLabelValues(event.Name, string(event.Severity), event.Kind.String()).Inc()
	s.options.Logger.LogAttrs(context.Background(), slog.LevelInfo, "alert "+event.Kind.String(),
		slog.String("slo_id", who.ID), slog.String("alertname", event.Name),
		slog.String("severity", string(event.Severity)), slog.String("tier", event.Tier),
		slog.Bool("frozen", event.Frozen), slog.String("reason", event.Reason))
	if event.Severity == alerts.None {
		return nil
	}
	alert := alerts.Render(who, event.Status, facts)
	if event.Kind == alerts.Resolved {
		alert.ResolvedAt = now
	}
	return []alerts.Alert{alert}
}

// refresh renews the annotations of firing alerts now and then.
func (s *shard) refresh(j *judged, now time.Time) []alerts.Alert {
	if now.Sub(j.refreshed) < s.options.Refresh || len(j.state.Firing()) == 0 {
		return nil
	}
	j.refreshed = now
	return s.render(j, j.instance.Top(3, now))
}

// render writes the alerts that fire, without the tiers that wake nobody.
func (s *shard) render(j *judged, top []string) []alerts.Alert {
	var batch []alerts.Alert
	for _, status := range j.state.Firing() {
		if status.Severity == alerts.None {
			continue
		}
		facts := j.describe(status)
		facts.Top = top
		batch = append(batch, alerts.Render(j.subject(s.options.Link), status, facts))
	}
	return batch
}

func (j *judged) subject(link func(string) string) alerts.Subject {
	return alerts.Subject{ID: j.instance.ID, Spec: j.spec, Group: j.instance.Group, URL: link(j.instance.ID)}
}

// observe reads the ledger at the time up to which the instance is known.
func (j *judged) observe(now time.Time) {
	in := j.instance
	j.at = in.Horizon(now)
	if in.LastSample().IsZero() {
		j.at = now // nothing is known, and nothing ended long ago either
	}
	j.fit(in.Interval(now))
	j.data = j.dataAt(now)
	j.view = in.Ledger.At(j.at, j.data == alerts.Live)
	j.period = j.readPeriod()
	j.remaining = j.left()
	if !now.Before(j.forecast) {
		j.exhaustion = j.lasts()
		if j.forecast.IsZero() { // so that not all instances take their turn together
			j.forecast = now.Add(-time.Duration(xxhash.Sum64String(in.ID) % uint64(forecastEvery)))
		}
		j.forecast = j.forecast.Add(forecastEvery)
	}
	if j.remaining != nil && *j.remaining <= 0 {
		j.exhaustion = new(time.Duration) // spent is spent, whatever the last forecast said
	}
	j.observation.Data = j.data
	j.observation.LastSample = in.LastSample()
	j.observation.Remaining = j.remaining
	j.observation.Exhaustion = j.credibleExhaustion()
	j.observation.Burns = j.observation.Burns[:0]
	for _, t := range j.fitted.Tiers {
		j.observation.Burns = append(j.observation.Burns, alerts.Windows{Long: j.burn(t.Long), Short: j.burn(t.Short)})
	}
}

// fit widens the tiers to the observed sample interval.
func (j *judged) fit(interval time.Duration) {
	if j.fittedTo == j.policy && interval == j.interval {
		return
	}
	j.fittedTo, j.interval = j.policy, interval
	tiers := make([]alerts.Tier, len(j.policy.tiers))
	for i, t := range j.policy.tiers {
		tiers[i] = t.ForInterval(interval)
	}
	j.fitted = &alerts.Policy{Tiers: tiers, Gate: j.policy.gate, Budget: j.spec.Objective.Budget()}
}

func (j *judged) dataAt(now time.Time) alerts.Data {
	last := j.instance.LastSample()
	switch {
	case last.IsZero():
		return alerts.Unknown
	case now.Sub(last) > max(silence, 3*j.interval):
		return alerts.NoData
	}
	return alerts.Live
}

// burn reads one tier window.
func (j *judged) burn(w time.Duration) alerts.Burn {
	return alerts.Burn{Counts: j.view.Estimate(w), Coverage: j.view.Coverage(w)}
}

// read reads one window for people.
func (j *judged) read(w time.Duration, burn *float64) Reading {
	return j.reading(w, j.view.Window(w), j.view.Coverage(w), burn)
}

// reading makes a Reading; burn is where its burn rate is put.
func (j *judged) reading(w time.Duration, r budget.Reading, coverage float64, burn *float64) Reading {
	out := Reading{Window: w, Start: r.Start, End: r.End, Counts: r.Counts, Coverage: coverage}
	if rate, ok := r.BurnRate(j.spec.Objective.Budget()); ok {
		*burn, out.Burn = rate, burn
	}
	return out
}

// readPeriod reads the SLO window. Of a calendar period the future is not
// observed either.
func (j *judged) readPeriod() Reading {
	w := j.spec.Window
	if !w.Calendar() {
		return j.read(w.Rolling, new(float64))
	}
	start, end := w.Bounds(j.at)
	elapsed := float64(j.at.Sub(start)) / float64(end.Sub(start))
	coverage := j.instance.Ledger.Coverage(start, j.at, j.data == alerts.Live) * elapsed
	return j.reading(w.Nominal(), j.instance.Ledger.Between(start, j.at), coverage, new(float64))
}

// left is the share of the budget that remains; nil while unknown.
func (j *judged) left() *float64 {
	consumed, ok := j.consumed(j.period.Counts.Bad)
	if !ok {
		return nil
	}
	remaining := 1 - consumed
	return &remaining
}

// consumed is the share of the whole window's budget that bad events cost.
func (j *judged) consumed(bad float64) (float64, bool) {
	return budget.Consumed(bad, j.period.Counts.Total, j.period.Coverage, j.spec.Objective.Budget())
}

// consumedIn is the share of the budget spent in the last w; nil until an
// hour, or w, has been observed.
func (j *judged) consumedIn(w time.Duration) *float64 {
	observed := time.Duration(j.period.Coverage * float64(j.period.Window))
	if observed < min(max(w, time.Hour), j.spec.Window.Nominal()) {
		return nil
	}
	consumed, ok := j.consumed(j.view.Window(w).Bad)
	if !ok {
		return nil
	}
	return &consumed
}

// lasts is when the budget runs out; nil when it does not, or is not known to.
func (j *judged) lasts() *time.Duration {
	burn := j.read(min(forecastWindow, j.spec.Window.Nominal()), new(float64)).Burn
	perBad, known := j.consumed(1)
	if j.remaining == nil || burn == nil || !known {
		return nil
	}
	outlook := budget.Outlook{
		At: j.at, Window: j.spec.Window.Nominal(), Consumed: 1 - *j.remaining, PerBad: perBad, Burn: *burn,
	}
	if j.spec.Window.Calendar() {
		_, outlook.PeriodEnd = j.spec.Window.Bounds(j.at)
	}
	d, ok := j.instance.Ledger.Exhaustion(outlook)
	if !ok {
		return nil
	}
	return &d
}

// credibleExhaustion is what the budget alert believes: a forecast from six
// hours that were really observed, with as many bad events as a tier asks for.
func (j *judged) credibleExhaustion() *time.Duration {
	if j.exhaustion == nil {
		return nil
	}
	burn := j.burn(min(forecastWindow, j.spec.Window.Nominal()))
	if burn.Coverage < 1 || burn.Bad < j.policy.gate.MinBad {
		return nil
	}
	return j.exhaustion
}

// describe gathers what an alert's annotations say.
func (j *judged) describe(status alerts.Status) alerts.Facts {
	facts := alerts.Facts{Remaining: j.remaining, Exhaustion: j.exhaustion, LastSample: j.instance.LastSample()}
	for i, t := range j.fitted.Tiers {
		if t.Name == status.Tier {
			facts.Tier = t
			facts.LongBurn = j.rate(j.observation.Burns[i].Long)
			facts.ShortBurn = j.rate(j.observation.Burns[i].Short)
			return facts
		}
	}
	facts.LongBurn = j.rate(j.burn(time.Hour))
	return facts
}

func (j *judged) rate(b alerts.Burn) *float64 {
	burn, ok := b.BurnRate(j.spec.Objective.Budget())
	if !ok {
		return nil
	}
	return &burn
}
