package demo

import (
	"context"
	"errors"
	"time"
)

// sim is a shop, its gateway and an engine in one, in virtual time: it counts at
// an even rate, applies the rule of heal as the engine documents it, and does
// what the playbook says. Its flags are what can go wrong.
type sim struct {
	plan    plan
	now     func() time.Time
	started time.Time

	neverFires, neverActs, actsInVain, neverProves, neverUndoes, contested, failedAction bool
	actsEarly, pagesEarly, pages, neverResolves, countsNothing, blind, gone              bool
	lost                                                                                 float64 // events the engine missed

	began, broke, mended, ended time.Time
}

func (m *sim) begin(context.Context) error { m.began = m.now(); return nil }
func (m *sim) breakV2()                    { m.broke = m.now() }
func (m *sim) repairV2()                   { m.mended = m.now() }
func (m *sim) close() error                { return nil }

func (m *sim) finish(context.Context) (map[string]counts, error) {
	m.ended = m.now()
	served := make(map[string]counts)
	for _, id := range m.plan.cast.slos {
		served[id] = m.within(m.started, m.ended)
	}
	return served, nil
}

// The engine's playbook, from the failure on: it acts a second after the heal
// tier fires, sees the proof after six, and takes it back ten seconds later, in
// steps of five.
const (
	simActs  = time.Second
	simProof = 7 * time.Second
	simUndo  = 17 * time.Second
	simStep  = 5 * time.Second
)

// fires is when the heal tier fires: 0.4·t/10 > 17.28·0.005.
func (m *sim) fires() time.Time { return m.broke.Add(2160 * time.Millisecond) }

// since is the time since the gateway has the action; below 0: it has none.
func (m *sim) since() time.Duration {
	if m.actsEarly && !m.began.IsZero() {
		return m.now().Sub(m.began)
	}
	if m.broke.IsZero() || m.neverFires || m.neverActs {
		return -1
	}
	return m.now().Sub(m.fires().Add(simActs))
}

// share is what the gateway gives v2.
func (m *sim) share(context.Context) (float64, error) {
	canary, since := m.plan.canary, m.since()
	switch {
	case m.gone && since > 0:
		return 0, errors.New("wrk has ended")
	case since < 0 || m.actsInVain || m.failedAction:
		return canary, nil
	case since < simUndo || m.neverUndoes || m.contested || m.neverProves:
		return 0, nil
	case since < simUndo+simStep:
		return canary / 4, nil
	case since < simUndo+2*simStep:
		return canary / 2, nil
	}
	return canary, nil
}

// state is that of the action.
func (m *sim) state() (state, reason, effect string) {
	since := m.since()
	switch {
	case m.failedAction:
		return "failed", "gateway_refused", ""
	case since < simProof || m.neverProves:
		return "verifying", "acted", ""
	case since < simUndo || m.neverUndoes:
		return "held", "helped", "helped"
	case m.contested:
		return "contested", "contested", "helped"
	case since < simUndo+2*simStep:
		return "undoing", "stepped", "helped"
	}
	return "undone", "restored", "helped"
}

func (m *sim) action() *action {
	if m.since() < 0 {
		return nil
	}
	state, reason, effect := m.state()
	fired, acted := m.fires(), m.fires().Add(simActs)
	entered := map[string]time.Time{
		"verifying": acted, "held": acted.Add(simProof), "undoing": acted.Add(simUndo), "undone": acted.Add(simUndo + 2*simStep),
	}[state]
	a := &action{State: state, Reason: reason, Effect: effect, What: "shift 100% of v2 to v1", Since: &fired, Created: &acted, Acted: &acted, Entered: &entered}
	if state == "undoing" || state == "undone" {
		a.Saved = ptr(960.0)
	}
	return a
}

// within are the events of one SLO in (from, to].
func (m *sim) within(from, to time.Time) counts {
	rate := float64(m.plan.rate)
	total := rate * overlap(from, to, m.began, m.ended, m.now())
	until := m.mended
	if acted := m.fires().Add(simActs); m.since() >= 0 && !m.actsInVain {
		until = acted
	}
	bad := rate * m.plan.badShare() * overlap(from, to, m.broke, until, m.now())
	return counts{good: float64(int(total)) - float64(int(bad)), total: float64(int(total))}
}

// overlap is how much of (from, to] lies in (start, end], in seconds.
func overlap(from, to, start, end, now time.Time) float64 {
	if start.IsZero() {
		return 0
	}
	if end.IsZero() || end.After(now) {
		end = now
	}
	return max(0, min(to.Sub(from), end.Sub(from), to.Sub(start), end.Sub(start)).Seconds())
}

// burn is the rate over a window whose unobserved part counts as good.
func (m *sim) burn(window time.Duration) float64 {
	now := m.now()
	bad := m.within(now.Add(-window), now).bad()
	return bad / (float64(m.plan.rate) * window.Seconds()) / m.plan.budget
}

// paging reports whether a page fires.
func (m *sim) paging() bool {
	broken := !m.broke.IsZero()
	return m.pagesEarly && !m.began.IsZero() || m.neverResolves && broken || m.pages && broken && m.since() < simProof
}

func (m *sim) watch(context.Context) (view, error) {
	if m.blind && !m.began.IsZero() {
		return view{}, errors.New("connection refused")
	}
	now := m.now()
	c := m.within(m.started, now)
	if m.countsNothing {
		c = counts{}
	}
	if !m.ended.IsZero() {
		c.total -= m.lost
	}
	var slos []status
	for _, group := range []map[string]string{{"route": "/cart"}, {"route": "/pay"}} {
		half := counts{c.good / 2, c.total / 2}
		slos = append(slos, m.status("gateway", "availability", group, half, now))
	}
	slos = append(slos, m.status("checkout", "availability", nil, c, now), m.status("checkout", "latency", nil, c, now))
	var held []delivery
	if m.paging() {
		for _, s := range slos {
			held = append(held, delivery{Labels: map[string]string{
				"alertname": "ErrorBudgetBurn", "severity": "critical", "service": s.Service, "slo": s.SLO,
			}})
		}
	}
	v := newView(m.plan.cast, slos, held, now)
	v.action = m.action()
	return v, nil
}

func (m *sim) status(service, name string, group map[string]string, c counts, now time.Time) status {
	left := 1 - c.bad()/(m.plan.budget*float64(m.plan.rate)*86400)
	long, short := m.burn(m.plan.page.long), m.burn(m.plan.heal.long)
	s := status{
		Service: service, SLO: name, Group: group, State: "ok",
		Good: &c.good, Total: &c.total, Remaining: &left,
		Burn: map[string]*float64{"2m": &long, "10s": &short}, LastEvent: &now, UpdatedAt: &now,
	}
	if !m.broke.IsZero() && !m.neverFires && !now.Before(m.fires()) && short > m.plan.heal.factor {
		s.Alerts = append(s.Alerts, alert{Tier: "heal", State: "firing", Since: m.fires()})
	}
	if m.paging() {
		s.Alerts = append(s.Alerts, alert{Severity: "critical", Tier: "page_fast", State: "firing", Since: now})
	}
	return s
}
