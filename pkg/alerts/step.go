package alerts

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
)

// Policy is what an SLO alerts on.
type Policy struct {
	// Tiers are fitted to the SLO (Fit), the fastest first.
	Tiers []Tier
	Gate  Gate
	// Budget is 1 - objective.
	Budget float64
}

// Data says what is known about an instance's samples.
type Data int

const (
	// Unknown: no sample was ever seen.
	Unknown Data = iota
	// Live: samples arrive.
	Live
	// NoData: samples arrived once and stopped.
	NoData
)

// Observation is what Step decides on: one instance at one time.
type Observation struct {
	Data Data
	// LastSample is the newest sample's time.
	LastSample time.Time
	// Burns are the tiers' windows, in the order of Policy.Tiers.
	Burns []Windows
	// Remaining is the share of the budget left; nil while unknown.
	Remaining *float64
	// Exhaustion is when it will be gone; nil when it lasts or is unknown.
	Exhaustion *time.Duration
}

// Windows are the readings of a tier's two windows.
type Windows struct{ Long, Short Burn }

// Burn is one window's counts, and the share of the window that they cover.
type Burn struct {
	budget.Counts
	Coverage float64
}

// tolerance keeps "equal" equal where floats multiply: a burn rate must
// exceed a factor by more than this share of it.
const tolerance = 1e-9

// exceeds reports whether the burn rate exceeds the factor, the unobserved
// part of the window counting as good traffic at the observed rate.
func (b *Burn) exceeds(limit float64) bool {
	if b.Bad == 0 { // nearly always, and cheaper than the ratio
		return false
	}
	ratio, ok := b.ErrorRatio()
	return ok && ratio*b.Coverage > limit*(1+tolerance)
}

// Kind says what an Event reports.
type Kind int

const (
	// Fired: an alert began.
	Fired Kind = iota + 1
	// Changed: a firing alert is held by another tier, or was frozen or
	// unfrozen.
	Changed
	// Resolved: an alert ended.
	Resolved
)

// String is "fired", "changed" or "resolved".
func (k Kind) String() string {
	return [...]string{"unknown", "fired", "changed", "resolved"}[max(0, min(int(k), 3))]
}

// Event is a change of one alert.
type Event struct {
	Kind Kind
	Status
	// Reason is why a resolved alert ended: "recovered", or "no_data" when
	// nothing was heard for the whole long window.
	Reason string
}

// Status is one alert that fires, or fired until the event.
type Status struct {
	// Name is the alertname; heal, which alerts nobody, has NameBurn too.
	Name     string
	Severity Severity
	Tier     string
	Since    time.Time
	Frozen   bool
}

// Step moves the state of one instance to now and reports what changed.
func (p *Policy) Step(s *State, o Observation, now time.Time) []Event {
	if o.Data == Unknown {
		return nil
	}
	var events []Event
	held := false
	if o.Data == Live {
		held = p.judge(s, &o)
	}
	if held || s.burning != nil {
		for _, severity := range burnSeverities {
			if e, ok := p.stepBurn(s, severity, o, now); ok {
				events = append(events, e)
			}
		}
	}
	if o.Data == Live {
		events = append(events, s.stepBudget(o, now)...)
	}
	events = append(events, s.stepNoData(o, now)...)
	if len(events) > 0 {
		s.changes++
	}
	return events
}

// judge decides which tiers hold, and reports whether one does.
func (p *Policy) judge(s *State, o *Observation) (held bool) {
	if len(s.tiers) != len(p.Tiers) {
		if s.tiers != nil {
			s.changes++
		}
		s.tiers = make([]tierState, len(p.Tiers))
	}
	for i := range p.Tiers {
		limit := p.Tiers[i].Factor * p.Budget
		long, short := &o.Burns[i].Long, &o.Burns[i].Short
		exceeds := long.exceeds(limit) && short.exceeds(limit)
		// Once it holds, it needs no new proof, only the burn.
		holds := exceeds && (s.tiers[i].holds || p.Gate.enough(long.Bad, long.Total, limit/long.Coverage))
		if state := (tierState{holds: holds, pending: exceeds && !holds}); state != s.tiers[i] {
			s.tiers[i] = state
			s.changes++
		}
		held = held || holds
	}
	return held
}

