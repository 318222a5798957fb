package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Options say where the engine is and how the story is told.
type Options struct {
	// EngineURL is the engine's HTTP address, such as http://127.0.0.1:9490.
	EngineURL string
	// OTLPGRPC and OTLPHTTP are the engine's OTLP receivers, each host:port.
	OTLPGRPC, OTLPHTTP string
	// Premises are what the engine was told of before it started. Run closes them.
	Premises *Premises
	// Wrk is the program that makes the traffic where the gateway is a HAProxy.
	Wrk string
	// For bounds the whole story; 0 means 3 minutes. A story takes about 60
	// seconds, the rest is patience for a slow machine.
	For time.Duration
	// Out receives the timeline; nil discards it.
	Out io.Writer
	// Color allows terminal colours in Out.
	Color bool
	// Seed makes the choice of routes and the durations repeatable.
	Seed uint64
	// Logger receives what goes wrong on the way; nil discards it.
	Logger *slog.Logger
}

// defaultFor is the bound where the user gave none.
const defaultFor = 3 * time.Minute

// check fills in what was left out.
func (o Options) check() (Options, error) {
	if o.EngineURL == "" || o.OTLPGRPC == "" || o.OTLPHTTP == "" {
		return o, errors.New("start the demo: the engine's URL and both its OTLP addresses are needed")
	}
	if o.Premises == nil {
		return o, errors.New("start the demo: its premises must be rented before the engine starts")
	}
	if o.Premises.haproxy != "" && o.Wrk == "" {
		return o, errors.New("start the demo: wrk is needed beside HAProxy")
	}
	o.EngineURL = strings.TrimRight(o.EngineURL, "/")
	if o.For == 0 {
		o.For = defaultFor
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "demo")
	return o, nil
}

// readyPatience is how long the engine has to say that it is ready.
const readyPatience = 15 * time.Second

// Run opens the shop, tells the story and closes the shop again. It returns
// nil when the loop closed, and otherwise an error that says what did not
// happen: one of this package's Err values, or the cause of ctx when that was
// cancelled. When it returns, nothing of the shop is left running; that may
// take a few seconds more than For where the engine hangs.
func Run(ctx context.Context, o Options) (err error) {
	o, err = o.check()
	if err != nil {
		return err
	}
	defer o.Premises.Close()
	p, err := newPlan(o.For, o.Premises.cast())
	if err != nil {
		return err
	}
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, o.For, errTimeOver)
	defer cancel()
	engine := newEngine(o.EngineURL, p.cast)
	defer engine.close()
	if err := engine.awaitReady(ctx, readyPatience); err != nil {
		return err
	}
	lines := &timeline{out: o.Out, color: o.Color, plan: p}
	open := openFor
	if o.Premises.haproxy != "" {
		open = openBehindHAProxy
	}
	stage, err := open(ctx, o, p, lines)
	if err != nil {
		return err
	}
	defer func() { logClose(o.Logger, stage.close()) }()
	d := director{plan: p, story: newStory(p, start, time.Now()), stage: stage, watch: engine.look, lines: lines}
	return d.run(ctx)
}

// openFor opens the shop with its own gateway, and says what will happen.
func openFor(ctx context.Context, o Options, p plan, lines *timeline) (stage, error) {
	s, err := openShop(ctx, o, p)
	if err != nil {
		return nil, err
	}
	if err := s.prime(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrNotReady, err), s.close())
	}
	lines.header(o, s)
	return s, nil
}

// openBehindHAProxy does the same behind a real one.
func openBehindHAProxy(ctx context.Context, o Options, p plan, lines *timeline) (stage, error) {
	s, err := openProxied(ctx, o, p)
	if err != nil {
		return nil, err
	}
	if err := s.prime(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrNotReady, err), s.close())
	}
	lines.proxyHeader(o, s)
	return s, nil
}

// errTimeOver is why the context of a story ends by itself.
var errTimeOver = errors.New("the demo's time is over")

func logClose(log *slog.Logger, err error) {
	if err != nil {
		log.Warn("close the shop", "error", err)
	}
}
