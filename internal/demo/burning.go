package demo

import (
	"fmt"
	"strings"
	"time"
)

// fail waits for every SLO of the demo to page and to be in Alertmanager.
func (s *story) fail(now time.Time, v view) (order, error) {
	s.notePages(now, v)
	for _, id := range sloIDs {
		if v.held[id] && !s.delivered[id] {
			s.delivered[id] = true
			s.tell(bad, "Alertmanager has it: %s, %s after v2 failed", id, seconds(s.in(now)))
		}
	}
	unpaged, undelivered := missing(s.pagedSLO), missing(s.delivered)
	if len(unpaged)+len(undelivered) == 0 {
		return s.respond(now)
	}
	if now.Sub(s.start) < s.plan.pagedBy() {
		return nothing, nil
	}
	if len(unpaged) > 0 {
		return nothing, fmt.Errorf("%w: no page of %s within %s after v2 failed", ErrNotPaged, strings.Join(unpaged, ", "), seconds(s.in(now)))
	}
	return nothing, fmt.Errorf("%w: %s within %s after v2 failed", ErrNotDelivered, strings.Join(undelivered, ", "), seconds(s.in(now)))
}

// notePages tells of the tiers that began to fire.
func (s *story) notePages(now time.Time, v view) {
	for _, i := range v.slos {
		if i.firing("heal") && !s.healed {
			s.healed = true
			s.tell(plain, "heal fires after %s: enough for an action that can be taken back, too little to wake somebody", seconds(s.in(now)))
		}
		tier, paging := i.page()
		if _, known := s.paged[i.name()]; !paging || known {
			continue
		}
		s.paged[i.name()], s.pagedSLO[i.slo()] = now.Sub(s.broken), true
		s.tell(bad, "PAGE fires after %s: %s, tier %s", seconds(s.in(now)), i.name(), tier)
	}
}

// respond rolls v2 back, after the time it takes to read a page.
func (s *story) respond(now time.Time) (order, error) {
	if s.complete.IsZero() {
		s.complete = now
	}
	if now.Sub(s.complete) < s.plan.react {
		return nothing, nil
	}
	s.tell(good, "v2 recovers: rolled back %s after it failed; the page ends as the %s window gets clean",
		seconds(s.in(now)), short(s.plan.page.short))
	s.enter(recovering, now)
	return rollBack, nil
}

// recover waits until nothing pages, neither here nor in Alertmanager.
func (s *story) recover(now time.Time, v view) (order, error) {
	s.noteEnds(now, v)
	left := s.unresolved(v)
	if len(left) == 0 {
		s.tell(good, "all quiet: closing the shop to compare the counts")
		s.enter(settling, now)
		return finishShop, nil
	}
	if now.Sub(s.start) < s.plan.resolvedBy() {
		return nothing, nil
	}
	return nothing, fmt.Errorf("%w: %s, %s after the rollback", ErrNotResolved, strings.Join(left, ", "), seconds(s.in(now)))
}

// noteEnds tells of pages that ended. One that comes back has not ended, and
// one that only begins now has to end too.
func (s *story) noteEnds(now time.Time, v view) {
	for _, i := range v.slos {
		tier, paging := i.page()
		_, known := s.paged[i.name()]
		_, ended := s.resolved[i.name()]
		switch {
		case paging && !known:
			s.paged[i.name()] = now.Sub(s.broken)
			s.tell(bad, "PAGE fires %s after the rollback: %s, tier %s", seconds(s.in(now)), i.name(), tier)
		case paging && ended:
			delete(s.resolved, i.name())
			s.tell(bad, "PAGE fires again: %s, tier %s", i.name(), tier)
		case !paging && known && !ended:
			s.resolved[i.name()] = s.in(now)
			s.tell(good, "alert resolved after %s: %s", seconds(s.in(now)), i.name())
		}
	}
}

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
	for _, id := range sloIDs {
		if engine, shop := counted[id], v.served[id]; engine != shop {
			lines = append(lines, fmt.Sprintf("%s: engine %s, shop %s", id, engine, shop))
		}
	}
	return lines
}
