package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/ingest/scrape"
)

// openScraper makes who fetches samples from targets. It is there without any
// targets: a reload may bring some.
func (a *App) openScraper(registry *prometheus.Registry) (err error) {
	a.scraper, err = scrape.New(scrape.Options{
		Book: a.engine.Book(), Sink: a.sink(true), Limits: a.config.Limits.Limits,
		Logger: a.log, Registerer: registry,
	})
	return err
}

// scrapeFrom has the targets scraped that a configuration names. It was read
// before; what the library still finds wrong is said, and stops nothing else.
func (a *App) scrapeFrom(cfg *config.Config) {
	if err := a.scraper.Apply(cfg.ScrapeConfigs.Scrapes()); err != nil {
		a.log.Error("not everything is scraped as the new configuration says", "error", err)
	}
}
