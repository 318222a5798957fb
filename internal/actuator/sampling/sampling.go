package sampling

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/sampling"
)

// Kind is that of the actions it knows.
const Kind actuator.Kind = "sampling"

// Config is what a playbook says.
type Config struct {
	// Service is whose traces are kept. Empty: the alert's.
	Service string `yaml:"service" json:"service,omitempty"`
	// Operation is that of the service; empty: all of them.
	Operation string `yaml:"operation" json:"operation,omitempty"`
	// Probability is the share that is kept, 0 to 1. 0: that of what burns.
	Probability float64 `yaml:"probability" json:"probability,omitempty"`
}

// Name is the gateway's: there is one.
func (Config) Name() string { return "sampling" }

// Leases are what it changes: *sampling.Leases.
type Leases interface {
	Get(key sampling.Key, now time.Time) sampling.Lease
	Put(key sampling.Key, from float64, to sampling.Lease, now time.Time) bool
	Renew(key sampling.Key, action string, until, now time.Time) bool
}

// Options are what the process gives.
type Options struct {
	Leases Leases
	// Usual is the share where the playbook says none.
	Usual float64
	Now   func() time.Time // nil: time.Now
}

// Actuator is an actuator.Actuator for the engine's own sampling.
type Actuator struct {
	c Config
	o Options
}

var (
	_ actuator.Actuator = (*Actuator)(nil)
	_ actuator.Leaser   = (*Actuator)(nil)
)

// New makes an adapter. The error names each field that is wrong, and what to
// write.
func New(c Config, o Options) (*Actuator, error) {
	var problems []error
	if !(c.Probability >= 0 && c.Probability <= 1) {
		problems = append(problems, fmt.Errorf("probability: %v is not between 0 and 1: write 0.5 for every second trace", c.Probability))
	}
	if strings.Contains(c.Service, " ") {
		problems = append(problems, fmt.Errorf("service: %q has a space in it: write the name of a service", c.Service))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c.Probability = cmp.Or(c.Probability, o.Usual)
	return &Actuator{c, o}, errors.Join(problems...)
}

// Guarantees implements actuator.Actuator.
func (a *Actuator) Guarantees() actuator.Guarantees {
	return actuator.Guarantees{Precondition: actuator.Compare, Expires: true, Kinds: []actuator.Kind{Kind}}
}

// Plan implements actuator.Actuator. The action's event names the service, where
// the playbook does not.
func (a *Actuator) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	if action.Kind != Kind {
		return p, fmt.Errorf("plan %q: %w", action.Kind, actuator.ErrUnsupported)
	}
	var about struct{ Service string }
	if len(action.Event) > 0 {
		if err := json.Unmarshal(action.Event, &about); err != nil {
			return p, fmt.Errorf("plan sampling: %w: the event is not JSON: %w", actuator.ErrRefused, err)
		}
	}
	key := sampling.Key{Service: cmp.Or(a.c.Service, about.Service), Operation: a.c.Operation}
	if key.Service == "" || strings.Contains(key.Service, " ") {
		return p, fmt.Errorf("plan sampling: %w: %q, which playbook or alert name, is no service", actuator.ErrRefused, key.Service)
	}
	p.Target = target(key)
	if p.Before, err = a.Read(ctx, p.Target); err != nil {
		return p, err
	}
	p.After = value(a.c.Probability)
	p.Requests, p.Undo = requests(p.Target, p.After), requests(p.Target, p.Before.Value)
	return p, nil
}

// Read implements actuator.Actuator.
func (a *Actuator) Read(ctx context.Context, target string) (l actuator.Live, err error) {
	if ctx.Err() != nil {
		return l, fmt.Errorf("read %s: %w: %w", target, actuator.ErrUnavailable, ctx.Err())
	}
	held := a.o.Leases.Get(keyOf(target), a.o.Now())
	return actuator.Live{Value: value(held.Probability), Owner: held.Action}, nil
}

// Write implements actuator.Actuator.
func (a *Actuator) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	live, err := a.Read(ctx, w.Target)
	if err != nil {
		return x, err
	}
	from, fromErr := probability(w.From.Value)
	to, toErr := probability(w.To)
	switch {
	case errors.Join(fromErr, toErr) != nil:
		return x, fmt.Errorf("write %s: %w: %w", w.Target, actuator.ErrRefused, errors.Join(fromErr, toErr))
	case actuator.Same(live.Value, w.To):
		return x, nil
	}
	next := sampling.Lease{Probability: to, Action: w.Action, Until: w.Until}
	if !a.o.Leases.Put(keyOf(w.Target), from, next, a.o.Now()) {
		return x, fmt.Errorf("write %s: %w: %s, not %s", w.Target, actuator.ErrConflict, live.Value, w.From.Value)
	}
	return actuator.Exchange{Requests: requests(w.Target, w.To), Answer: "ok"}, nil
}

// Renew implements actuator.Leaser.
func (a *Actuator) Renew(_ context.Context, target, action string, until time.Time) error {
	if !a.o.Leases.Renew(keyOf(target), action, until, a.o.Now()) {
		return fmt.Errorf("renew %s: %w", target, actuator.ErrGone)
	}
	return nil
}

// Between implements actuator.Actuator: a lease is there, or it is not.
func (a *Actuator) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	if share >= 1 {
		return to, nil
	}
	return from, nil
}
