package promapi

import (
	"context"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Backend polls one server for some SLOs, and reads their past.
type Backend struct {
	options Options
	client  *client
	changed chan struct{} // there are other SLOs

	mu       sync.Mutex
	programs []*sli.Program
	polls    []*poll
	pasts    []*past
	clock    clock
	together int // how many polls that are alike are asked in one query
}

// clock is by how much the server's is ahead of ours.
type clock struct {
	known bool
	ahead time.Duration
}

// New returns a backend without SLOs. It makes no connection yet; it fails for
// a URL that is none and for HTTP settings that contradict each other or name
// files that cannot be read.
func New(o Options) (*Backend, error) {
	o = o.withDefaults()
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	return &Backend{options: o, client: c, changed: make(chan struct{}, 1), together: mostTogether}, nil
}

// Name is what SLOs call the backend.
func (b *Backend) Name() string { return b.options.Name }

// Language is what its server understands.
func (b *Backend) Language() string { return b.options.Language }

// Serve makes the backend serve these SLOs from now on. Those that it served
// before go on where they were. Programs that neither select series nor are
// queries are left out.
func (b *Backend) Serve(programs []*sli.Program) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.programs = programs
	b.replan()
}

func (b *Backend) replan() {
	select {
	case b.changed <- struct{}{}:
	default: // Run will look
	}
}

// lessTogether asks for fewer things at once: an answer was too large.
func (b *Backend) lessTogether() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.together > 1 {
		b.together /= 2
		b.replan()
	}
}

// Run polls and reads the past until ctx ends.
func (b *Backend) Run(ctx context.Context) error {
	defer b.client.close()
	for ctx.Err() == nil {
		b.serve(ctx)
	}
	return nil
}

// serve serves one set of SLOs.
func (b *Backend) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.mu.Lock() // nobody works on polls or pasts now
	b.polls = plan(b.programs, b.polls, b.together, b.options)
	b.pasts = pastsOf(b.programs, b.pasts)
	queue, pasts := newQueue(b.polls), b.pasts
	b.mu.Unlock()
	var workers sync.WaitGroup
	defer workers.Wait()
	for range b.options.Concurrency {
		workers.Go(func() { b.pollAll(ctx, queue) })
	}
	if b.options.Language == slo.PromQL { // others have no way to ask for it
		workers.Go(func() { b.watchClock(ctx) })
	}
	if !b.options.NoPast {
		workers.Go(func() { b.readPasts(ctx, pasts) })
	}
	select {
	case <-b.changed:
		cancel()
	case <-ctx.Done():
	}
}

// Clocks: how often the server's is looked at, and from which difference on
// that is worth a word.
const (
	clockEvery = 5 * time.Minute
	clockRetry = 15 * time.Second
	clockWorth = 10 * time.Second
)

// watchClock measures by how much the server's clock is ahead of ours.
func (b *Backend) watchClock(ctx context.Context) {
	for ctx.Err() == nil {
		ahead, err := b.client.ahead(ctx, b.options.Now)
		if err != nil {
			pause(ctx, clockRetry)
			continue
		}
		b.client.metrics.clock.Set(ahead.Seconds())
		b.mu.Lock()
		before := b.clock
		b.clock = clock{true, ahead}
		b.mu.Unlock()
		if was, is := before.ahead.Abs() >= clockWorth, ahead.Abs() >= clockWorth; was != is {
			b.options.Logger.Warn("clock of the backend against ours", "ahead", ahead.Round(time.Millisecond),
				"note", "samples are counted when our clock reaches them; set both clocks by NTP")
		}
		pause(ctx, clockEvery)
	}
}
