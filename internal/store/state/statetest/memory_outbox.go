package statetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Lead implements remediation.Store.
func (m *Memory) Lead(_ context.Context, holder string, now time.Time, ttl time.Duration) (remediation.Leadership, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if holder == "" || ttl <= 0 {
		return remediation.Leadership{}, errors.New("lead: no name, or no ttl")
	}
	now = now.UTC().Truncate(time.Microsecond)
	if m.seen != m.lead || now.Before(m.since) {
		m.seen, m.since = m.lead, now
	}
	stale := now.Sub(m.since) >= ttl
	running := m.lead.Holder != "" && now.Before(m.lead.Until)
	own := m.lead.Holder == holder
	if running && !own && !stale {
		l := m.lead
		l.Leads = false
		return l, nil
	}
	if !running || !own {
		m.lead.Epoch++
	}
	m.lead = remediation.Leadership{
		Holder: holder, Leads: true, Epoch: m.lead.Epoch, Until: now.Add(ttl).Truncate(time.Microsecond),
	}
	return m.lead, nil
}

// Resign implements remediation.Store.
func (m *Memory) Resign(_ context.Context, holder string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if holder != "" && m.lead.Holder == holder {
		m.lead = remediation.Leadership{Epoch: m.lead.Epoch}
	}
	return nil
}

// Push implements remediation.Store.
func (m *Memory) Push(_ context.Context, messages ...remediation.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.push(messages)
}

func (m *Memory) push(messages []remediation.Message) error {
	all := slices.Clone(m.messages)
	for _, one := range messages {
		if one.ID == "" || one.To == "" || one.Fate != "" {
			return errors.New("push messages: no id, no receiver, or a fate")
		}
		one.Made, one.Due = one.Made.UTC().Truncate(time.Microsecond), one.Due.UTC().Truncate(time.Microsecond)
		one, err := copied(one)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(o remediation.Message) bool { return o.ID == one.ID }) {
			all = append(all, one)
		}
	}
	m.messages = all
	return nil
}

// Pull implements remediation.Store.
func (m *Memory) Pull(_ context.Context, to string, now time.Time, most int) ([]remediation.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	passed := map[string]bool{}
	var due []remediation.Message
	for _, one := range m.messages {
		if one.To != to || one.Fate != "" || passed[one.Key] {
			continue
		}
		passed[one.Key] = true
		if !one.Due.After(now) && len(due) < most {
			due = append(due, clone(one))
		}
	}
	return due, nil
}

// Settle implements remediation.Store.
func (m *Memory) Settle(_ context.Context, all ...remediation.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, as := range all {
		if as.Fate != "" && as.Fate != remediation.Delivered && as.Fate != remediation.DeadEnd {
			return errors.New("settle messages: a fate is unknown: " + string(as.Fate))
		}
	}
	for _, as := range all {
		for i, one := range m.messages {
			if one.ID == as.ID && one.Fate == "" {
				one.Due, one.Tries, one.Problem, one.Fate = as.Due.UTC().Truncate(time.Microsecond), as.Tries, as.Problem, as.Fate
				m.messages[i] = clone(one)
			}
		}
	}
	return nil
}

// Dead implements remediation.Store.
func (m *Memory) Dead(_ context.Context, most int) ([]remediation.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var dead []remediation.Message
	for _, one := range slices.Backward(m.messages) {
		if one.Fate == remediation.DeadEnd && len(dead) < most {
			dead = append(dead, clone(one))
		}
	}
	return dead, nil
}

// Revive implements remediation.Store.
func (m *Memory) Revive(_ context.Context, now time.Time, ids ...string) (revived int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now = now.UTC().Truncate(time.Microsecond)
	for i, one := range m.messages {
		if one.Fate == remediation.DeadEnd && slices.Contains(ids, one.ID) {
			one.Fate, one.Tries, one.Problem, one.Due, one.Revived = "", 0, "", now, now
			m.messages[i] = clone(one)
			revived++
		}
	}
	return revived, nil
}

// Backlog implements remediation.Store.
func (m *Memory) Backlog(context.Context) ([]remediation.Backlog, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := map[string]*remediation.Backlog{}
	for _, one := range m.messages {
		if one.Fate == remediation.Delivered {
			continue
		}
		if of[one.To] == nil {
			of[one.To] = &remediation.Backlog{To: one.To}
		}
		if one.Fate == "" {
			of[one.To].Waiting++
		} else {
			of[one.To].Dead++
		}
	}
	var all []remediation.Backlog
	for _, to := range slices.Sorted(maps.Keys(of)) {
		all = append(all, *of[to])
	}
	return all, nil
}

// Sweep implements remediation.Store.
func (m *Memory) Sweep(_ context.Context, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, r := range m.records {
		entered := r.Entered
		if entered.IsZero() {
			entered = r.Updated
		}
		if entered.IsZero() {
			entered = r.Created
		}
		if r.State.Over() && entered.Before(before) {
			delete(m.records, id)
		}
	}
	m.messages = slices.DeleteFunc(m.messages, func(one remediation.Message) bool {
		return one.Fate != "" && one.Due.Before(before)
	})
	return nil
}
