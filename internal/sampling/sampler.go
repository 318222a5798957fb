package sampling

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options are what a Sampler goes by.
type Options struct {
	Rates
	// Hold is how long something stays raised after it has burned last.
	Hold time.Duration
	// Leases are those of playbooks; nil: there are none.
	Leases *Leases

	Now        func() time.Time      // nil: time.Now
	Registerer prometheus.Registerer // nil: not registered
}

// Sampler answers who asks how much to sample. Its methods may be called by
// several goroutines, but Observe by one at a time.
type Sampler struct {
	o        Options
	raised   atomic.Pointer[Raised]
	requests *prometheus.CounterVec
}

// The results of requests.
const (
	resultUsual  = "default"
	resultRaised = "raised"
	resultBad    = "bad_request"
)

// New makes a Sampler for which nothing burns.
func New(o Options) (*Sampler, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Leases == nil {
		o.Leases = new(Leases)
	}
	s := &Sampler{o: o, requests: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "slo_engine_sampling_requests_total",
		Help: "Answers to who asks how much to sample, by result: default, raised, bad_request.",
	}, []string{"result"})}
	s.raised.Store(&Raised{})
	for _, result := range []string{resultUsual, resultRaised, resultBad} {
		s.requests.WithLabelValues(result)
	}
	return s, s.register()
}

func (s *Sampler) register() error {
	if s.o.Registerer == nil {
		return nil
	}
	services := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "slo_engine_sampling_raised_services", Help: "Services of which more traces are kept than usually.",
	}, func() float64 { return float64(len(s.strategies())) })
	for _, c := range []prometheus.Collector{s.requests, services} {
		if err := s.o.Registerer.Register(c); err != nil {
			return fmt.Errorf("register sampling metrics: %w", err)
		}
	}
	return nil
}

// Observe takes what burns at a tick. It waits for nobody.
func (s *Sampler) Observe(burning []Key, now time.Time) {
	next := s.raised.Load().Step(burning, now, s.o.Hold)
	s.raised.Store(&next)
}

// strategies are those of the services that are raised now.
func (s *Sampler) strategies() map[string]Strategy {
	return strategies(s.o.Rates, *s.raised.Load(), s.o.Leases.all(s.o.Now()))
}

// Strategy is that of a service now.
func (s *Sampler) Strategy(service string) Strategy {
	if one, raised := s.strategies()[service]; raised {
		return one
	}
	return Strategy{Service: service, Probability: s.o.Default}
}

// ServeHTTP answers GET ?service=S as Jaeger does.
func (s *Sampler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()["service"]
	if len(asked) != 1 || asked[0] == "" {
		s.requests.WithLabelValues(resultBad).Inc()
		http.Error(w, "the parameter service must be there, once", http.StatusBadRequest)
		return
	}
	one := s.Strategy(asked[0])
	result := resultUsual
	if one.Probability > s.o.Default || len(one.Operations) > 0 {
		result = resultRaised
	}
	s.requests.WithLabelValues(result).Inc()
	write(w, answerOf(one))
}

// All answers with the strategies of all services that are raised, and the
// default, as Jaeger and the OpenTelemetry Collector read them from a file.
func (s *Sampler) All() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		all := slices.SortedFunc(maps.Values(s.strategies()), func(a, b Strategy) int { return cmp.Compare(a.Service, b.Service) })
		write(w, fileOf(s.o.Default, all))
	})
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // plain values; who has gone is not told
}
