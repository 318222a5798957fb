package promapi

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// past is the past of one SLO, read a chunk at a time, the newest first. Fields
// before progress belong to the worker that has it; progress and busy are under
// the backend's lock.
type past struct {
	program  *sli.Program
	question *question // nil of a program that selects series

	begun    time.Time     // end of what was missing first
	reached  time.Time     // everything after it was read; zero: nothing was
	longest  time.Duration // of a chunk that the server can answer; 0: not known
	series   int           // of the last chunk
	rounds   int           // chunks that were read
	attempts int           // that failed in a row
	retry    time.Time     // not before it

	progress Progress
	busy     bool
}

// Progress says how far the past of an SLO is read.
type Progress struct {
	// SLO is its id.
	SLO string
	// State is pending, running, done or failed.
	State PastState
	// Share is how much of what was missing has been read, 0 to 1.
	Share float64
	// Reached is how far back it was read; zero before the first chunk.
	Reached time.Time
	// Problem is why it failed, or why it is tried again. Empty: none.
	Problem string
}

// PastState says what becomes of an SLO's past.
type PastState string

// The states of a past.
const (
	PastPending PastState = "pending" // waits for its first poll
	PastRunning PastState = "running"
	PastDone    PastState = "done"
	PastFailed  PastState = "failed" // tried again when SLOs are loaded
)

func (p *past) over() bool { return p.progress.State == PastDone || p.progress.State == PastFailed }

// pastsOf are the pasts of the programs that select or ask for something. What
// was read before for the same is not read again.
func pastsOf(programs []*sli.Program, before []*past) []*past {
	var list []*past
	for _, program := range programs {
		question := questionOf(program)
		if question == nil && len(program.Selectors()) == 0 {
			continue
		}
		one := &past{program: program, question: question, progress: Progress{SLO: program.Spec.ID(), State: PastPending}}
		for _, old := range before {
			if old.program.Spec.ID() == program.Spec.ID() && old.question.equals(question) && old.asksLike(program) {
				one.begun, one.reached, one.longest, one.rounds = old.begun, old.reached, old.longest, old.rounds
			}
		}
		list = append(list, one)
	}
	return list
}

func (p *past) asksLike(program *sli.Program) bool {
	return p.program.Grain() == program.Grain() && slices.EqualFunc(p.program.Selectors(), program.Selectors(),
		func(a, b sli.Selector) bool { return a.String() == b.String() })
}

// pastReaders is how many chunks are read at a time: one is counted while the
// next one is asked for.
const pastReaders = 2

// readPasts reads what is missing of all SLOs.
func (b *Backend) readPasts(ctx context.Context, list []*past) {
	began := b.options.Now()
	var readers sync.WaitGroup
	for range pastReaders {
		readers.Go(func() { b.readMore(ctx, list) })
	}
	readers.Wait()
	if ctx.Err() == nil && len(list) > 0 {
		failed := 0
		for _, p := range list {
			if p.progress.State == PastFailed {
				failed++
			}
		}
		b.options.Logger.Info("the past is read", "slos", len(list), "failed", failed, "took", b.options.Now().Sub(began).Round(time.Millisecond))
	}
}

// readMore reads chunk after chunk until nothing is left to read.
func (b *Backend) readMore(ctx context.Context, list []*past) {
	for ctx.Err() == nil {
		p, left := b.nextPast(list)
		switch {
		case !left:
			return
		case p == nil:
			pause(ctx, idle/4)
			continue
		}
		err := b.readChunk(ctx, p)
		b.mu.Lock()
		p.busy = false
		if ctx.Err() == nil {
			b.note(p, err)
		}
		b.mu.Unlock()
	}
}

// nextPast is the past that is behind the others, so that all have their last
// hours before any has its last month. nil: none can be read now.
func (b *Backend) nextPast(list []*past) (next *past, left bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, pending := b.options.Now(), 0
	for _, p := range list {
		if p.over() {
			continue
		}
		left = true
		pending++
		if p.busy || now.Before(p.retry) || !b.wasPolled(p) {
			continue
		}
		if next == nil || p.rounds < next.rounds {
			next = p
		}
	}
	b.client.metrics.missing.Set(float64(pending))
	if next != nil {
		next.busy, next.progress.State = true, PastRunning
	}
	return next, left
}

