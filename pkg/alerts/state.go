package alerts

import (
	"slices"
	"time"
)

// State is the memory of Step for one instance. The zero value has seen
// nothing and fires nothing.
type State struct {
	// Tiers that hold, in the order of of: the tiers of the last policy, of
	// which only the names count. nil: those of a policy with as many.
	tiers []tierState
	of    []Tier
	// began is when each of them began to hold; zero: with its alert. nil until
	// one does, which for most instances is never.
	began []time.Time
	// burning is the alert of each severity, in the order in which they first
	// came; nil until a tier holds, which for most instances is never.
	burning []alertState
	budget  alertState
	noData  alertState
	// clearSince is when the conditions of the budget alert ended.
	clearSince time.Time
	changes    uint64
}

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

// burn is the burn alert of a severity, until the next call.
func (s *State) burn(severity Severity) *alertState {
	for i := range s.burning {
		if s.burning[i].severity == severity {
			return &s.burning[i]
		}
	}
	s.burning = append(s.burning, alertState{severity: severity})
	return &s.burning[len(s.burning)-1]
}

// fit makes room for the tiers of a policy. When they are not those of the last
// Step, each goes on by its name. One that is new needs no proof where the
// alert of its severity fires already: an edit of tiers ends no alert that
// burns by the new ones too.
func (s *State) fit(p *Policy) {
	if len(s.tiers) == len(p.Tiers) && (s.of == nil || sameTiers(s.of, p.Tiers)) {
		s.of = p.Tiers
		return
	}
	before, of, began := s.tiers, s.of, s.began
	s.tiers, s.of, s.began = make([]tierState, len(p.Tiers)), p.Tiers, nil
	if before == nil {
		return
	}
	s.changes++
	for i, t := range p.Tiers {
		was := slices.IndexFunc(of, func(old Tier) bool { return old.Name == t.Name })
		if was >= 0 {
			s.tiers[i] = before[was]
			if began != nil {
				s.begin(i, began[was])
			}
		} else {
			s.tiers[i].holds = s.fires(t.Severity)
		}
	}
}

func (s *State) fires(severity Severity) bool {
	return slices.ContainsFunc(s.burning, func(a alertState) bool { return a.severity == severity && a.firing })
}

// sameTiers compares names: most often they are the same list.
func sameTiers(a, b []Tier) bool {
	if len(a) == 0 || len(b) == 0 || &a[0] == &b[0] {
		return len(a) == len(b)
	}
	return slices.EqualFunc(a, b, func(x, y Tier) bool { return x.Name == y.Name })
}

// Calm reports whether Step would leave the state alone, and report nothing,
// on the worst observation and on all that are no worse: no burn higher (more
// bad events, fewer events or more coverage), no less remaining, no sooner
// exhaustion.
func (p *Policy) Calm(s *State, worst Observation) bool {
	for i := range p.Tiers {
		limit := p.Tiers[i].Factor * p.Budget
		if worst.Burns[i].Long.mayExceed(limit) && worst.Burns[i].Short.mayExceed(limit) {
			return false
		}
	}
	return s.quiet() && worst.Data == Live && worst.Exhaustion == nil &&
		worst.Remaining != nil && *worst.Remaining >= lowBudget
}

// quiet reports whether no tier holds or is about to, and nothing fires.
func (s *State) quiet() bool {
	for _, t := range s.tiers {
		if t != (tierState{}) {
			return false
		}
	}
	return len(s.Firing()) == 0
}

// Room is how many more bad events there may be for the state to stay Calm,
// however many good ones come. tiers and period are the worst that the tiers'
// windows and the SLO window can hold. It is negative where even without any
// the state may not stay calm.
func (p *Policy) Room(s *State, tiers []Windows, period Burn) float64 {
	if !s.quiet() {
		return -1
	}
	room := period.room((1 - lowBudget) * p.Budget)
	for i := range p.Tiers {
		limit := p.Tiers[i].Factor * p.Budget
		room = min(room, max(tiers[i].Long.room(limit), tiers[i].Short.room(limit)))
	}
	return room
}

// room is how many bad events may come to a window, even where they are no
// further events, before its ratio times its coverage comes near to a limit.
func (b *Burn) room(limit float64) float64 {
	return limit*(1-tolerance)*b.Total/b.Coverage - b.Bad
}

// mayExceed is exceeds for a worst case: where it has no events, there may be
// fewer than none, or some.
func (b *Burn) mayExceed(limit float64) bool {
	return b.Bad > 0 && !(b.Total > 0 && min(b.Bad/b.Total, 1)*b.Coverage <= limit)
}

// Firing lists the alerts that fire, the gravest first.
func (s *State) Firing() []Status {
	var list []Status
	for gravity := range len(gravities) + 1 {
		for _, a := range s.burning {
			if a.firing && a.severity.gravity() == gravity {
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

// gravities are the severities that are known, the gravest first; one with a
// name of its own comes after critical.
var gravities = [...]Severity{Critical, Warning, Info, None}

func (s Severity) gravity() int {
	switch i := slices.Index(gravities[:], s); i {
	case -1:
		return 1
	case 0:
		return 0
	default:
		return i + 1
	}
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
		s.tiers, s.of, s.began = nil, nil, nil
		s.changes++
	}
	for i := range s.burning {
		if a := &s.burning[i]; a.firing {
			events = append(events, a.resolve(NameBurn, reason))
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
