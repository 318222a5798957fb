package alerts

import (
	"slices"
	"time"
)

// begin notes when a tier began to hold.
func (s *State) begin(i int, at time.Time) {
	if s.began == nil {
		s.began = make([]time.Time, len(s.tiers))
	}
	s.began[i] = at
}

// Holding lists what Firing does, but of the burn alerts each tier that holds,
// since it began to. tiers say which severity each has.
func (s *State) Holding(tiers []Tier) (list []Status) {
	for _, st := range s.Firing() {
		none := len(list)
		for i, t := range s.tiers {
			tier, known := s.tier(i, tiers)
			if t.holds && known && st.Name == NameBurn && tier.Severity == st.Severity {
				list = append(list, s.held(st, i, tier.Name))
			}
		}
		if len(list) == none {
			list = append(list, st)
		}
	}
	return list
}

// tier is the i-th of the state as it is among tiers, if it is.
func (s *State) tier(i int, tiers []Tier) (tier Tier, known bool) {
	if s.of == nil {
		if i < len(tiers) {
			return tiers[i], true
		}
		return Tier{}, false
	}
	at := slices.IndexFunc(tiers, func(t Tier) bool { return t.Name == s.of[i].Name })
	if at < 0 {
		return Tier{}, false
	}
	return tiers[at], true
}

// held is a tier that holds, as part of the alert of its severity.
func (s *State) held(alert Status, i int, name string) Status {
	alert.Tier = name
	if s.began != nil && !s.began[i].IsZero() {
		alert.Since = s.began[i]
	}
	return alert
}
