package app

import (
	"fmt"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/gate"
)

// deployBurnsBudget is the name of the alert of a marked deploy that burns more
// than its policy allows, deployTier its tier: playbooks take the deploy back.
const (
	deployBurnsBudget = "DeployBurnsBudget"
	deployTier        = "deploy"
)

// deployAlerts are the alerts of deploys that burn.
type deployAlerts struct {
	app *App

	mu    sync.Mutex
	fired map[string]alerts.Alert // by deploy
}

func newDeployAlerts(a *App) *deployAlerts {
	return &deployAlerts{app: a, fired: map[string]alerts.Alert{}}
}

// look puts the alerts as they are now: of these deploys, and the ends of those
// that no longer burn.
func (d *deployAlerts) look(burning []gates.Burning, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var batch []alerts.Alert
	still := map[string]bool{}
	for _, deploy := range burning {
		still[deploy.ID] = true
		alert := d.alert(deploy, now)
		if before, fires := d.fired[deploy.ID]; fires {
			alert.StartsAt, alert.Labels = before.StartsAt, before.Labels
		}
		d.fired[deploy.ID] = alert
		batch = append(batch, alert)
	}
	for id, alert := range d.fired {
		if !still[id] {
			alert.ResolvedAt = now
			delete(d.fired, id)
			batch = append(batch, alert)
		}
	}
	d.app.dispatcher.Put(now, batch...)
}

// alert is what people and playbooks are told of a deploy, about the SLO that it
// has cost most.
func (d *deployAlerts) alert(deploy gates.Burning, now time.Time) alerts.Alert {
	labels := map[string]string{
		"alertname": deployBurnsBudget, "severity": string(alerts.Critical), "service": deploy.Service,
		"slo": sloOf(deploy.Worst.SLO), "slo_id": deploy.Worst.SLO, "deploy": deploy.ID,
	}
	for name, value := range map[string]string{"version": deploy.Version, "environment": deploy.Environment} {
		if value != "" {
			labels[name] = value
		}
	}
	return alerts.Alert{
		Labels: labels, StartsAt: now, GeneratorURL: d.app.link(deploy.Worst.SLO),
		Annotations: map[string]string{
			"summary": fmt.Sprintf("The deploy of %s %s burns the error budget", deploy.Service, deploy.Version),
			"description": fmt.Sprintf("%.1f %% of the budget of %s was spent since %s, more than the %.1f %% that %s allows.",
				100*spent(deploy.Worst), deploy.Worst.SLO, deploy.At.UTC().Format(time.RFC3339), 100*deploy.Allowed, deploy.Policy),
		},
	}
}

// spent is the share of the budget that was spent since a deploy.
func spent(d gate.DeployBurn) float64 {
	if d.Consumed == nil {
		return 0
	}
	return *d.Consumed
}

// firing are the same alerts as remediation sees them.
func (d *deployAlerts) firing() (list []remediation.Alert) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, alert := range d.fired {
		labels := map[string]string{"tier": deployTier}
		for name, value := range alert.Labels {
			labels[name] = value
		}
		list = append(list, remediation.Alert{Fingerprint: deployTier + " " + id, Labels: labels, Since: alert.StartsAt, Ours: true})
	}
	return list
}
