package actuatortest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
)

// toy is a gateway of two members that keeps every promise there is.
type toy struct {
	mu      sync.Mutex
	clock   time.Time
	weights map[string]int
	version int
	owner   string
	epoch   int64
	first   map[string]int // what it goes back to when until is over
	until   time.Time
	forgets bool // at a restart

	down   bool
	hang   chan struct{}
	before func()
	fault  error
}

func newToy() *toy {
	return &toy{clock: time.Unix(1_000_000, 0), weights: map[string]int{"v1": 50, "v2": 50}, first: map[string]int{"v1": 50, "v2": 50}}
}

func (g *toy) advance(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clock = g.clock.Add(d)
	if !g.until.IsZero() && g.clock.After(g.until) {
		g.weights, g.owner, g.until = maps.Clone(g.first), "", time.Time{}
		g.version++
	}
}

// toyActuator is its adapter.
type toyActuator struct{ g *toy }

func (a toyActuator) Guarantees() actuator.Guarantees {
	return actuator.Guarantees{
		Precondition: actuator.Compare, Expires: true, Survives: !a.g.forgets, Fenced: true,
		Kinds: []actuator.Kind{actuator.Shift, actuator.Eject},
	}
}

func (a toyActuator) call(ctx context.Context) error {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	if a.g.down || ctx.Err() != nil {
		return fmt.Errorf("call the toy: %w", actuator.ErrUnavailable)
	}
	return nil
}

const toyTarget = "checkout"

func (a toyActuator) Read(ctx context.Context, target string) (l actuator.Live, err error) {
	if err := a.call(ctx); err != nil {
		return l, err
	}
	if target != toyTarget {
		return l, fmt.Errorf("read %s: %w", target, actuator.ErrMissing)
	}
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	return actuator.Live{
		Value: value(a.g.weights), Version: fmt.Sprint(a.g.version), Owner: a.g.owner, Members: members(a.g.weights),
	}, nil
}

func (a toyActuator) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	live, err := a.Read(ctx, toyTarget)
	if err != nil {
		return p, err
	}
	var weights map[string]int
	if err := json.Unmarshal(live.Value, &weights); err != nil {
		return p, err
	}
	from, to := action.From, action.To
	share := action.Share
	switch action.Kind {
	case actuator.Eject:
		from, to, share = action.Member, "v1", 1
	case actuator.Shift:
	default:
		return p, fmt.Errorf("plan %s: %w", action.Kind, actuator.ErrUnsupported)
	}
	if _, there := weights[from]; !there {
		return p, fmt.Errorf("plan for %s: %w", from, actuator.ErrMissing)
	}
	moved := int(math.Round(float64(weights[from]) * share))
	weights[from] -= moved
	weights[to] += moved
	return actuator.Plan{
		Target: toyTarget, Before: live, After: value(weights), Members: members(weights),
		Requests: requests(value(weights)), Undo: requests(live.Value),
	}, nil
}

func (a toyActuator) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	live, err := a.Read(ctx, w.Target)
	if err != nil {
		return x, err
	}
	if actuator.Same(live.Value, w.To) {
		return x, nil
	}
	if before := a.g.next(); before != nil {
		before()
	}
	hang, err := a.g.set(w, live.Version)
	if err != nil {
		return x, err
	}
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return x, fmt.Errorf("write: %w", actuator.ErrUncertain)
		}
	}
	return actuator.Exchange{Requests: requests(w.To), Answer: "ok"}, nil
}

func (g *toy) next() func() {
	g.mu.Lock()
	defer g.mu.Unlock()
	do := g.before
	g.before = nil
	return do
}

