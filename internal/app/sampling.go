package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/sampling"
)

// openSampling makes who tells Jaeger's clients how much to sample.
func (a *App) openSampling(registry prometheus.Registerer) (err error) {
	cfg := a.begun.Sampling
	a.sampler, err = sampling.New(sampling.Options{
		Rates: sampling.Rates{Default: cfg.Default, Burning: cfg.Burning}, Hold: cfg.Hold, Leases: &a.healer.leases,
		Registerer: registry,
	})
	return err
}

// sample looks each second at what burns, until ctx is done.
func (a *App) sample(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			var open []remediation.Record
			if at := a.healer.at.Load(); at != nil {
				open = at.attention.lately()
			}
			a.sampler.Observe(sampling.Burning(a.remedyView(), open, a.begun.Sampling.PerOperationLabel), now)
		case <-ctx.Done():
			return nil
		}
	}
}
