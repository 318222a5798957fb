package sampling_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	adapter "github.com/slo-engine/slo-engine/internal/actuator/sampling"
	"github.com/slo-engine/slo-engine/internal/sampling"
)

// engine is a process with its leases and its clock.
type engine struct {
	mu     sync.Mutex
	leases *sampling.Leases
	clock  time.Time
	before func() // runs once, before a lease is put
}

func (e *engine) now() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.clock
}

func (e *engine) current() *sampling.Leases {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.leases
}

// Get, Put and Renew are those of the leases that are there now.
func (e *engine) Get(key sampling.Key, now time.Time) sampling.Lease {
	return e.current().Get(key, now)
}

func (e *engine) Put(key sampling.Key, from float64, to sampling.Lease, now time.Time) bool {
	e.mu.Lock()
	do := e.before
	e.before = nil
	e.mu.Unlock()
	if do != nil {
		do()
	}
	return e.current().Put(key, from, to, now)
}

func (e *engine) Renew(key sampling.Key, action string, until, now time.Time) bool {
	return e.current().Renew(key, action, until, now)
}

// sampler is what clients ask.
func (e *engine) sampler() *sampling.Sampler {
	s, err := sampling.New(sampling.Options{Rates: sampling.Rates{Default: 0.001, Burning: 0.1}, Leases: e.current(), Now: e.now})
	if err != nil {
		panic(err)
	}
	return s
}

func (e *engine) gateway(c adapter.Config) *actuatortest.Gateway {
	key := sampling.Key{Service: "checkout", Operation: c.Operation}
	return &actuatortest.Gateway{
		Open: func(t testing.TB) actuator.Actuator {
			a, err := adapter.New(c, adapter.Options{Leases: e, Usual: 0.1, Now: e.now})
			if err != nil {
				t.Fatal(err)
			}
			return a
		},
		Look: func(context.Context) (string, error) {
			w := httptest.NewRecorder()
			e.sampler().All().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			return w.Body.String(), nil
		},
		Effect: func(context.Context, actuator.Action) (bool, error) {
			one := e.sampler().Strategy("checkout")
			return one.Probability > 0.001 || len(one.Operations) > 0, nil
		},
		Disturb: func(t testing.TB, _ actuator.Action) {
			leases := e.current()
			if !leases.Put(key, leases.Get(key, e.now()).Probability, sampling.Lease{Probability: 0.77, Action: "somebody"}, e.now()) {
				t.Error("nobody can change it")
			}
		},
		BeforeWrite: func(_ testing.TB, do func()) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.before = do
		},
		Restart: func(testing.TB) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.leases = new(sampling.Leases)
		},
		Advance: func(d time.Duration) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.clock = e.clock.Add(d)
		},
		Now: e.now,
	}
}

func TestConformance(t *testing.T) {
	for name, c := range map[string]adapter.Config{
		"service": {}, "operation": {Service: "checkout", Operation: "POST /pay", Probability: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			actuatortest.Run(t, actuatortest.Harness{
				Start: func(*testing.T) *actuatortest.Gateway {
					e := &engine{leases: new(sampling.Leases), clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
					return e.gateway(c)
				},
				Actions: []actuator.Action{{Kind: adapter.Kind, Event: json.RawMessage(`{"service":"checkout","labels":{"tier":"heal"}}`)}},
			})
		})
	}
}

func TestConfig(t *testing.T) {
	for name, tt := range map[string]struct {
		c    adapter.Config
		want string
	}{
		"above":   {adapter.Config{Probability: 2}, "probability: 2 is not between 0 and 1"},
		"below":   {adapter.Config{Probability: -0.1}, "probability: "},
		"a space": {adapter.Config{Service: "a b"}, `service: "a b" has a space in it`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := adapter.New(tt.c, adapter.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// A plan needs a service, and one that can be asked about.
func TestNoService(t *testing.T) {
	a, err := adapter.New(adapter.Config{}, adapter.Options{Leases: new(sampling.Leases), Usual: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{"", `{}`, `{"service":"a b"}`, `{"service":`} {
		_, err := a.Plan(t.Context(), actuator.Action{Kind: adapter.Kind, Event: json.RawMessage(event)})
		if !errors.Is(err, actuator.ErrRefused) {
			t.Errorf("event %q: %v", event, err)
		}
	}
	if a.Guarantees().Survives || (adapter.Config{}).Name() != "sampling" {
		t.Errorf("guarantees %+v", a.Guarantees())
	}
	_, err = a.Write(t.Context(), actuator.Write{Target: "a", From: actuator.Live{Value: actuator.Absent}, To: actuator.Value(`{"probability":7}`)})
	if !errors.Is(err, actuator.ErrRefused) {
		t.Errorf("seven of one traces: %v", err)
	}
}
