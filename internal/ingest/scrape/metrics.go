package scrape

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/prometheus/scrape"
)

type metrics struct {
	counted, dropped prometheus.Counter
	samples          prometheus.Counter
	refused          *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	with := promauto.With(reg)
	scrapes := with.NewCounterVec(prometheus.CounterOpts{
		Name: "slo_engine_scrapes_total",
		Help: "Scrapes that were to be counted, those that failed among them, by result: counted, or dropped because the engine did not take them.",
	}, []string{"result"})
	return &metrics{
		counted: scrapes.WithLabelValues("counted"), dropped: scrapes.WithLabelValues("dropped"),
		samples: with.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_scrape_samples_total",
			Help: "Samples of counted scrapes, those that no SLO looks at among them.",
		}),
		refused: with.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_scrape_refused_points_total",
			Help: "Points of scrapes refused before they reached the engine, by reason.",
		}, []string{"reason"}),
	}
}

// watch counts the targets whenever somebody asks.
func (*metrics) watch(reg prometheus.Registerer, loops *scrape.Manager) {
	reg.MustRegister(targets{prometheus.NewDesc(
		"slo_engine_scrape_targets", "Targets that are scraped, by job and by how their last scrape went: up, down or unknown.",
		[]string{"job", "health"}, nil,
	), loops})
}

// targets is a collector of how many targets are healthy.
type targets struct {
	desc  *prometheus.Desc
	loops *scrape.Manager
}

func (t targets) Describe(ch chan<- *prometheus.Desc) { ch <- t.desc }

func (t targets) Collect(ch chan<- prometheus.Metric) {
	for job, list := range t.loops.TargetsActive() {
		n := map[scrape.TargetHealth]float64{scrape.HealthGood: 0, scrape.HealthBad: 0, scrape.HealthUnknown: 0}
		for _, target := range list {
			n[target.Health()]++
		}
		for health, n := range n {
			ch <- prometheus.MustNewConstMetric(t.desc, prometheus.GaugeValue, n, job, string(health))
		}
	}
}