// stepBurn moves the burn alert of one severity.
func (p *Policy) stepBurn(s *State, severity Severity, o Observation, now time.Time) (Event, bool) {
	a := s.burn(severity)
	holder, held := p.holder(s, severity)
	frozen := o.Data == NoData
	switch {
	case frozen && !a.firing:
		return Event{}, false
	case frozen && now.Sub(o.LastSample) > p.longOf(a.tier):
		p.release(s, severity) // whoever fires next needs new proof
		return a.resolve(NameBurn, "no_data"), true
	case frozen || held && a.firing:
		if !frozen && a.tier == holder.Name && !a.frozen || frozen && a.frozen {
			return Event{}, false
		}
		if !frozen {
			a.tier = holder.Name
		}
		a.frozen = frozen
		return Event{Kind: Changed, Status: a.status(NameBurn)}, true
	case held:
		*a = alertState{firing: true, since: now, tier: holder.Name, severity: severity}
		return Event{Kind: Fired, Status: a.status(NameBurn)}, true
	case a.firing:
		return a.resolve(NameBurn, "recovered"), true
	}
	return Event{}, false
}

// holder is the first tier of a severity that holds: the fastest.
func (p *Policy) holder(s *State, severity Severity) (Tier, bool) {
	for i, t := range s.tiers {
		if t.holds && p.Tiers[i].Severity == severity {
			return p.Tiers[i], true
		}
	}
	return Tier{}, false
}

// release makes the tiers of a severity forget that they held.
func (p *Policy) release(s *State, severity Severity) {
	for i := range s.tiers {
		if p.Tiers[i].Severity == severity {
			s.tiers[i] = tierState{}
		}
	}
}

func (p *Policy) longOf(name string) time.Duration {
	for _, t := range p.Tiers {
		if t.Name == name {
			return t.Long
		}
	}
	return 0
}

// lowBudget is the share of the budget below which the budget alert informs.
// An alert that fires ends only a margin above where it began.
const (
	lowBudget    = 0.25
	budgetMargin = 0.02
)

// budgetKeep is how long the budget alert outlives its condition, so that a
// burn rate around 1 does not make a forecast alert flap.
const budgetKeep = 15 * time.Minute

// stepBudget moves the budget alert: a warning when the budget is spent, an
// info when it is nearly so or will be within the SLO window.
func (s *State) stepBudget(o Observation, now time.Time) []Event {
	a := &s.budget
	severity, spent, low := None, 0.0, lowBudget
	if a.firing {
		low += budgetMargin
		if a.severity == Warning {
			spent += budgetMargin
		}
	}
	switch {
	case o.Remaining == nil:
	case *o.Remaining <= spent:
		severity = Warning
	case *o.Remaining < low || o.Exhaustion != nil:
		severity = Info
	}
	if severity != None && !s.clearSince.IsZero() {
		s.clearSince = time.Time{}
		s.changes++
	} else if severity == None && a.firing && s.clearSince.IsZero() {
		s.clearSince = now
		s.changes++
	}
	switch {
	case severity == None:
		if a.firing && now.Sub(s.clearSince) >= budgetKeep {
			return []Event{a.resolve(NameExhausted, "recovered")}
		}
		return nil
	case a.firing && a.severity == severity:
		return nil
	}
	var events []Event
	if a.firing { // the severity is part of the identity: one ends, one begins
		events = append(events, a.resolve(NameExhausted, "severity_changed"))
	}
	*a = alertState{firing: true, since: now, tier: TierBudget, severity: severity}
	return append(events, Event{Kind: Fired, Status: a.status(NameExhausted)})
}

func (s *State) stepNoData(o Observation, now time.Time) []Event {
	a := &s.noData
	switch {
	case o.Data == NoData && !a.firing:
		*a = alertState{firing: true, since: now, tier: TierNoData, severity: Warning}
		return []Event{{Kind: Fired, Status: a.status(NameNoData)}}
	case o.Data == Live && a.firing:
		return []Event{a.resolve(NameNoData, "recovered")}
	}
	return nil
}

func (a *alertState) status(name string) Status {
	return Status{Name: name, Severity: a.severity, Tier: a.tier, Since: a.since, Frozen: a.frozen}
}

func (a *alertState) resolve(name, reason string) Event {
	e := Event{Kind: Resolved, Status: a.status(name), Reason: reason}
	a.firing, a.frozen = false, false
	return e
}
