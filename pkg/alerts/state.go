package alerts

import (
	"slices"
	"time"
)

// State is the memory of Step for one instance. The zero value has seen
// nothing and fires nothing.
type State struct {
	// Tiers that hold, in the order of the policy.
	tiers []tierState
	// burning is the alert of each severity, as burnSeverities has them; nil
	// until a tier holds, which for most instances is never.
	burning *[len(burnSeverities)]alertState
	budget  alertState
	noData  alertState
	// clearSince is when the conditions of the budget alert ended.
	clearSince time.Time
	changes    uint64
}

// burnSeverities are those that a tier can have, in the order in which Step
// reports their events. None is heal's.
var burnSeverities = [...]Severity{None, Critical, Warning, Info}

type tierState struct {
	holds   bool
	pending bool // exceeds, but the gate cannot tell yet
}

type alertState struct {
	firing   bool
	since    time.Time
	tier     string
	severity Severity
	frozen   bool
}

// Changes counts the changes of the state: while it is the same, so is what
// MarshalJSON writes.
func (s *State) Changes() uint64 { return s.changes }

// burn is the burn alert of a severity.
func (s *State) burn(severity Severity) *alertState {
	if s.burning == nil {
		s.burning = new([len(burnSeverities)]alertState)
	}
	return &s.burning[slices.Index(burnSeverities[:], severity)]
}

// Calm reports whether Step would leave the state alone, and report nothing,
// on the worst observation and on all that are no worse: no burn higher (more
// bad events, fewer events or more coverage), no less remaining, no sooner
// exhaustion.
func (p *Policy) Calm(s *State, worst Observation) bool {
	for _, t := range s.tiers {
		if t != (tierState{}) {
			return false
		}
	}
	for i := range p.Tiers {
		limit := p.Tiers[i].Factor * p.Budget
		if worst.Burns[i].Long.mayExceed(limit) && worst.Burns[i].Short.mayExceed(limit) {
			return false
		}
	}
	return worst.Data == Live && worst.Exhaustion == nil &&
		worst.Remaining != nil && *worst.Remaining >= lowBudget && len(s.Firing()) == 0
}

// mayExceed is exceeds for a worst case: where it has no events, there may be
// fewer than none, or some.
func (b *Burn) mayExceed(limit float64) bool {
	return b.Bad > 0 && !(b.Total > 0 && min(b.Bad/b.Total, 1)*b.Coverage <= limit)
}

// Firing lists the alerts that fire, the gravest first.
func (s *State) Firing() []Status {
	var list []Status
	if s.burning != nil {
		for _, severity := range []Severity{Critical, Warning, Info, None} {
			if a := s.burn(severity); a.firing {
				list = append(list, a.status(NameBurn))
			}
		}
	}
	if s.budget.firing {
		list = append(list, s.budget.status(NameExhausted))
	}
	if s.noData.firing {
		list = append(list, s.noData.status(NameNoData))
	}
	return list
}

// Pending lists the tiers of the policy that burn with too little evidence.
func (s *State) Pending(p *Policy) []string {
	var names []string
	for i, t := range s.tiers {
		if t.pending && i < len(p.Tiers) {
			names = append(names, p.Tiers[i].Name)
		}
	}
	return slices.Clip(names)
}

// Resolve ends every alert, as when the SLO is no longer there, or its labels
// have changed and the alerts go on under another name.
func (s *State) Resolve(reason string) []Event {
	var events []Event
	if s.tiers != nil { // a tier that held must not hold later without new proof
		s.tiers = nil
		s.changes++
	}
	if s.burning != nil {
		for i := range s.burning {
			if a := &s.burning[i]; a.firing {
				events = append(events, a.resolve(NameBurn, reason))
			}
		}
	}
	if s.budget.firing {
		events = append(events, s.budget.resolve(NameExhausted, reason))
	}
	if s.noData.firing {
		events = append(events, s.noData.resolve(NameNoData, reason))
	}
	if len(events) > 0 {
		s.clearSince = time.Time{}
		s.changes++
	}
	return events
}
