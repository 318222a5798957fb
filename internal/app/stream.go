package app

import (
	"encoding/json"
	"time"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/notify/loki"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// watchAlert shows what an alert does to all who want to know beside the
// Alertmanagers. It is called within the engine's tick, so nobody waits here.
func (a *App) watchAlert(now time.Time, who alerts.Subject, event alerts.Event, facts alerts.Facts) {
	entry := loki.Alert(now, who, event, facts)
	a.stream.Publish(api.StreamAlert, now, entry.Service, json.RawMessage(entry.Line))
	if a.mirror != nil {
		a.mirror.Put(entry)
	}
	a.healer.alert(now, who, event, facts)
}

// watchAction shows a move of an action, which is on record.
func (a *App) watchAction(e remediation.Event) {
	line, err := json.Marshal(e)
	if err != nil { // of plain values: cannot fail
		return
	}
	a.stream.Publish(api.StreamAction, e.Time, e.Data.Service, line)
	if a.mirror != nil {
		a.mirror.Put(loki.Entry{Time: e.Time, Kind: loki.KindAction, Service: e.Data.Service, Severity: e.Data.Severity, Line: string(line)})
	}
}
