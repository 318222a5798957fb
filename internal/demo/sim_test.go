package demo

import (
	"context"
	"errors"
	"time"
)

// sim is a shop and an engine in one, in virtual time: it counts at an even
// rate and applies the rule of page_fast as the engine documents it. Its flags
// are what can go wrong.
type sim struct {
	plan    plan
	now     func() time.Time
	started time.Time

	neverPages, neverDelivers, neverResolves, pagesEarly, countsNothing, blind bool
	lost                                                                       float64 // events the engine missed

	began, broke, mended, ended time.Time
}

func (m *sim) begin(context.Context) { m.began = m.now() }
func (m *sim) breakV2()              { m.broke = m.now() }
func (m *sim) rollBack()             { m.mended = m.now() }

func (m *sim) finish(context.Context) (map[string]counts, error) {
	m.ended = m.now()
	served := make(map[string]counts)
	for _, id := range sloIDs {
		served[id] = m.within(m.started, m.ended)
	}
	return served, nil
}

// within are the events of one SLO in (from, to].
func (m *sim) within(from, to time.Time) counts {
	rate := float64(m.plan.rate)
	total := rate * overlap(from, to, m.began, m.ended, m.now())
	bad := rate * m.plan.badShare() * overlap(from, to, m.broke, m.mended, m.now())
	return counts{good: float64(int(total)) - float64(int(bad)), total: float64(int(total))}
}

// overlap is how much of (from, to] lies in (start, end], in seconds.
func overlap(from, to, start, end, now time.Time) float64 {
	if start.IsZero() {
		return 0
	}
	if end.IsZero() {
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

func (m *sim) pages() bool {
	switch {
	case m.pagesEarly && !m.began.IsZero():
		return true
	case m.neverPages:
		return false
	case m.neverResolves && !m.mended.IsZero():
		return true
	}
	return m.burn(m.plan.page.long) > m.plan.page.factor && m.burn(m.plan.page.short) > m.plan.page.factor
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
	if m.pages() && !m.neverDelivers {
		for _, s := range slos {
			held = append(held, delivery{Labels: map[string]string{
				"alertname": "ErrorBudgetBurn", "severity": "critical", "service": s.Service, "slo": s.SLO,
			}})
		}
	}
	return newView(slos, held, now), nil
}

func (m *sim) status(service, name string, group map[string]string, c counts, now time.Time) status {
	left := 1 - c.bad()/(m.plan.budget*float64(m.plan.rate)*86400)
	long, short := m.burn(m.plan.page.long), m.burn(m.plan.page.short)
	s := status{
		Service: service, SLO: name, Group: group, State: "ok",
		Good: &c.good, Total: &c.total, Remaining: &left,
		Burn: map[string]*float64{"2m": &long, "10s": &short}, LastEvent: &now, UpdatedAt: &now,
	}
	if m.pages() {
		s.Alerts = []alert{{Severity: "critical", Tier: "page_fast", State: "firing"}}
	}
	return s
}
