package promapi

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// poll is what is asked together, because SLOs count it together: good events
// without their total would look like an outage. Fields after selectors belong
// to the worker that has it; state is under the backend's lock.
type poll struct {
	selectors []sli.Selector
	question  *question // instead of selectors; else nil
	slos      []string  // ids, sorted

	due      time.Time
	newest   time.Time        // of the samples that were handed over; zero before the first
	handed   map[string]int64 // by series: time of the newest
	attempts int              // that failed in a row
	strange  int              // answers in a row with none of the series handed over
	halved   int              // how often fewer steps were asked for at once: an answer was too large

	state pollState
}

// pollState is what others may know of a poll.
type pollState struct {
	succeeded time.Time // the last time; zero: never
	series    int       // of the last answer
	problem   string    // empty: none
	newest    time.Time // up to when answers were handed over
	began     time.Time // of a question: what was before it, is the past; zero before the first answer
}

// firstWithin is how soon every new SLO is polled, as far as the queries that
// are allowed suffice.
const firstWithin = 5 * time.Second

func (p *poll) asks(other *poll) bool {
	return p.question.equals(other.question) && slices.EqualFunc(p.selectors, other.selectors, func(a, b sli.Selector) bool { return a.String() == b.String() })
}

// with is the poll for the SLOs of another. What it has handed over stays with
// it: a new SLO begins with the next samples.
func (p *poll) with(other *poll) *poll {
	next := *p
	next.slos, next.question = other.slos, other.question
	return &next
}

// offset spreads polls over an interval.
func (p *poll) offset(interval time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.question.name()))
	for _, s := range p.selectors {
		_, _ = h.Write([]byte(s.String()))
	}
	return time.Duration(h.Sum64() % uint64(interval))
}

// pollAll polls what is due until ctx ends.
func (b *Backend) pollAll(ctx context.Context, q *queue) {
	for ctx.Err() == nil {
		p, ok := q.take(ctx, b.options.Now)
		if !ok {
			return
		}
		began := b.options.Now()
		b.client.metrics.lag.Set(max(0, began.Sub(p.due)).Seconds())
		err := b.answer(ctx, p)
		if ctx.Err() == nil {
			b.polled(p, err)
		}
		p.due = b.next(p, began)
		q.put(p)
	}
}

// next is when a poll is due again: after its interval, or later and later
// while it fails.
func (b *Backend) next(p *poll, began time.Time) time.Time {
	interval := b.options.PollInterval
	if p.attempts > 0 {
		wait := min(interval<<min(p.attempts-1, 10), max(slowest, interval))
		return b.options.Now().Add(wait*3/4 + rand.N(wait/2))
	}
	if p.question != nil {
		return b.nextStep(p)
	}
	next := p.due.Add(interval)
	if next.Before(began) { // too many polls for the queries that are allowed
		next = began.Add(interval)
	}
	return next
}

// slowest is the longest pause after failures.
const slowest = 2 * time.Minute

// polled notes how a poll went, and says when that changes.
func (b *Backend) polled(p *poll, err error) {
	b.mu.Lock()
	before := p.state.problem
	p.state.problem, p.state.newest = "", p.newest
	if err != nil {
		p.attempts++
		p.state.problem = err.Error()
	}
	faulty := errors.Is(err, errFaulty)
	if err == nil || faulty {
		p.attempts = 0
		p.state.succeeded = b.options.Now()
	}
	b.mu.Unlock()
	switch {
	case faulty && before == "":
		b.options.Logger.Warn("some answers cannot be used, going on", "error", err, "slos", some(p.slos))
	case faulty:
	case errors.Is(err, errTooLarge) && len(p.slos) > 1:
		b.lessTogether()
	case err != nil && before == "":
		b.options.Logger.Warn("poll failed, trying again", "error", err, "slos", some(p.slos))
	case err == nil && before != "":
		b.options.Logger.Info("polls work again", "slos", some(p.slos))
	}
}

// some are the first of a list.
func some(list []string) []string { return list[:min(len(list), 5)] }

// How far back a poll looks: the first one far enough to see each series twice,
// and no later one further than what the tracker would refuse or forget.
// A series that is further behind than lateReach is taken for ended.
const (
	firstReach = 5 * time.Minute
	lateReach  = 10 * time.Minute
	mostReach  = time.Hour
)

// answer asks for what is new, of either kind.
func (b *Backend) answer(ctx context.Context, p *poll) error {
	if p.question != nil {
		return b.askOnce(ctx, p)
	}
	return b.pollOnce(ctx, p)
}

