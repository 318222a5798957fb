package scenario

import (
	"cmp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// record is what the alerts of one instance did.
type record struct {
	moves moves
	// what fired at the last tick
	tiers, severities []string
}

// note notes which alerts began or ended at a tick.
func (g *game) note(snapshot *engine.Snapshot, at time.Duration) {
	for _, in := range snapshot.Instances {
		r := g.history[in.ID]
		if r == nil {
			r = &record{}
			g.history[in.ID] = r
		}
		if len(in.Alerts) == 0 && len(r.tiers) == 0 {
			continue
		}
		before := len(r.moves)
		r.look(in.Alerts, at)
		for _, m := range r.moves[before:] {
			if m.tier != "" {
				g.result.Moves = append(g.result.Moves, naming(in)+": "+m.String())
			}
		}
	}
}

func (r *record) look(list []engine.AlertStatus, at time.Duration) {
	var tiers, severities []string
	for _, a := range list {
		tiers = append(tiers, a.Tier)
		if a.Severity != "" && !slices.Contains(severities, a.Severity) {
			severities = append(severities, a.Severity)
		}
	}
	r.compare(r.tiers, tiers, func(what string, resolved bool) move { return move{at: at, tier: what, resolved: resolved} })
	r.compare(r.severities, severities, func(what string, resolved bool) move { return move{at: at, severity: what, resolved: resolved} })
	r.tiers, r.severities = tiers, severities
}

// compare notes what was there and is not, and the other way round.
func (r *record) compare(before, after []string, make func(what string, resolved bool) move) {
	for _, what := range before {
		if !slices.Contains(after, what) {
			r.moves = append(r.moves, make(what, true))
		}
	}
	for _, what := range after {
		if !slices.Contains(before, what) {
			r.moves = append(r.moves, make(what, false))
		}
	}
}

// inOrder are the checks as they are judged: by time, the final ones last.
func (s *Scenario) inOrder() []check {
	list := slices.Clone(s.checks)
	slices.SortStableFunc(list, func(a, b check) int {
		if a.final != b.final {
			if a.final {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.at, b.at)
	})
	return list
}
