package gateways

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/sampling"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Options are what the process gives. The zero value is good for all gateways
// but the engine's own sampling.
type Options struct {
	// Leases are those of the engine's own sampling, BurningShare how much is
	// sampled where a playbook does not say.
	Leases       sampling.Leases
	BurningShare float64
	// Logger: nil is slog.DiscardHandler.
	Logger *slog.Logger
}

// Gateways opens actuators, each once: they may hold connections. It is a
// remediation.Gateways.
type Gateways struct {
	o Options

	mu   sync.Mutex
	open map[key]opened
}

var _ remediation.Gateways = (*Gateways)(nil)

type key struct{ kind, settings string }

type opened struct {
	name string
	actuator.Actuator
}

// New makes one that has opened nothing yet.
func New(o Options) *Gateways {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Gateways{o: o, open: map[key]opened{}}
}

// maxOpen bounds the actuators that are kept: more different settings than
// that are not in any folder of playbooks.
const maxOpen = 1000

// Open implements remediation.Gateways.
func (g *Gateways) Open(kind string, settings json.RawMessage) (name string, a actuator.Actuator, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := key{kind, string(settings)}
	if known, ok := g.open[at]; ok {
		return known.name, known.Actuator, nil
	}
	k, ok := kinds[kind]
	if !ok {
		return "", nil, fmt.Errorf("%q is no gateway that is known", kind)
	}
	if name, a, err = k.open(settings, g.o); err != nil {
		return "", nil, fmt.Errorf("settings of %s: %w", kind, err)
	}
	if len(g.open) < maxOpen {
		g.open[at] = opened{name, a}
	}
	return name, a, nil
}

// Close ends the connections of all of them.
func (g *Gateways) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var errs []error
	for at, o := range g.open {
		if c, ok := o.Actuator.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
		delete(g.open, at)
	}
	return errors.Join(errs...)
}
