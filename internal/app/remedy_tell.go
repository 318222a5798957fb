package app

import (
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/notify/webhook"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// newDeliverer makes who tells the webhooks.
func (h *healer) newDeliverer(store remediation.Store, leads func() bool) (*webhook.Deliverer, error) {
	var receivers []webhook.Receiver
	for _, c := range h.app.begun.Notify.Webhooks {
		receivers = append(receivers, webhook.Receiver{
			Name: c.Name, URL: c.URL.URL.String(), SecretFile: c.SecretFile, HTTP: c.HTTPClientConfig,
			Types: c.Types, Timeout: c.Timeout,
		})
	}
	return webhook.New(webhook.Options{
		Store: store, Receivers: receivers, Source: h.app.begun.Holder(), Leads: leads, Firing: h.app.firing,
		Logger: h.app.log, Registerer: h.registry,
	})
}

// alert has a transition of an alert told. While the state is not open nobody
// can: what fires then, receivers are told when it is.
func (h *healer) alert(now time.Time, who alerts.Subject, event alerts.Event, facts alerts.Facts) {
	if at := h.at.Load(); at != nil {
		at.deliverer.Alert(now, who, event, facts)
	}
}

// firing are the alerts that fire, at the newest tick.
func (a *App) firing() (list []webhook.Alert, at time.Time) {
	now := a.engine.Snapshot()
	if now == nil {
		return nil, time.Time{}
	}
	for _, in := range now.Instances {
		for _, one := range in.Alerts {
			list = append(list, a.alertOf(in, one))
		}
	}
	return list, now.At
}

func (a *App) alertOf(in *engine.Instance, one engine.AlertStatus) webhook.Alert {
	return webhook.Alert{
		Who: alerts.Subject{ID: in.ID, Spec: in.Spec, Group: in.Group, URL: a.link(in.ID)},
		Status: alerts.Status{
			Name: one.Name, Severity: alerts.Severity(one.Severity), Tier: one.Tier, Since: one.Since, Frozen: one.Frozen,
		},
		Facts: alerts.Facts{Remaining: in.Remaining, Exhaustion: in.Exhaustion, LastSample: in.LastSample},
	}
}