// wasPolled reports whether live counting of an SLO has begun, if it ever will:
// that is where its past ends.
func (b *Backend) wasPolled(p *past) bool {
	for _, one := range b.polls {
		if _, found := slices.BinarySearch(one.slos, p.progress.SLO); found {
			return !one.state.succeeded.IsZero()
		}
	}
	return false
}

// errOver says that nothing is left to read.
var errOver = errors.New("nothing is missing")

// note notes how a chunk went.
func (b *Backend) note(p *past, err error) {
	before := p.progress.Problem
	p.progress.Problem = ""
	switch {
	case errors.Is(err, errOver):
		p.progress.State, p.progress.Share = PastDone, 1
		return
	case err == nil:
		p.attempts, p.retry = 0, time.Time{}
		p.progress.Reached = p.reached
		if whole := p.program.Reach(); !p.begun.IsZero() && whole > 0 {
			p.progress.Share = min(1, float64(p.begun.Sub(p.reached))/float64(whole))
		}
		return
	}
	p.attempts++
	p.progress.Problem = err.Error()
	if hopeless(err) || errors.Is(err, sli.ErrKnown) && p.attempts > 3 {
		p.progress.State = PastFailed
		b.options.Logger.Error("the past of an SLO cannot be read", "slo", p.progress.SLO, "error", err)
		return
	}
	wait := min(time.Second<<min(p.attempts, 10), slowest)
	p.retry = b.options.Now().Add(wait/2 + rand.N(wait))
	if before == "" {
		b.options.Logger.Warn("a chunk of the past cannot be read, trying again", "slo", p.progress.SLO, "error", err)
	}
}

// hopeless reports whether the same would happen again.
func hopeless(err error) bool {
	said := (*promv1.Error)(nil)
	return errors.Is(err, sli.ErrOtherEvents) || errors.Is(err, errTooLarge) ||
		errors.As(err, &said) && said.Type == promv1.ErrBadData
}

// readChunk reads the newest chunk that is missing.
func (b *Backend) readChunk(ctx context.Context, p *past) error {
	missing, err := b.options.Engine.Missing(ctx, p.progress.SLO)
	if err != nil {
		return err
	}
	c, ok := b.nextChunk(p, missing)
	if !ok {
		return errOver
	}
	counted, err := b.count(ctx, p, c)
	if errors.Is(err, errTooLarge) && c.To.Sub(c.From) > max(shortestChunk, c.step) {
		p.longest = max(c.To.Sub(c.From)/2, shortestChunk)
		return nil // the half of it, then
	}
	if err != nil {
		return fmt.Errorf("read %s to %s: %w", c.From.UTC().Format(time.RFC3339), c.To.UTC().Format(time.RFC3339), err)
	}
	if err := b.options.Engine.AddPast(ctx, counted); err != nil {
		return err
	}
	p.reached = c.From
	p.rounds++
	return nil
}

func (b *Backend) nextChunk(p *past, missing sli.Missing) (chunk, bool) {
	if p.question != nil {
		return p.askable(missing, b.liveSince(p), b.options.Now())
	}
	return p.chunk(missing, b.options.Now())
}

// count reads a chunk and counts it.
func (b *Backend) count(ctx context.Context, p *past, c chunk) (*sli.Past, error) {
	if p.question != nil {
		return b.askPast(ctx, p, c)
	}
	list, err := b.read(ctx, p, c)
	if err != nil {
		return nil, err
	}
	p.series = len(list)
	recount := sli.NewRecount(p.program, c.Stretch)
	for part := range rounds(inOrder(list)) {
		receipt := recount.Count(batchOf(part, recount.Book().Page()), newestOf(part))
		b.client.metrics.refuse(receipt)
	}
	return recount.Past(b.options.Now()), nil
}