// set compares and writes.
func (g *toy) set(w actuator.Write, version string) (hang chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.fault != nil:
		return nil, fmt.Errorf("write: %w", g.fault)
	case w.Epoch < g.epoch:
		return nil, fmt.Errorf("write: %w", actuator.ErrFenced)
	case fmt.Sprint(g.version) != version || !actuator.Same(value(g.weights), w.From.Value):
		return nil, fmt.Errorf("write: %w", actuator.ErrConflict)
	}
	var weights map[string]int
	if err := json.Unmarshal(w.To, &weights); err != nil {
		return nil, fmt.Errorf("write: %w", actuator.ErrRefused)
	}
	g.weights, g.owner, g.until, g.epoch = weights, w.Action, w.Until, w.Epoch
	g.version++
	return g.hang, nil
}

func (a toyActuator) Renew(_ context.Context, _, action string, until time.Time) error {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	if a.g.owner != action {
		return fmt.Errorf("renew: %w", actuator.ErrGone)
	}
	a.g.until = until
	return nil
}

func (a toyActuator) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	var f, t map[string]int
	if err := json.Unmarshal(from, &f); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(to, &t); err != nil {
		return nil, err
	}
	moved := int(math.Round(float64(t["v2"]-f["v2"]) * share))
	return value(map[string]int{"v1": f["v1"] - moved, "v2": f["v2"] + moved}), nil
}

func value(weights map[string]int) actuator.Value {
	v, err := actuator.Canonical(weights)
	if err != nil {
		panic(err)
	}
	return v
}

func requests(v actuator.Value) []actuator.Request {
	return []actuator.Request{{Line: "set checkout", Body: string(v)}}
}

func members(weights map[string]int) []actuator.Member {
	sum := float64(weights["v1"] + weights["v2"])
	return []actuator.Member{{Name: "v1", Share: float64(weights["v1"]) / sum}, {Name: "v2", Share: float64(weights["v2"]) / sum}}
}

// gateway are the means to trouble it.
func (g *toy) gateway() *actuatortest.Gateway {
	set := func(do func()) {
		g.mu.Lock()
		defer g.mu.Unlock()
		do()
	}
	return &actuatortest.Gateway{
		Open: func(testing.TB) actuator.Actuator { return toyActuator{g} },
		Look: func(context.Context) (text string, err error) {
			set(func() { text = string(value(g.weights)) })
			return text, nil
		},
		Effect: func(context.Context, actuator.Action) (in bool, err error) {
			set(func() { in = g.weights["v2"] < 50 })
			return in, nil
		},
		Disturb: func(testing.TB, actuator.Action) {
			set(func() { g.weights["v1"], g.owner = 77, ""; g.version++ })
		},
		Restart: func(testing.TB) {
			set(func() {
				if g.forgets {
					g.weights = maps.Clone(g.first)
				}
			})
		},
		Down: func(testing.TB) func() {
			set(func() { g.down = true })
			return func() { set(func() { g.down = false }) }
		},
		Hang: func(testing.TB) func() {
			set(func() { g.hang = make(chan struct{}) })
			return func() { set(func() { close(g.hang); g.hang = nil }) }
		},
		BeforeWrite: func(_ testing.TB, do func()) { set(func() { g.before = do }) },
		Faults: []actuatortest.Fault{{Name: "busy", Want: actuator.ErrUnavailable, Set: func(testing.TB) func() {
			set(func() { g.fault = actuator.ErrUnavailable })
			return func() { set(func() { g.fault = nil }) }
		}}},
		Advance: g.advance,
		Now: func() (now time.Time) {
			set(func() { now = g.clock })
			return now
		},
	}
}

// The suite passes one that keeps all promises, whether it survives or not.
func TestToy(t *testing.T) {
	for name, forgets := range map[string]bool{"survives": false, "forgets": true} {
		t.Run(name, func(t *testing.T) {
			actuatortest.Run(t, actuatortest.Harness{
				Start: func(*testing.T) *actuatortest.Gateway {
					g := newToy()
					g.forgets = forgets
					return g.gateway()
				},
				Actions: []actuator.Action{
					{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5},
					{Kind: actuator.Eject, Member: "v2"},
				},
				Missing: []actuator.Action{{Kind: actuator.Eject, Member: "v3"}},
			})
		})
	}
}
