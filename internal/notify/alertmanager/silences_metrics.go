package alertmanager

import (
	"fmt"
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// age is how old what one of them said is, in seconds: infinite before its first
// answer.
func (s *Silences) age(a *asked) float64 {
	said := a.said.Load()
	if said == nil {
		return math.Inf(1)
	}
	return max(0, s.options.Now().Sub(said.at).Seconds())
}

// stale is 1 where what one of them said is too old to be called new.
func (s *Silences) stale(a *asked) float64 {
	if s.age(a) > staleAfter*s.options.Every.Seconds() {
		return 1
	}
	return 0
}

func (s *Silences) register() error {
	if s.options.Registerer == nil {
		return nil
	}
	for _, a := range s.asked {
		name := prometheus.Labels{"alertmanager": a.remote.Name()}
		for _, g := range []prometheus.Collector{
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "slo_engine_silences_stale", ConstLabels: name,
				Help: "1 where the silences of an Alertmanager are not known, or not lately.",
			}, func() float64 { return s.stale(a) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "slo_engine_silences_age_seconds", ConstLabels: name,
				Help: "How long ago an Alertmanager told its silences; infinite before it did.",
			}, func() float64 { return s.age(a) }),
		} {
			if err := s.options.Registerer.Register(g); err != nil {
				return fmt.Errorf("register metrics of silences: %w", err)
			}
		}
	}
	return nil
}
