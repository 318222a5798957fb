package history

import (
	"context"
	"fmt"
	"time"
)

// Record appends what a source says, each subject once in an interval, until ctx
// ends; then it returns nil. Where there are many subjects it spreads them over
// the interval: in the middle of each second it appends the next ones, in the
// order of their keys, so that no moment has much to do and a subject's samples
// are an interval apart. Few are all written at whole multiples of the interval.
//
// What fails is logged and counted, and comes again with the next round: history
// never stops the engine.
func (s *Store) Record(ctx context.Context, source Source, interval time.Duration) error {
	if interval <= 0 {
		return fmt.Errorf("record history: interval %s: must be above 0", interval)
	}
	w, told := newSweep(interval), time.Time{}
	// Half a stride late, for what is new is made at the edges.
	now := func() time.Time { return s.options.Now().Add(-w.stride / 2) }
	return record(ctx, w.stride, now, func(at time.Time) {
		if err := s.take(at, source, w); err != nil && at.Sub(told).Abs() >= interval {
			s.options.Logger.Error("history was not written; budgets and alerts are not affected", "error", err)
			told = at
		}
	})
}

// take appends what is due. A source that knows nothing yet ends nothing.
func (s *Store) take(at time.Time, source Source, w *sweep) error {
	view := source()
	if view == nil {
		return nil
	}
	if due := w.due(view, at); len(due) > 0 {
		return s.append(view, due...)
	}
	return nil
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
