package alertmanager

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// maxBatch is how many alerts go in one request, as in Prometheus.
const maxBatch = 256

// lane carries alerts to one sender. Its goroutine is the only one that takes
// from the queue, so an alert is never in two requests at a time and a resolve
// cannot be overtaken by the firing it ends.
type lane struct {
	sender   Sender
	queue    *queue
	backoff  backoff
	timeout  time.Duration
	lifetime time.Duration
	now      func() time.Time
	logger   *slog.Logger
	metrics  laneMetrics
}

// push hands the items to the lane; it never blocks.
func (l *lane) push(items []item) {
	l.dropped(l.queue.push(items), "queue is full")
}

// run delivers until soft ends and the queue is empty, or a delivery fails
// after soft has ended. Ending hard ends the request that is under way.
func (l *lane) run(soft, hard context.Context) {
	for {
		batch := l.queue.take(maxBatch)
		if len(batch) == 0 {
			if !l.wait(soft) {
				return
			}
			continue
		}
		undelivered, err := l.deliver(hard, batch)
		l.metrics.queueLength.Set(float64(l.queue.len()))
		if err == nil {
			l.backoff.reset()
			continue
		}
		l.dropped(l.queue.putBack(undelivered), "queue is full")
		// An Alertmanager that is away must not hold up the end of the
		// process: what fires is sent again by the next one.
		if soft.Err() != nil {
			l.logger.Warn("ending with alerts that could not be delivered", "alerts", l.queue.len(), "err", err)
			return
		}
		l.pause(soft, err)
	}
}

// wait blocks until there may be more, and reports false when there will not.
func (l *lane) wait(soft context.Context) bool {
	select {
	case <-l.queue.more:
		return true
	case <-soft.Done():
		return l.queue.len() > 0
	}
}

func (l *lane) pause(soft context.Context, err error) {
	delay := l.backoff.next()
	l.logger.Warn("cannot deliver alerts, will retry", "pending", l.queue.len(), "retry_in", delay, "err", err)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-soft.Done():
	}
}

// deliver sends the batch and returns what should be tried again, with the
// error that calls for it. A batch refused for its content is halved until the
// alert to blame is alone: it hurts only itself.
func (l *lane) deliver(ctx context.Context, batch []item) ([]item, error) {
	err := l.send(ctx, batch)
	var rejection *Rejection
	switch {
	case err == nil:
		return nil, nil
	case !errors.As(err, &rejection):
		return batch, err
	case rejection.Content && len(batch) > 1:
		return l.halve(ctx, batch)
	}
	l.dropped(len(batch), "alertmanager refused", "err", err, "first", batch[0].alert.Labels)
	return nil, nil
}

func (l *lane) halve(ctx context.Context, batch []item) ([]item, error) {
	first, second := batch[:len(batch)/2], batch[len(batch)/2:]
	undelivered, err := l.deliver(ctx, first)
	if err != nil {
		return append(undelivered[:len(undelivered):len(undelivered)], second...), err
	}
	return l.deliver(ctx, second)
}

// send makes one request. The end of what fires is computed only here, so that
// an alert which waited out an outage does not arrive expired.
func (l *lane) send(ctx context.Context, batch []item) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	start := l.now()
	out := make([]Outgoing, len(batch))
	for i, it := range batch {
		out[i] = outgoing(it.alert, start, l.lifetime)
	}
	err := l.sender.Send(ctx, out)
	l.metrics.latency.Observe(l.now().Sub(start).Seconds())
	if err != nil {
		l.metrics.errors.Add(float64(len(batch)))
		return err
	}
	l.metrics.sent.Add(float64(len(batch)))
	return nil
}

// dropped counts and logs alerts that this Alertmanager will not get, unless a
// later resend succeeds.
func (l *lane) dropped(n int, why string, args ...any) {
	l.metrics.queueLength.Set(float64(l.queue.len()))
	if n == 0 {
		return
	}
	l.metrics.dropped.Add(float64(n))
	l.logger.Error("dropped alerts", append([]any{"alerts", n, "reason", why}, args...)...)
}
