package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// fail waits for the heal tier to fire, and for the gateway to have what the
// engine does about it.
func (s *story) fail(now time.Time, v view) (order, error) {
	i := &s.incident
	if since := v.healed().firing("heal"); i.detected.IsZero() && !since.IsZero() {
		s.detect(since)
	}
	a := v.action
	switch {
	case a != nil && a.acted() && !a.over():
		s.act(now, v)
	case a != nil && a.over():
		return nothing, fmt.Errorf("%w: %s", ErrNotHealed, a)
	case now.Sub(s.start) < s.plan.healedBy():
	case i.detected.IsZero():
		return nothing, fmt.Errorf("%w: no heal tier of %s within %s after v2 failed", ErrNotDetected, s.plan.cast.healed, seconds(s.in(now)))
	default:
		return nothing, fmt.Errorf("%w: %s, %s after v2 failed", ErrNotHealed, a, seconds(s.in(now)))
	}
	return nothing, nil
}

func (s *story) detect(since time.Time) {
	s.incident.detected = since
	s.tell(bad, "DETECTED after %s: the heal tier of %s fires. It wakes nobody, and may act", precise(s.incident.since(since)), s.plan.cast.healed)
}

// act takes over what the engine says about its action.
func (s *story) act(now time.Time, v view) {
	i, a := &s.incident, v.action
	if i.detected.IsZero() {
		s.detect(*a.Since)
	}
	i.decided, i.acted = *a.Created, *a.Acted
	s.tell(plain, "DECIDED after %s: %s; how to take it back is on disk", precise(i.since(i.decided)), a.What)
	s.tell(good, "ACTED after %s: the gateway has it, v2 gets %s of the traffic", precise(i.since(i.acted)), percent(v.share))
	s.enter(healing, now)
}

// heal waits for the engine to see that it helps, and looks at the gateway
// itself.
func (s *story) heal(now time.Time, v view) (order, error) {
	i, a := &s.incident, v.action
	s.tellHealthy(v)
	switch {
	case a.over() && a.State != "undone" || a.State == "undone" && a.Effect != "helped":
		return nothing, fmt.Errorf("%w: %s", ErrNotHealed, a)
	case a.Effect == "helped" && !same(v.share, 0):
		return nothing, fmt.Errorf("%w: the gateway still sends %s of the traffic to v2", ErrNotHealed, percent(v.share))
	case a.Effect == "helped":
		i.verified = *a.Entered
		s.tell(good, "VERIFIED after %s: what came after the action burns nothing; the engine holds it as a lease", precise(i.since(i.verified)))
		s.enter(holding, now)
	case now.Sub(s.start) >= s.plan.healedBy():
		return nothing, fmt.Errorf("%w: %s, %s after the gateway had it", ErrNotProved, a, seconds(s.in(now)))
	}
	return nothing, nil
}

// healthyFor is how long there must be no bad event until that is told.
const healthyFor = 2 * time.Second

func (s *story) tellHealthy(v view) {
	i := &s.incident
	newest := v.healed().LastEvent
	if i.healthy || newest == nil || newest.Sub(i.lastBad) < healthyFor {
		return
	}
	i.healthy = true
	s.tell(good, "HEALTHY: the last bad request was counted %s after the failure", precise(i.since(i.lastBad)))
}

// hold has v2 repaired, after the time that the team takes.
func (s *story) hold(now time.Time, _ view) (order, error) {
	if s.in(now) < s.plan.react {
		return nothing, nil
	}
	s.incident.repaired = now
	s.tell(plain, "v2 IS REPAIRED by its team, %s after it failed. Nobody tells the engine: it tries v2 in steps once all has been quiet",
		seconds(s.incident.since(now)))
	s.enter(undoing, now)
	return repairV2, nil
}

// undo waits until v2 has its part of the traffic again.
func (s *story) undo(now time.Time, v view) (order, error) {
	i, a := &s.incident, v.action
	if a.Saved != nil {
		i.saved = a.Saved
	}
	if !same(v.share, s.share) && !same(v.share, s.usual) {
		s.tell(plain, "UNDO after %s: v2 gets %s of the traffic", precise(i.since(now)), percent(v.share))
	}
	switch {
	case a.State == "undone" && same(v.share, s.usual):
		i.undone = *a.Entered
		s.tell(good, "UNDONE after %s: the gateway is as it was before", precise(i.since(i.undone)))
		s.enter(calm, now)
	case a.over() && a.State != "undone":
		return nothing, fmt.Errorf("%w: %s", ErrNotUndone, a)
	case now.Sub(s.start) >= s.plan.undoneBy():
		return nothing, fmt.Errorf("%w: %s, and v2 gets %s of the traffic, %s after it was repaired", ErrNotUndone, a, percent(v.share), seconds(s.in(now)))
	}
	return nothing, nil
}

// quiet waits until nothing pages, neither here nor in Alertmanager.
func (s *story) quiet(now time.Time, v view) (order, error) {
	left := s.unresolved(v)
	switch {
	case len(left) == 0 && s.in(now) >= s.plan.calm:
		s.tell(good, "ALL QUIET: closing the shop to compare the counts")
		s.enter(settling, now)
		return finishShop, nil
	case len(left) > 0 && now.Sub(s.start) >= s.plan.quietBy():
		return nothing, fmt.Errorf("%w: %s, %s after all was as before", ErrNotResolved, strings.Join(left, ", "), seconds(s.in(now)))
	}
	return nothing, nil
}

// acted reports whether the gateway has it.
func (a *action) acted() bool {
	return a.Acted != nil && !a.Acted.IsZero() && a.Since != nil && a.Created != nil && a.Entered != nil
}

// over reports whether the action will change no more.
func (a *action) over() bool {
	return slices.Contains([]string{"undone", "contested", "failed", "rejected", "expired", "rehearsed"}, a.State)
}

// String says where it stands.
func (a *action) String() string {
	if a == nil {
		return "there is no action"
	}
	text := "the action to " + a.What + " is " + a.State + ", " + a.Reason
	if a.Note != "" {
		text += ": " + a.Note
	}
	return text
}
