package alerts

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// stateJSON is how a State is written down. What does not fire is not written.
type stateJSON struct {
	Tiers []string `json:"tiers,omitempty"` // one for each tier of the policy
	Of    []string `json:"of,omitempty"`    // the names of these; older versions wrote none
	// Began is when those that hold began to, by name; older versions wrote none.
	Began      map[string]time.Time `json:"began,omitempty"`
	Burning    []alertJSON          `json:"burning,omitempty"`
	Budget     *alertJSON           `json:"budget,omitempty"`
	NoData     *alertJSON           `json:"noData,omitempty"`
	ClearSince *time.Time           `json:"clearSince,omitempty"`
}

type alertJSON struct {
	Severity Severity  `json:"severity,omitempty"`
	Tier     string    `json:"tier"`
	Since    time.Time `json:"since"`
	Frozen   bool      `json:"frozen,omitempty"`
}

// The words of stateJSON.Tiers.
const (
	tierQuiet   = ""
	tierHolds   = "holds"
	tierPending = "pending"
)

// maxTiers bounds what UnmarshalJSON believes of a policy.
const maxTiers = 64

// MarshalJSON writes the state so that a process that reads it goes on as this
// one would have. The zero State is {}.
func (s State) MarshalJSON() ([]byte, error) {
	var j stateJSON
	if slices.ContainsFunc(s.tiers, func(t tierState) bool { return t != tierState{} }) {
		for _, t := range s.tiers {
			j.Tiers = append(j.Tiers, t.word())
		}
		for i, t := range s.of {
			j.Of = append(j.Of, t.Name)
			if s.began != nil && s.tiers[i].holds && !s.began[i].IsZero() {
				j.begin(t.Name, s.began[i])
			}
		}
	}
	for _, a := range s.burning {
		if a.firing {
			j.Burning = append(j.Burning, a.json())
		}
	}
	j.Budget, j.NoData = s.budget.optional(), s.noData.optional()
	if j.Budget != nil && !s.clearSince.IsZero() {
		at := s.clearSince.UTC()
		j.ClearSince = &at
	}
	return json.Marshal(j)
}

func (j *stateJSON) begin(tier string, at time.Time) {
	if j.Began == nil {
		j.Began = map[string]time.Time{}
	}
	j.Began[tier] = at.UTC()
}

func (t tierState) word() string {
	switch {
	case t.holds:
		return tierHolds
	case t.pending:
		return tierPending
	}
	return tierQuiet
}

func (a *alertState) json() alertJSON {
	return alertJSON{Severity: a.severity, Tier: a.tier, Since: a.since.UTC(), Frozen: a.frozen}
}

func (a *alertState) optional() *alertJSON {
	if !a.firing {
		return nil
	}
	j := a.json()
	return &j
}

// UnmarshalJSON reads what MarshalJSON wrote. Fields that it does not know are
// passed over; what no Step can have left is an error, and then the state
// stays as it was.
func (s *State) UnmarshalJSON(data []byte) error {
	var j stateJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("decode alert state: %w", err)
	}
	read, err := j.state()
	if err != nil {
		return fmt.Errorf("decode alert state: %w", err)
	}
	read.changes = s.changes + 1
	*s = read
	return nil
}

func (j *stateJSON) state() (s State, err error) {
	if len(j.Tiers) > maxTiers {
		return s, fmt.Errorf("tiers: %d of them, at most %d", len(j.Tiers), maxTiers)
	}
	for i, word := range j.Tiers {
		t := tierState{holds: word == tierHolds, pending: word == tierPending}
		if t.word() != word {
			return s, fmt.Errorf("tiers[%d]: %q is not %q, %q or empty", i, word, tierHolds, tierPending)
		}
		s.tiers = append(s.tiers, t)
	}
	if len(j.Of) != 0 && len(j.Of) != len(j.Tiers) {
		return s, fmt.Errorf("of: %d names for %d tiers", len(j.Of), len(j.Tiers))
	}
	for _, name := range j.Of {
		s.of = append(s.of, Tier{Name: name})
	}
	for i, t := range s.of {
		if at, ok := j.Began[t.Name]; ok && s.tiers[i].holds {
			s.begin(i, at)
		}
	}
	if len(j.Burning) > maxTiers {
		return s, fmt.Errorf("burning: %d of them, at most %d", len(j.Burning), maxTiers)
	}
	for i, a := range j.Burning {
		if err := s.ignite(a); err != nil {
			return s, fmt.Errorf("burning[%d]: %w", i, err)
		}
	}
	if err := j.Budget.restore(&s.budget, TierBudget, Warning, Info); err != nil {
		return s, fmt.Errorf("budget: %w", err)
	}
	if j.NoData != nil {
		if err := j.NoData.restore(&s.noData, TierNoData, j.NoData.Severity); err != nil {
			return s, fmt.Errorf("noData: %w", err)
		}
	}
	if j.ClearSince != nil {
		s.clearSince = *j.ClearSince
	}
	return s, nil
}

// ignite restores a burn alert.
func (s *State) ignite(j alertJSON) error {
	a := s.burn(j.Severity)
	if a.firing {
		return fmt.Errorf("severity %q is there twice", j.Severity)
	}
	return j.restore(a, j.Tier, j.Severity)
}

// restore makes an alert fire that was written as firing; nil did not.
func (j *alertJSON) restore(a *alertState, tier string, severities ...Severity) error {
	switch {
	case j == nil:
		return nil
	case !slices.Contains(severities, j.Severity):
		return fmt.Errorf("severity %q is not one of %q", j.Severity, severities)
	case j.Tier == "" || j.Tier != tier:
		return fmt.Errorf("tier %q cannot hold it", j.Tier)
	case j.Since.IsZero():
		return fmt.Errorf("since is missing")
	}
	*a = alertState{firing: true, since: j.Since, tier: j.Tier, severity: j.Severity, frozen: j.Frozen}
	return nil
}
