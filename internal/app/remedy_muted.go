package app

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/notify/alertmanager"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// openSilences listens for silences where the user's own Alertmanagers keep
// them; the embedded one is asked itself. Nothing is heard before hearSilences.
func (a *App) openSilences(registry prometheus.Registerer) error {
	var remotes []*alertmanager.Remote
	for _, am := range a.begun.Alerting.Alertmanagers {
		remote, err := alertmanager.NewRemote(alertmanager.RemoteOptions{URL: am.URL.URL.String(), HTTP: am.HTTPClientConfig})
		if err != nil {
			return fmt.Errorf("listen for silences: %w", err)
		}
		remotes = append(remotes, remote)
	}
	if len(remotes) == 0 {
		return nil
	}
	var err error
	a.sight.silences, err = alertmanager.NewSilences(alertmanager.SilencesOptions{
		Remotes: remotes, Logger: a.log, Registerer: registry,
	})
	return err
}

// hearSilences keeps what openSilences has opened up to date until ctx is done.
func (a *App) hearSilences(ctx context.Context) error {
	if a.sight.silences == nil {
		<-ctx.Done()
		return nil
	}
	return a.sight.silences.Run(ctx)
}

// muted says which alerts a silence or an inhibition mutes.
func (a *App) muted() remediation.Muted {
	return func(labels map[string]string) (by string, muted bool) {
		labels = a.asSent(labels)
		switch {
		case a.embedded != nil:
			return a.embedded.MutedBy(labels)
		case a.sight.silences != nil:
			return a.sight.silences.MutedBy(labels)
		}
		return "", false
	}
}

// asSent are the labels that Alertmanager sees of our alert of a severity: a
// document may give each severity labels of its own.
func (a *App) asSent(labels map[string]string) map[string]string {
	in := a.find(labels["slo_id"])
	if in == nil || len(in.Spec.Alerting.Critical.Labels)+len(in.Spec.Alerting.Warning.Labels) == 0 {
		return labels
	}
	sent := alerts.Render(
		alerts.Subject{ID: in.ID, Spec: in.Spec, Group: in.Group},
		alerts.Status{Severity: alerts.Severity(labels["severity"])}, alerts.Facts{},
	).Labels
	sent["alertname"] = labels["alertname"]
	return sent
}
