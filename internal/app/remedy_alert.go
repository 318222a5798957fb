package app

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// attention calls people to actions that need them: those that did not help, or
// cannot be undone, and those of which somebody else changed the target. The
// alert of one fires as long as it is open, and for a while after its end.
type attention struct {
	store remediation.Store
	put   func(now time.Time, batch ...alerts.Alert)
	link  func(path ...string) string
	fail  func(error)

	mu sync.Mutex
	// ended are the actions that need a look and have ended, fired those whose
	// alert fires, by id.
	ended map[string]remediation.Event
	fired map[string]alerts.Alert
	// open are the actions that have not ended, as they were a moment ago.
	open []remediation.Record
}

const (
	// attentionAfter is for how long an action that has ended is shown: longer
	// than any Alertmanager waits to tell of it.
	attentionAfter = 30 * time.Minute
	// attentionEvery is the time between two looks.
	attentionEvery = 2 * time.Second
	// attentionBack is how far back actions of before a restart are looked for.
	attentionBack = 24 * time.Hour
)

// remediationNeedsAttention is the alert's name.
const remediationNeedsAttention = "RemediationNeedsAttention"

// told takes a move of an action.
func (a *attention) told(e remediation.Event) {
	if !e.Data.State.Over() || !needsLook(e.Data) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended[e.Data.Action] = e
}

func needsLook(m remediation.Move) bool {
	return !m.DryRun && (m.Escalated || m.State == remediation.Contested)
}

// run looks until ctx is done.
func (a *attention) run(ctx context.Context) {
	a.recall(ctx)
	tick := time.NewTicker(attentionEvery)
	defer tick.Stop()
	for {
		a.look(ctx, time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// recall takes what ended before this process began.
func (a *attention) recall(ctx context.Context) {
	records, err := a.store.Find(ctx, remediation.Query{Since: time.Now().Add(-attentionBack)})
	if err != nil {
		a.fail(err)
	}
	for _, rec := range records {
		a.told(remediation.EventOf(rec, ""))
	}
}

// look puts the alerts as they are now.
func (a *attention) look(ctx context.Context, now time.Time) {
	open, err := a.store.Find(ctx, remediation.Query{Open: true})
	if err != nil {
		a.fail(err)
		return // what fires goes on firing
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = open
	due := map[string]remediation.Event{}
	for id, e := range a.ended {
		if now.Sub(e.Time) < attentionAfter {
			due[id] = e
		} else {
			delete(a.ended, id)
		}
	}
	for _, rec := range open {
		if e := remediation.EventOf(rec, ""); needsLook(e.Data) {
			due[rec.ID] = e
		}
	}
	a.put(now, a.changed(due, now)...)
}

// lately are the actions that had not ended a moment ago.
func (a *attention) lately() []remediation.Record {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open
}

// changed are the alerts of what is due, and the ends of those that no longer
// are.
func (a *attention) changed(due map[string]remediation.Event, now time.Time) (batch []alerts.Alert) {
	for id, e := range due {
		alert := a.alert(e)
		if before, fires := a.fired[id]; fires {
			alert.StartsAt, alert.Labels = before.StartsAt, before.Labels
		}
		a.fired[id] = alert
		batch = append(batch, alert)
	}
	for id, alert := range a.fired {
		if _, still := due[id]; !still {
			alert.ResolvedAt = now
			delete(a.fired, id)
			batch = append(batch, alert)
		}
	}
	return batch
}

// alert is what people are told about an action. Its labels stay the same
// whatever becomes of it.
func (a *attention) alert(e remediation.Event) alerts.Alert {
	m := e.Data
	severity := "warning" // somebody is there already: who changed the target
	if m.Escalated {
		severity = "critical"
	}
	labels := map[string]string{
		"alertname": remediationNeedsAttention, "severity": severity, "service": m.Service,
		"slo": sloOf(m.SLO), "slo_id": m.SLO, "action": m.Action, "playbook": m.Playbook,
	}
	return alerts.Alert{
		Labels: labels, StartsAt: e.Time, GeneratorURL: a.link("api/v1/actions", m.Action),
		Annotations: map[string]string{
			"summary":     summaryOf(m),
			"description": strings.TrimSpace(fmt.Sprintf("%s of %s at %s is %s (%s). %s", m.Kind, m.Target, m.Gateway, m.State, m.Reason, m.Note)),
			"state":       string(m.State), "reason": string(m.Reason), "gateway": m.Gateway, "target": m.Target,
		},
	}
}

func summaryOf(m remediation.Move) string {
	switch {
	case m.State == remediation.Contested:
		return fmt.Sprintf("Somebody else changed %s while an action for %s held it: it is left as it is", m.Target, m.Service)
	case m.State.Live():
		return fmt.Sprintf("An action for %s needs a person: it is %s", m.Service, m.State)
	}
	return fmt.Sprintf("An action for %s ended as %s without having helped", m.Service, m.State)
}

// sloOf is the name in an instance's id.
func sloOf(id string) string {
	_, rest, _ := strings.Cut(id, ":")
	name, _, _ := strings.Cut(rest, ":")
	return name
}
