package scaler

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

// ask asks the source of a query.
func (s *scaler) ask(ctx context.Context, q Query, from, to time.Time, step time.Duration) (model.Matrix, error) {
	answer, err := s.of.options.Sources[q.Backend].Ask(ctx, Question{
		Query: q.Query, From: from, To: to, Step: step, Lookback: s.of.options.StaleAfter,
	})
	if err != nil {
		err = fmt.Errorf("%s %w", q.Backend, err)
	}
	return answer, err
}

func (s *scaler) askQueue(ctx context.Context, now time.Time) (Reading, error) {
	return s.askNow(ctx, s.Queue.Query, now)
}

// askNow asks what a query is now.
func (s *scaler) askNow(ctx context.Context, q Query, now time.Time) (Reading, error) {
	at := now.Truncate(time.Second)
	answer, err := s.ask(ctx, q, at, at, time.Second)
	if err != nil {
		return Reading{}, err
	}
	points, err := only(answer, q.Backend)
	if err != nil {
		return Reading{}, err
	}
	return lastAt(points, at)
}

// askLoad asks what the load is, or what it will be.
func (s *scaler) askLoad(ctx context.Context, now time.Time) (Reading, error) {
	if s.Load.Ahead == 0 {
		return s.askNow(ctx, s.Load.Query, now)
	}
	from, to, step := over(s.Load.Trend, s.of.options.StaleAfter, now)
	answer, err := s.ask(ctx, s.Load.Query, from, to, step)
	if err != nil {
		return Reading{}, err
	}
	points, err := only(answer, s.Load.Backend)
	if err != nil {
		return Reading{}, err
	}
	if reading, err := lastAt(points, to); err != nil || reading.problem() != "" {
		return reading, err
	}
	return Reading{Value: Predict(points, s.Load.Ahead), At: to}, nil
}

// askGoroutines asks what goroutines and load were like, and looks for leaks.
func (s *scaler) askGoroutines(ctx context.Context, now time.Time) (Reading, error) {
	from, to, step := over(s.Goroutines.For, s.of.options.StaleAfter, now)
	answer, err := s.ask(ctx, s.Goroutines.Query, from, to, step)
	if err != nil {
		return Reading{}, err
	}
	pods, err := podsOf(answer, s.Goroutines.Backend, to)
	if err != nil {
		return Reading{}, err
	}
	answer, err = s.ask(ctx, s.Load.Query, from, to, step)
	if err != nil {
		return Reading{}, fmt.Errorf("load beside it: %w", err)
	}
	load, err := only(answer, s.Load.Backend)
	if err != nil {
		return Reading{}, fmt.Errorf("load beside it: %w", err)
	}
	if _, err := lastAt(load, to); err != nil {
		return Reading{}, fmt.Errorf("load beside it: %w", err)
	}
	s.mu.Lock()
	before := s.leaks
	s.mu.Unlock()
	counted, leaks := s.Goroutines.Look(before, pods, load, to)
	s.suspect(before, leaks)
	return Reading{Value: counted, At: to}, nil
}
