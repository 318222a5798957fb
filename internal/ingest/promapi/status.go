package promapi

import (
	"slices"
	"time"
)

// Status is what a backend does, at one time. It is nobody's and never changed.
type Status struct {
	// Name and URL say which backend it is; the URL has no password.
	Name, URL string
	// ClockKnown says that ClockAhead was measured: by how much the server's
	// clock is ahead of ours.
	ClockKnown bool
	ClockAhead time.Duration
	// Polls are what is asked again and again.
	Polls []PollStatus
	// Pasts say how far the SLOs' past is read, in the order of their ids.
	Pasts []Progress
}

// PollStatus is one question that is asked again and again.
type PollStatus struct {
	// Selectors, or the expressions of a query, are asked for together, for
	// these SLOs.
	Selectors []string
	SLOs      []string
	// Succeeded is when it was answered last; zero: never.
	Succeeded time.Time
	// Newest is up to when the answers were handed over; zero: nothing was.
	Newest time.Time
	// Series are those of the last answer.
	Series int
	// Problem is why the last one could not be used. Empty: none.
	Problem string
}

// Status is what the backend does now.
func (b *Backend) Status() *Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &Status{Name: b.options.Name, ClockKnown: b.clock.known, ClockAhead: b.clock.ahead}
	if u, err := parseBase(b.options.URL); err == nil {
		u.User = nil
		s.URL = u.String()
	}
	for _, p := range b.polls {
		one := PollStatus{SLOs: slices.Clone(p.slos), Succeeded: p.state.succeeded, Newest: p.state.newest, Series: p.state.series, Problem: p.state.problem}
		for _, selector := range p.selectors {
			one.Selectors = append(one.Selectors, selector.String())
		}
		one.Selectors = append(one.Selectors, p.question.texts()...)
		s.Polls = append(s.Polls, one)
	}
	for _, p := range b.pasts {
		s.Pasts = append(s.Pasts, p.progress)
	}
	return s
}
