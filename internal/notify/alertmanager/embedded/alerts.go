package embedded

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/notify/alertmanager"
)

// Name is "embedded".
func (a *Alertmanager) Name() string { return "embedded" }

// Send takes the alerts over into memory. Those that Alertmanager would refuse
// are left out and make the error; the others are taken all the same.
func (a *Alertmanager) Send(ctx context.Context, batch []alertmanager.Outgoing) error {
	if !a.running.Load() {
		return errors.New("put alerts: the embedded alertmanager is not running")
	}
	now := time.Now()
	valid := make([]*alert.Alert, 0, len(batch))
	var refused error
	for _, o := range batch {
		in := convert(o, now)
		if err := in.Validate(); err != nil {
			refused = errors.Join(refused, fmt.Errorf("refuse alert %v: %w", in.Labels, err))
			continue
		}
		valid = append(valid, in)
	}
	if err := a.alerts.Put(ctx, valid...); err != nil {
		return fmt.Errorf("put alerts: %w", err)
	}
	if refused != nil {
		return &alertmanager.Rejection{Content: true, Err: refused}
	}
	return nil
}

func convert(o alertmanager.Outgoing, now time.Time) *alert.Alert {
	return &alert.Alert{
		Alert: model.Alert{
			Labels:       labelSet(o.Labels),
			Annotations:  labelSet(o.Annotations),
			StartsAt:     o.StartsAt,
			EndsAt:       o.EndsAt,
			GeneratorURL: o.GeneratorURL,
		},
		UpdatedAt: now,
	}
}

// labelSet leaves out empty values, which mean the same as no label.
func labelSet(labels map[string]string) model.LabelSet {
	set := make(model.LabelSet, len(labels))
	for name, value := range labels {
		if value != "" {
			set[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	return set
}

// Mutes reports whether an alert with these labels would be silenced, and
// whether it would be inhibited, at this moment. There need be no such alert.
// Before Start and after Stop nothing is.
func (a *Alertmanager) Mutes(labels map[string]string) (silenced, inhibited bool) {
	if !a.running.Load() {
		return false, false
	}
	set := labelSet(labels)
	_, silenced = a.silenced(set)
	return silenced, a.graph.Load().inhibitor.Mutes(context.Background(), set)
}

// MutedBy is Mutes, and says by which silence, or by which alert.
func (a *Alertmanager) MutedBy(labels map[string]string) (by string, muted bool) {
	if !a.running.Load() {
		return "", false
	}
	set := labelSet(labels)
	if id, silenced := a.silenced(set); silenced {
		return alertmanager.BySilence(id), true
	}
	notes := marker.NewAlertMarker()
	if !a.graph.Load().inhibitor.Mutes(marker.WithContext(context.Background(), notes), set) {
		return "", false
	}
	return alertmanager.ByAlert(strings.Join(notes.Status(set.Fingerprint()).InhibitedBy, ", ")), true
}

// silenced asks the silences themselves: the silencer would remember each label
// set it was ever asked about.
func (a *Alertmanager) silenced(set model.LabelSet) (id string, silenced bool) {
	found, _, err := a.silences.Query(context.Background(),
		silence.QState(silence.SilenceStateActive), silence.QMatches(set))
	if err != nil {
		// Unsure means held: who asks is about to act by itself.
		a.opts.Logger.Error("cannot match silences; treating the alert as silenced", "labels", set, "err", err)
		return "unknown", true
	}
	if len(found) == 0 {
		return "", false
	}
	return found[0].Id, true
}
