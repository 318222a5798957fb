package alerts

import (
	"cmp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Policy is what an SLO alerts on.
type Policy struct {
	// Tiers are fitted to the SLO (Fit), the fastest first.
	Tiers []Tier
	Gate  Gate
	// Budget is 1 - objective.
	Budget float64
	// NoData is what a silence counts as. With BadNoData and GoodNoData the
	// observation of a silence holds what it counts as.
	NoData slo.NoDataPolicy
	// Silent is the severity of the alert about a silence. Empty: Warning.
	Silent Severity
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
	// Reason is why a resolved alert ended: "recovered"; "no_data" when nothing
	// was heard for the whole long window, or for as long as the policy waits;
	// "policy_changed" when the policy has no such alert any more.
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
	s.fit(p)
	var events []Event
	held, judged := false, o.Data == Live || p.NoData == slo.BadNoData || p.NoData == slo.GoodNoData
	if judged {
		held = p.judge(s, &o, now)
	}
	if held || s.burning != nil {
		events = p.stepBurns(s, o, !judged, now)
	}
	if judged {
		events = append(events, s.stepBudget(o, now)...)
	}
	events = append(events, p.stepNoData(s, o, now)...)
	if len(events) > 0 {
		s.changes++
	}
	return events
}

// judge decides which tiers hold, and reports whether one does.
func (p *Policy) judge(s *State, o *Observation, now time.Time) (held bool) {
	for i := range p.Tiers {
		limit := p.Tiers[i].Factor * p.Budget
		long, short := &o.Burns[i].Long, &o.Burns[i].Short
		exceeds := long.exceeds(limit) && short.exceeds(limit)
		// Once it holds, it needs no new proof, only the burn.
		holds := exceeds && (s.tiers[i].holds || p.Gate.enough(long.Bad, long.Total, limit/long.Coverage))
		if state := (tierState{holds: holds, pending: exceeds && !holds}); state != s.tiers[i] {
			if holds {
				s.begin(i, now)
			}
			s.tiers[i] = state
			s.changes++
		}
		held = held || holds
	}
	return held
}

// stepBurns moves the burn alerts, each severity's once, in the order of the
// tiers. Those whose tiers are no more end.
func (p *Policy) stepBurns(s *State, o Observation, frozen bool, now time.Time) (events []Event) {
	for i := range s.burning {
		if a := &s.burning[i]; a.firing && p.first(a.severity) < 0 {
			events = append(events, a.resolve(NameBurn, "policy_changed"))
		}
	}
	for i, t := range p.Tiers {
		if p.first(t.Severity) != i {
			continue
		}
		if e, ok := p.stepBurn(s, t.Severity, o, frozen, now); ok {
			events = append(events, e)
		}
	}
	return events
}

// first is where the first tier of a severity lies; -1: there is none.
func (p *Policy) first(severity Severity) int {
	return slices.IndexFunc(p.Tiers, func(t Tier) bool { return t.Severity == severity })
}

// stepBurn moves the burn alert of one severity. frozen: nothing is known.
func (p *Policy) stepBurn(s *State, severity Severity, o Observation, frozen bool, now time.Time) (Event, bool) {
	a := s.burn(severity)
	holder, held := p.holder(s, severity)
	switch {
	case frozen && !a.firing:
		return Event{}, false
	case frozen && (p.NoData == slo.IgnoreNoData || now.Sub(o.LastSample) > p.longOf(a)):
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
	case a.firing && o.Data == NoData:
		return a.resolve(NameBurn, "no_data"), true
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

// longOf is the long window of the tier that holds an alert; of one that is no
// more, the longest of the severity.
func (p *Policy) longOf(a *alertState) (long time.Duration) {
	for _, t := range p.Tiers {
		if t.Name == a.tier {
			return t.Long
		}
		if t.Severity == a.severity {
			long = max(long, t.Long)
		}
	}
	return long
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

// stepNoData moves the alert about a silence.
func (p *Policy) stepNoData(s *State, o Observation, now time.Time) []Event {
	a, ignored := &s.noData, p.NoData == slo.IgnoreNoData
	switch {
	case o.Data == NoData && !a.firing && !ignored:
		*a = alertState{firing: true, since: now, tier: TierNoData, severity: cmp.Or(p.Silent, Warning)}
		return []Event{{Kind: Fired, Status: a.status(NameNoData)}}
	case o.Data == Live && a.firing:
		return []Event{a.resolve(NameNoData, "recovered")}
	case ignored && a.firing:
		return []Event{a.resolve(NameNoData, "policy_changed")}
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
