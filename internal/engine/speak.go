package engine

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// loud reports whether there is anything to say of an instance. Nearly always
// there is not.
func (j *judged) loud(now time.Time, refresh time.Duration) bool {
	return len(j.events) > 0 || len(j.notices) > j.noticed || j.noted != j.state.Changes() ||
		len(j.firing) > 0 && (j.recalled || now.Sub(j.refreshed) >= refresh)
}

// speak logs and counts what the last step found out about an instance, and
// returns the alerts to send.
func (c *Core) speak(j *judged, now time.Time) []alerts.Alert {
	c.announce(j)
	c.note(j)
	var batch []alerts.Alert
	for _, event := range j.events {
		facts := j.describe(event.Status)
		if event.Kind != alerts.Resolved && event.Name != alerts.NameNoData {
			facts.Top = j.instance.Top(3, now)
		}
		sent := c.report(j.subject(c.options.Link), event, facts, now)
		if event.Kind == alerts.Resolved || !j.recalled { // what fires is all sent again below
			batch = append(batch, sent...)
			j.refreshed = now
		}
	}
	if j.recalled {
		j.recalled, j.refreshed = false, time.Time{}
	}
	return append(batch, c.refresh(j, now)...)
}

// announce logs each notice of an instance once. Notices only ever come.
func (c *Core) announce(j *judged) {
	if len(j.notices) > j.noticed {
		j.noticed = len(j.notices)
		c.options.Logger.Warn("SLO needs a look", "slo_id", j.instance.ID, "notices", j.notices)
	}
}

// report logs an event, counts and shows it, and renders the alert it is about.
// Tiers without a severity wake nobody.
func (c *Core) report(who alerts.Subject, event alerts.Event, facts alerts.Facts, now time.Time) []alerts.Alert {
	c.metrics.events.WithLabelValues(event.Name, string(event.Severity), event.Kind.String()).Inc()
	c.options.Logger.LogAttrs(context.Background(), slog.LevelInfo, "alert "+event.Kind.String(),
		slog.String("slo_id", who.ID), slog.String("alertname", event.Name),
		slog.String("severity", string(event.Severity)), slog.String("tier", event.Tier),
		slog.Bool("frozen", event.Frozen), slog.String("reason", event.Reason))
	c.options.Watch(now, who, event, facts)
	if event.Severity == alerts.None || alerts.Silenced(who.Spec, event.Status) {
		return nil
	}
	alert := alerts.Render(who, event.Status, facts)
	if event.Kind == alerts.Resolved {
		alert.ResolvedAt = now
	}
	return []alerts.Alert{alert}
}

// refresh renews the annotations of firing alerts now and then.
func (c *Core) refresh(j *judged, now time.Time) []alerts.Alert {
	if now.Sub(j.refreshed) < c.options.Refresh || len(j.firing) == 0 {
		return nil
	}
	j.refreshed = now
	return c.render(j, j.instance.Top(3, now))
}

// render writes the alerts that fire, without the tiers that wake nobody.
func (c *Core) render(j *judged, top []string) []alerts.Alert {
	var batch []alerts.Alert
	for _, status := range j.state.Firing() {
		if status.Severity == alerts.None || alerts.Silenced(j.spec, status) {
			continue
		}
		facts := j.describe(status)
		facts.Top = top
		batch = append(batch, alerts.Render(j.subject(c.options.Link), status, facts))
	}
	return batch
}

func (j *judged) subject(link func(string) string) alerts.Subject {
	return alerts.Subject{ID: j.instance.ID, Spec: j.spec, Group: j.instance.Group, URL: link(j.instance.ID)}
}

// describe gathers what an alert's annotations say.
func (j *judged) describe(status alerts.Status) alerts.Facts {
	facts := alerts.Facts{LastSample: j.instance.LastSample(), Traces: j.examples(3)}
	if j.plan == nil { // recalled, and never judged since
		return facts
	}
	if j.remaining.known {
		facts.Remaining = &j.remaining.value
	}
	facts.Exhaustion = j.exhaustion
	i := slices.IndexFunc(j.plan.Tiers, func(t alerts.Tier) bool { return t.Name == status.Tier })
	if i < 0 {
		facts.LongBurn = j.rate(j.burnOver(j.plan.hour))
		return facts
	}
	facts.Tier = j.plan.Tiers[i]
	facts.LongBurn = j.rate(j.observation.Burns[i].Long)
	facts.ShortBurn = j.rate(j.observation.Burns[i].Short)
	return facts
}

// examples are the ids of the newest traces of bad events, at most n.
func (j *judged) examples(n int) (ids []string) {
	traces := j.traces()
	for _, t := range traces[:min(n, len(traces))] {
		ids = append(ids, t.ID)
	}
	return ids
}

func (j *judged) rate(b alerts.Burn) *float64 {
	burn, ok := b.BurnRate(j.plan.Budget)
	if !ok {
		return nil
	}
	return &burn
}
