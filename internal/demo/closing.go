package demo

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// begin starts the load.
func (s *shop) begin(ctx context.Context) error {
	s.load.start(ctx)
	return nil
}

// breakV2 is the bad release, repairV2 what the team makes of it.
func (s *shop) breakV2()  { s.v2.broken.Store(true) }
func (s *shop) repairV2() { s.v2.broken.Store(false) }

// share is what the gateway gives v2 of the traffic.
func (s *shop) share(context.Context) (float64, error) { return s.pool.share("v2"), nil }

// finish stops the load, waits until every request is answered and counted,
// and pushes the last numbers. What it returns is what the shop served under
// load, by SLO id.
func (s *shop) finish(ctx context.Context) (map[string]counts, error) {
	s.load.stop()
	// The front first: its handlers may count after the client has its answer.
	if err := errors.Join(s.front.close(ctx), s.behind[0].close(ctx), s.behind[1].close(ctx)); err != nil {
		return nil, fmt.Errorf("close the shop's servers: %w", err)
	}
	if err := s.flushUntilTaken(ctx); err != nil {
		return nil, err
	}
	served := s.books.counts()
	for id, before := range s.opened {
		served[id] = served[id].sub(before)
	}
	return served, nil
}

// flushUntilTaken pushes the last numbers until the engine has taken them: it
// may be busy, and there is no later push to make up for this one.
func (s *shop) flushUntilTaken(ctx context.Context) error {
	for {
		err := s.flush(ctx)
		if err == nil {
			return nil
		}
		s.log.Warn("push the last numbers", "error", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("push the last numbers: %w", err)
		case <-time.After(s.plan.poll):
		}
	}
}

// closeTimeout bounds the end of a shop that was left in the middle.
const closeTimeout = 5 * time.Second

// close ends all that is still open and waits for it. Nothing is lost by its
// errors; they are for the log.
func (s *shop) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if s.load != nil {
		s.load.stop()
	}
	if s.cancel != nil {
		s.cancel()
	}
	s.pushes.Wait()
	if s.control != nil {
		s.control.close()
	}
	var errs []error
	if s.front != nil {
		errs = append(errs, s.front.close(ctx))
	}
	for _, server := range s.behind {
		errs = append(errs, server.close(ctx))
	}
	for _, c := range []*checkout{s.v1, s.v2} {
		if c != nil {
			errs = append(errs, c.metrics.close(ctx))
		}
	}
	s.proxied.CloseIdleConnections()
	s.pushed.CloseIdleConnections()
	return errors.Join(errs...)
}
