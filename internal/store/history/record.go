package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Record gathers from a source and appends, at every whole multiple of the
// interval, until ctx ends; then it returns nil. What fails is logged and
// counted, and tried again at the next multiple: history never stops the
// engine. An interval that passes while an append still runs is left out.
func (s *Store) Record(ctx context.Context, source prometheus.Gatherer, interval time.Duration) error {
	if interval <= 0 {
		return fmt.Errorf("record history: interval %s: must be above 0", interval)
	}
	return record(ctx, interval, s.options.Now, func(at time.Time) {
		if err := s.take(at, source); err != nil {
			s.options.Logger.Error("history was not written; budgets and alerts are not affected", "error", err)
		}
	})
}

// take makes one append. What a source could gather counts, even beside an
// error. A source without series has no snapshot yet: that ends nothing.
func (s *Store) take(at time.Time, source prometheus.Gatherer) error {
	families, err := source.Gather()
	if err != nil {
		err = fmt.Errorf("gather: %w", err)
	}
	if empty(families) {
		return err
	}
	return errors.Join(err, s.Append(at, families))
}

func empty(families []*dto.MetricFamily) bool {
	for _, f := range families {
		if len(f.Metric) > 0 {
			return false
		}
	}
	return true
}

// record calls f at whole multiples of the interval.
func record(ctx context.Context, interval time.Duration, now func() time.Time, f func(time.Time)) error {
	timer := time.NewTimer(untilNext(now(), interval))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			t := now()
			f(t.Truncate(interval))
			timer.Reset(untilNext(now(), interval))
		}
	}
}

// untilNext is the time to the next whole multiple of the interval, never 0.
func untilNext(now time.Time, interval time.Duration) time.Duration {
	return now.Truncate(interval).Add(interval).Sub(now)
}
