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
	// For bounds the whole story; 0 means 3 minutes. A story takes about 80
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
	p, err := newPlan(o.For)
	if err != nil {
		return err
	}
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, o.For, errTimeOver)
	defer cancel()
	engine := newEngine(o.EngineURL)
	defer engine.close()
	if err := engine.awaitReady(ctx, readyPatience); err != nil {
		return err
	}
	shop, err := openShop(ctx, o, p)
	if err != nil {
		return err
	}
	defer func() { logClose(o.Logger, shop.close()) }()
	if err := shop.prime(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNotReady, err)
	}
	lines := &timeline{out: o.Out, color: o.Color, plan: p}
	lines.header(o, shop)
	d := director{plan: p, story: newStory(p, start, time.Now()), stage: shop, watch: engine.look, lines: lines}
	return d.run(ctx)
}

// errTimeOver is why the context of a story ends by itself.
var errTimeOver = errors.New("the demo's time is over")

func logClose(log *slog.Logger, err error) {
	if err != nil {
		log.Warn("close the shop", "error", err)
	}
}