// pollOnce asks for what is new and hands it over.
func (b *Backend) pollOnce(ctx context.Context, p *poll) error {
	to := b.options.Now()
	from := p.from(to, b.options.Overlap)
	var list []stream
	for _, s := range p.selectors {
		answer, err := b.client.raw(ctx, polls, s.String(), from, to)
		if err != nil {
			return fmt.Errorf("poll %s: %w", s, err)
		}
		list = append(list, b.client.metrics.streams(answer)...)
	}
	b.mu.Lock()
	p.state.series = len(list)
	b.mu.Unlock()
	if p.stranger(list) {
		b.client.metrics.failed.WithLabelValues("other_series").Inc()
		return errStrange
	}
	if p.newest.IsZero() {
		p.begin(list)
	}
	return b.hand(ctx, p, p.fresh(list, from))
}

// sameTime is how far the first samples of targets may lie apart.
const sameTime = 90 * time.Second

// begin leaves of a first answer the newest sample of each series: what was
// before it is the past, which is counted by who sees all of it. Series that
// ended, and targets that are late, begin when they come again.
func (p *poll) begin(list []stream) {
	newest, sets := int64(0), map[string]int64{}
	for _, s := range list {
		if n := len(s.points); n > 0 {
			sets[s.target] = max(sets[s.target], s.points[n-1].Time)
			newest = max(newest, s.points[n-1].Time)
		}
	}
	for i := range list {
		s := &list[i]
		n := len(s.points)
		if n == 0 {
			continue
		}
		last := s.points[n-1].Time
		if last < sets[s.target]-int64(sameSet) || last < newest-int64(sameTime) {
			p.handed[s.name] = last
			s.points = nil
			continue
		}
		s.points = s.points[n-1:]
	}
}

// sameSet is how far apart the samples of one scrape may lie.
const sameSet = 250 * time.Millisecond

// errStrange says that a server has other series all at once: another server
// answers, or the right one under other labels.
var errStrange = errors.New("the answer has none of the series that were there before: is it the same server?")

// patience is how many such answers in a row are not believed.
const patience = 3

// stranger reports whether an answer should not be believed yet. What is new
// for good is counted from when it was new, for polls look back.
func (p *poll) stranger(list []stream) bool {
	p.strange++
	for _, s := range list {
		if _, known := p.handed[s.name]; known {
			p.strange = 0
		}
	}
	if len(list) == 0 || len(p.handed) == 0 {
		p.strange = 0
	}
	return p.strange > 0 && p.strange <= patience
}

// from is where a poll begins: with the newest sample of the series that is
// furthest behind, for some targets' samples come later than others'.
func (p *poll) from(to time.Time, overlap time.Duration) time.Time {
	if p.newest.IsZero() {
		return to.Add(-firstReach)
	}
	newest := p.newest.UnixNano()
	behind := newest
	for _, last := range p.handed {
		if last > newest-int64(lateReach) {
			behind = min(behind, last)
		}
	}
	from := time.Unix(0, behind).Add(-overlap)
	if limit := to.Add(-mostReach); from.Before(limit) {
		return limit
	}
	return from
}

// fresh are the points that were not handed over yet. Series whose newest
// sample no answer can hold any more are forgotten.
func (p *poll) fresh(list []stream, from time.Time) []moment {
	for i := range list {
		last := p.handed[list[i].name]
		list[i].points = slices.DeleteFunc(list[i].points, func(point sli.Point) bool { return point.Time <= last })
	}
	for series, last := range p.handed {
		if last < from.Add(-mostReach).UnixNano() {
			delete(p.handed, series)
		}
	}
	return inOrder(list)
}

// hand gives points to the sink, in order, and notes what it took.
func (b *Backend) hand(ctx context.Context, p *poll, moments []moment) error {
	for part := range slices.Chunk(moments, 10_000) {
		receipt, err := b.options.Sink.Ingest(ctx, batchOf(part, nil))
		if err != nil {
			if errors.Is(err, ingest.ErrBusy) {
				return fmt.Errorf("hand %d points over: %w", len(part), err)
			}
			return err
		}
		b.client.metrics.refuse(receipt)
		for _, m := range part {
			p.handed[m.stream.name] = m.point.Time
		}
		if newest := newestOf(part); newest.After(p.newest) {
			p.newest = newest
		}
	}
	return nil
}
