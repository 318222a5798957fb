package remediation

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// View is what the engine knows at a tick, as far as it matters here. It is
// never changed.
type View struct {
	At time.Time
	// Alerts are those that fire, ours (one for each tier of an instance, with a
	// tier label) and those that came in from elsewhere, with such that have ended
	// not long ago.
	Alerts []Alert
	// Instances are all SLO instances, by id.
	Instances map[string]Instance
}

// Alert is one that fires, or did.
type Alert struct {
	// Fingerprint tells it from others, and is the same as long as it goes on.
	Fingerprint string
	// Labels are all that it has; ours have service, slo, slo_id, severity (empty:
	// wakes nobody) and tier.
	Labels map[string]string
	// Since is when it began; Ended when it ended, zero while it fires.
	Since, Ended time.Time
	// Ours says that this engine raised it.
	Ours bool
	// Frozen says that there are no samples, or that it was to be told again and
	// was not: it cannot end, and nothing new is known.
	Frozen bool
	// Held says why it starts no action, whatever the playbook; empty: it may.
	Held Reason
}

// SLO is the id of the instance that it is about, if it is ours.
func (a Alert) SLO() string {
	if !a.Ours {
		return ""
	}
	return a.Labels["slo_id"]
}

// Service is whose it is.
func (a Alert) Service() string { return a.Labels["service"] }

// Tier is that of ours.
func (a Alert) Tier() string { return a.Labels["tier"] }

// Severity is critical, warning, info or anything else.
func (a Alert) Severity() string { return a.Labels["severity"] }

// Instance is one SLO, or one group of it.
type Instance struct {
	// Labels are what matchers see: service, slo, the SLO's and the group's.
	Labels map[string]string
	// Known says that there is evidence, and it is fresh: not a cold start, not a
	// silence, not a faulty document.
	Known bool
	// Burning says that a burn alert fires, or that the budget is spent.
	Burning bool
}

// Events counts what happened lately. It may be asked by several goroutines.
type Events interface {
	// Since are an instance's events after from, but no more than the last window
	// of them (0: all), told apart by the values of a label where by is not empty.
	Since(slo string, from time.Time, window time.Duration, by string) Reading
}

// Reading is a count of events. The zero value: nothing is known.
type Reading struct {
	// From and Until bound the time: events in (From, Until]. Until is how far
	// the engine has seen.
	From, Until time.Time
	Count
	// Budget is the share of events that may be bad, 0 < Budget < 1; 0: not known.
	Budget float64
	// Left is how many more events may be bad until the budget of the SLO's whole
	// window is spent, below 0 where it is overspent; nil: not known.
	Left *float64
	// Members are the counts by member; nil: not known.
	Members map[string]Count
}

// Count is a number of events.
type Count struct {
	Bad   float64 `json:"bad"`
	Total float64 `json:"total"`
}

// Ratio is the share of bad ones; without events it is not known.
func (c Count) Ratio() (ratio float64, known bool) { return c.Bad / max(c.Total, 1e-300), c.Total > 0 }

// Burn is the burn rate; without events it is not known.
func (r Reading) Burn() (burn float64, known bool) {
	ratio, known := r.Ratio()
	if r.Budget <= 0 || !known {
		return 0, false
	}
	return ratio / r.Budget, true
}

// Gateways opens actuators.
type Gateways interface {
	// Open returns the actuator of a kind of gateway with such settings, and the
	// name by which the gateway is known: one gateway has one, whatever else the
	// settings say.
	Open(kind string, settings json.RawMessage) (name string, a actuator.Actuator, err error)
}

// Muted says whether a silence or an inhibition mutes an alert with such
// labels, and which one.
type Muted func(labels map[string]string) (by string, muted bool)

// cause is whether what started an action still holds.
type cause int

const (
	unknown cause = iota // which is never recovery, and never a reason to act
	fires
	quiet
)

// cause looks for the alert of a record.
func (v View) cause(r Record) cause {
	i := slices.IndexFunc(v.Alerts, func(a Alert) bool { return a.Fingerprint == r.Alert })
	switch instance, here := v.Instances[r.SLO]; {
	case i >= 0 && !v.Alerts[i].Ended.IsZero():
		return quiet
	case i >= 0 && v.Alerts[i].Frozen:
		return unknown
	case i >= 0:
		return fires
	case here && instance.Known:
		return quiet
	case i < 0 && r.SLO == "" && !r.Quiet.IsZero():
		return quiet // from elsewhere: it had ended, and is not kept for ever
	}
	return unknown
}
