package demo

import (
	"fmt"
	"strings"
	"time"
)

// settlePatience is how long the engine has to publish the last counts.
const settlePatience = 15 * time.Second

// settle compares the engine's counts with those of the shop.
func (s *story) settle(now time.Time, v view) (order, error) {
	if v.served == nil {
		return nothing, nil
	}
	if s.settled.IsZero() {
		s.settled = now
	}
	differing := s.differing(v)
	if len(differing) == 0 {
		s.enter(closed, now)
		return nothing, nil
	}
	if now.Sub(s.settled) < settlePatience {
		return nothing, nil
	}
	return nothing, fmt.Errorf("%w: %s", ErrCountsDiffer, strings.Join(differing, "; "))
}

// counted is what the engine counted since the load began, by SLO id.
func (s *story) counted(v view) map[string]counts {
	now := v.counts()
	for id := range now {
		now[id] = now[id].sub(s.opening[id])
	}
	return now
}

// differing says where the two books do not agree.
func (s *story) differing(v view) (lines []string) {
	counted := s.counted(v)
	for _, id := range s.plan.cast.slos {
		if engine, shop := counted[id], v.served[id]; engine != shop {
			lines = append(lines, fmt.Sprintf("%s: engine %s, shop %s", id, engine, shop))
		}
	}
	return lines
}
