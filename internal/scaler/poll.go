package scaler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// scaler is one, and what was polled for it.
type scaler struct {
	Spec
	of *Scalers

	mu     sync.Mutex
	polled map[Input]polled
	leaks  map[string]Leak // by pod
	lacked string          // what was missing after the last poll
}

// polled is what is known of an input from its polls.
type polled struct {
	// reading is the last that was one.
	reading Reading
	// problem is what was wrong since; empty: nothing.
	problem string
}

// errUnusable is an answer that says that what was known is known no more.
var errUnusable = errors.New("its answer is no number")

// poll is how an input is asked for.
type poll func(context.Context, time.Time) (Reading, error)

// polls are those of the inputs that are asked for.
func (s *scaler) polls() map[Input]poll {
	list := map[Input]poll{}
	if s.Queue != nil {
		list[InputQueue] = s.askQueue
	}
	if s.Load != nil {
		list[InputLoad] = s.askLoad
	}
	if s.Goroutines != nil {
		list[InputGoroutines] = s.askGoroutines
	}
	return list
}

// run polls one input until ctx ends, for the first time after a while. Each has a
// run of its own: one that is slow does not keep the others.
func (s *scaler) run(ctx context.Context, input Input, ask poll, wait time.Duration) {
	first := time.NewTimer(wait)
	defer first.Stop()
	select {
	case <-first.C:
	case <-ctx.Done():
		return
	}
	tick := time.NewTicker(s.of.options.PollInterval)
	defer tick.Stop()
	for {
		if s.keep(ctx, input, ask); ctx.Err() == nil {
			s.tell()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// keep keeps what an input is found to be, or what is wrong with it.
func (s *scaler) keep(ctx context.Context, input Input, ask poll) {
	reading, err := ask(ctx, s.of.options.Now())
	if ctx.Err() != nil {
		return // it was given up, and nothing is wrong
	}
	if why := reading.problem(); err == nil && why != "" {
		err = fmt.Errorf("%w: it %s", errUnusable, why)
	}
	s.of.metrics.polled(s.Name, input, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.polled[input]
	switch {
	case err == nil:
		before = polled{reading: reading}
	case errors.Is(err, errUnusable):
		before = polled{problem: err.Error()}
	default:
		before.problem = err.Error()
	}
	s.polled[input] = before
}

// suspect keeps what is suspected from now on, and tells what is new.
func (s *scaler) suspect(before, leaks map[string]Leak) {
	s.mu.Lock()
	s.leaks = leaks
	s.mu.Unlock()
	s.announce(leaks, before, true)
	s.announce(before, leaks, false)
}

// announce tells of the leaks that are not among the others.
func (s *scaler) announce(leaks, others map[string]Leak, suspected bool) {
	for _, leak := range sorted(leaks) {
		if _, known := others[leak.Pod]; known {
			continue
		}
		words := "suspect a goroutine leak: more replicas would hide it"
		if !suspected {
			words = "suspect no goroutine leak any more"
		}
		s.of.options.Logger.Warn(words, "scaler", s.Name, "service", s.Service, "pod", leak.Pod,
			"per_minute", leak.PerMinute, "goroutines", leak.Goroutines, "explained", leak.Counted)
		s.of.options.Watch(s.Name, leak, suspected)
	}
}

// tell says when a number begins to be missing, and when it is back.
func (s *scaler) tell() {
	_, err := s.Count(s.readings(s.of.options.Now()))
	lacked := ""
	if missing := (*Missing)(nil); errors.As(err, &missing) {
		for _, l := range missing.Lacks {
			if l.Why == notAsked {
				return // it has just begun
			}
			lacked += string(l.Input) + " "
		}
	}
	s.mu.Lock()
	before := s.lacked
	s.lacked = lacked
	s.mu.Unlock()
	switch {
	case lacked == before:
	case lacked == "":
		s.of.options.Logger.Info("have a number again", "scaler", s.Name)
	default:
		s.of.options.Logger.Warn("have no number: autoscalers are told so", "scaler", s.Name, "error", err)
	}
}

// readings is what is known of the inputs at a time.
func (s *scaler) readings(now time.Time) map[Input]Reading {
	stale := s.of.options.StaleAfter
	s.mu.Lock()
	known := maps.Clone(s.polled)
	s.mu.Unlock()
	list := make(map[Input]Reading, len(known)+2)
	for input, p := range known {
		list[input] = p.at(now, stale)
	}
	if s.Burn != nil {
		list[InputBurn] = s.burnOf(s.of.options.Snapshot(), now, stale)
	}
	if s.Ahead {
		list[InputMembers] = s.members(now)
	}
	return list
}

// at is what is known at a time.
func (p polled) at(now time.Time, stale time.Duration) Reading {
	age := now.Sub(p.reading.At)
	switch {
	case !p.reading.At.IsZero() && age <= stale:
		return p.reading
	case p.problem != "":
		return Reading{Problem: p.problem}
	case p.reading.At.IsZero():
		return Reading{}
	}
	return unknown("was known last %s ago", age.Round(time.Second))
}

// members is how many times more the members that are left have to do.
func (s *scaler) members(now time.Time) Reading {
	m, err := s.of.options.Members(s.Service)
	if err != nil {
		return unknown("%v", err)
	}
	factor, problem := m.share()
	return Reading{Value: factor, At: now, Problem: problem}
}
