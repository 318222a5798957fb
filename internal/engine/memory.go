package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// AlertRecord is what one instance's alerts must not forget over a restart.
type AlertRecord struct {
	// ID is the instance's.
	ID string
	// State is JSON, for Recall alone; nil when there is nothing to remember
	// any more.
	State []byte
}

// memory is AlertRecord.State. With the SLO and the group an alert can be
// rendered before the instance is there again.
type memory struct {
	SLO    string            `json:"slo"`
	Group  map[string]string `json:"group,omitempty"`
	Alerts alerts.State      `json:"alerts"`
}

// Changed are the alert states that changed in the last Evaluate, and in the
// Loads before it. An instance may be there twice; the later record counts.
func (c *Core) Changed() []AlertRecord { return c.changed }

// Remembered are all alert states that are worth to be written down, by id.
func (c *Core) Remembered() []AlertRecord {
	var list []AlertRecord
	for _, id := range slices.Sorted(maps.Keys(c.judged)) {
		if r := c.judged[id].record(); r.State != nil {
			list = append(list, r)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.absent)) {
		list = append(list, c.absent[id].record(id))
	}
	return list
}

// Recall takes over what an instance's alerts were before a restart: the State
// of its newest record. It is called before the first Evaluate, which sends
// what fires again, as of when it began. An instance that is not there yet is
// waited for; what fires goes on meanwhile.
func (c *Core) Recall(id string, state []byte) error {
	if !c.since.IsZero() {
		return fmt.Errorf("recall alerts of %s: they are judged already", id)
	}
	var m memory
	if err := json.Unmarshal(state, &m); err != nil {
		return fmt.Errorf("recall alerts of %s: %w", id, err)
	}
	if id == "" || m.SLO == "" {
		return fmt.Errorf("recall alerts of %q: %w", id, errNobody)
	}
	c.absent[id] = &absent{memory: m}
	return nil
}

var errNobody = errors.New("the record names no SLO")

// absence is how long the alerts of an instance go on that does not come back
// after a restart.
const absence = time.Hour

// absent is an instance of which only the alerts are remembered.
type absent struct {
	memory
	until time.Time // zero before the first evaluation
	told  bool      // what fires was sent again
}

// note writes down the state of an instance's alerts if it has changed.
func (c *Core) note(j *judged) {
	if j.noted != j.state.Changes() {
		j.noted = j.state.Changes()
		c.fresh = append(c.fresh, j.record())
	}
}

func (j *judged) record() AlertRecord {
	return recordOf(j.instance.ID, memory{SLO: j.spec.ID(), Group: j.instance.Group, Alerts: j.state})
}

func (a *absent) record(id string) AlertRecord { return recordOf(id, a.memory) }

func recordOf(id string, m memory) AlertRecord {
	if state, err := json.Marshal(m.Alerts); err != nil || string(state) == "{}" {
		return AlertRecord{ID: id}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return AlertRecord{ID: id}
	}
	return AlertRecord{ID: id, State: text}
}

// remember gives an instance that has come back the alerts it had. Those of an
// SLO whose alerts were switched off meanwhile end.
func (c *Core) remember(j *judged, now time.Time) []alerts.Alert {
	a := c.absent[j.instance.ID]
	if a == nil {
		return nil
	}
	delete(c.absent, j.instance.ID)
	j.state, j.recalled = a.Alerts, true
	j.noted = j.state.Changes()
	if j.spec.Alerting.Disabled {
		return c.retire(j, "alerting_disabled", now)
	}
	return nil
}

// await sends the alerts of absent instances once, and ends them when it has
// waited long enough. changed says that the line must be drawn anew.
func (c *Core) await(now time.Time) (batch []alerts.Alert, changed bool) {
	for _, id := range slices.Sorted(maps.Keys(c.absent)) {
		a, p := c.absent[id], c.policies[c.absent[id].SLO]
		if a.until.IsZero() {
			a.until = now.Add(absence)
		}
		switch {
		case !now.Before(a.until) || p != nil && p.spec.Alerting.Disabled:
			batch = append(batch, c.giveUp(id, a, p, now)...)
			changed = true
		case p != nil && !a.told:
			a.told = true
			changed = true
			for _, status := range a.Alerts.Firing() {
				if status.Severity != alerts.None && !alerts.Silenced(p.spec, status) {
					batch = append(batch, alerts.Render(a.subject(id, p, c.options.Link), status, a.facts(status, p)))
				}
			}
		}
	}
	return batch, changed
}

// giveUp ends the alerts of an absent instance; nobody can be told of those
// whose SLO is not there any more, for its labels are not known.
func (c *Core) giveUp(id string, a *absent, p *policy, now time.Time) (batch []alerts.Alert) {
	delete(c.absent, id)
	c.fresh = append(c.fresh, AlertRecord{ID: id})
	if p == nil {
		return nil
	}
	reason := "instance_gone"
	if p.spec.Alerting.Disabled {
		reason = "alerting_disabled"
	}
	who := a.subject(id, p, c.options.Link)
	for _, event := range a.Alerts.Resolve(reason) {
		batch = append(batch, c.report(who, event, a.facts(event.Status, p), now)...)
	}
	return batch
}

func (a *absent) subject(id string, p *policy, link func(string) string) alerts.Subject {
	return alerts.Subject{ID: id, Spec: p.spec, Group: a.Group, URL: link(id)}
}

// facts are those that are known without samples.
func (a *absent) facts(status alerts.Status, p *policy) (facts alerts.Facts) {
	for _, t := range p.tiers {
		if t.Name == status.Tier {
			facts.Tier = t
		}
	}
	return facts
}

// missing are the absent instances as a snapshot shows them.
func (c *Core) missing() (line []entry) {
	for id, a := range c.absent {
		if p := c.policies[a.SLO]; p != nil {
			line = append(line, entry{id: id, fixed: &Instance{
				ID: id, Spec: p.spec, Group: a.Group, State: StateUnknown,
				Alerts: alertsOf(a.Alerts.Firing()), Tiers: alertsOf(a.Alerts.Holding(p.tiers)),
			}})
		}
	}
	return line
}
