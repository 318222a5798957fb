package scaler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// Options are what Scalers are made of.
type Options struct {
	// Specs are the scalers. None: nothing is asked.
	Specs []Spec
	// Sources answer the queries, by the names that these have for them.
	Sources map[string]Source
	// PollInterval is the time between two polls of a scaler. 0: 15 s.
	PollInterval time.Duration
	// StaleAfter is how old what is known may be and still be known; a server is
	// told to look back no further. 0: 2 m.
	StaleAfter time.Duration
	// Snapshot is the engine's newest; it may return nil. nil: there is none.
	Snapshot func() *engine.Snapshot
	// Members are those of a service, for scalers with Ahead. An error: not known.
	// nil: of no service.
	Members func(service string) (Members, error)
	// Watch is told of each leak that is suspected (from now on, or no more). It is
	// called by the pollers, and does not block. nil: nobody is.
	Watch func(scaler string, leak Leak, suspected bool)
	// Logger is told of numbers that are missing, and of leaks. nil: silent.
	Logger *slog.Logger
	// Registerer takes the collectors; nil: they are not registered.
	Registerer prometheus.Registerer
	// Now is the time; nil: time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	o.PollInterval = cmp.Or(o.PollInterval, 15*time.Second)
	o.StaleAfter = cmp.Or(o.StaleAfter, 2*time.Minute)
	if o.Snapshot == nil {
		o.Snapshot = func() *engine.Snapshot { return nil }
	}
	if o.Members == nil {
		o.Members = func(service string) (Members, error) {
			return Members{}, errors.New("nobody tells how many members " + service + " has")
		}
	}
	if o.Watch == nil {
		o.Watch = func(string, Leak, bool) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "scaler")
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Scalers are all that are configured. Their methods may be called by several
// goroutines.
type Scalers struct {
	options Options
	list    []*scaler
	byName  map[string]*scaler
	metrics *metrics
}

// ErrUnknown is the error of a name that no scaler has.
var ErrUnknown = errors.New("there is no such scaler")

// New makes scalers that know nothing yet. It fails for one that asks a source
// that is not there, and for two with one name.
func New(o Options) (*Scalers, error) {
	s := &Scalers{options: o.withDefaults(), byName: map[string]*scaler{}}
	for _, spec := range o.Specs {
		if s.byName[spec.Name] != nil {
			return nil, fmt.Errorf("set up scalers: there are two of the name %q", spec.Name)
		}
		for input, q := range spec.queries() {
			if o.Sources[q.Backend] == nil {
				return nil, fmt.Errorf("set up the scaler %s: its %s asks %q, and there is no such backend", spec.Name, input, q.Backend)
			}
		}
		one := &scaler{Spec: spec, of: s, polled: map[Input]polled{}}
		s.list, s.byName[spec.Name] = append(s.list, one), one
	}
	s.metrics = newMetrics(s)
	return s, nil
}

// Run polls until ctx ends.
func (s *Scalers) Run(ctx context.Context) error {
	var polling sync.WaitGroup
	for i, one := range s.list {
		// One after the other within an interval, so that no server is asked
		// everything at once.
		wait := s.options.PollInterval * time.Duration(i) / time.Duration(len(s.list))
		for input, ask := range one.polls() {
			polling.Go(func() { one.run(ctx, input, ask, wait) })
		}
	}
	polling.Wait()
	<-ctx.Done()
	return nil
}

// Names are those of the scalers, in their order.
func (s *Scalers) Names() []string {
	names := make([]string, len(s.list))
	for i, one := range s.list {
		names[i] = one.Name
	}
	return names
}

// Number is that of a scaler now. The error is ErrUnknown, or a *Missing.
func (s *Scalers) Number(name string) (Number, error) {
	one := s.byName[name]
	if one == nil {
		return Number{}, fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	return one.Count(one.readings(s.options.Now()))
}

// Spec is that of a scaler; nil: there is none of the name. It is not changed.
func (s *Scalers) Spec(name string) *Spec {
	if one := s.byName[name]; one != nil {
		return &one.Spec
	}
	return nil
}
