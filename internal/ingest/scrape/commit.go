package scrape

import (
	"context"
	"time"
)

// patience bounds how long a scrape waits to be counted; the next one of its
// target waits meanwhile.
const patience = 10 * time.Second

// Commit hands the scrape to the sink. What was cut short by a stop looks like
// a target that is down, and is not handed on.
func (s *appender) Commit() error {
	defer s.end()
	if s.ctx.Err() != nil {
		return nil
	}
	if err := s.hand(); err != nil {
		s.metrics.dropped.Inc()
		return err
	}
	s.metrics.counted.Inc()
	s.metrics.samples.Add(float64(s.samples))
	return nil
}

func (s *appender) hand() error {
	if len(s.batch.Series)+len(s.batch.Samples) == 0 {
		return nil // there is nothing to be answerable for
	}
	for i := range s.batch.Series { // now that the points do not move any more
		s.batch.Series[i].Points = s.points[i : i+1 : i+1]
	}
	s.batch.Whole = true
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	_, err := s.sink.Ingest(ctx, &s.batch)
	return err
}

// Rollback forgets the scrape.
func (s *appender) Rollback() error {
	s.end()
	return nil
}
