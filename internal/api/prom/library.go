package prom

import (
	"context"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// apiVersion is the version of Prometheus whose API this is. Clients choose
// by it what they ask for.
const apiVersion = "3.4.2"

// Limits of one remote read; the middle one is the library's own default.
const (
	readSamples = 50_000_000
	readFrame   = 1 << 20
)

// library is Prometheus's own API. What stays nil belongs to endpoints that
// routes does not let through. What it knows of targets is only that which it
// is given.
func (h *handler) library(reg prometheus.Registerer, targets v1.TargetRetriever) http.Handler {
	return router(v1.NewAPI(
		h.engine, h.Storage, nil, noExemplars{},
		nil, func(context.Context) v1.TargetRetriever { return targets }, nil,
		func() config.Config { return config.DefaultConfig }, nil, asTheyAre,
		func(f http.HandlerFunc) http.HandlerFunc { return f },
		nil, "", false, h.Logger, nil,
		readSamples, h.MaxConcurrent, readFrame, false, nil, nil,
		&v1.PrometheusVersion{Version: apiVersion, Revision: h.Version, Branch: "slo-engine", GoVersion: runtime.Version()},
		nil, nil, nil, reg, nil, false, nil, false, false, false, false,
	))
}

// asTheyAre keeps the addresses of targets on this machine, which a Prometheus
// would show as the address that it is reached by itself.
var asTheyAre = v1.GlobalURLOptions{ListenAddress: "127.0.0.1:0", Host: "127.0.0.1", Scheme: "http"}

// noExemplars is a storage of exemplars that has none.
type noExemplars struct{}

func (noExemplars) ExemplarQuerier(context.Context) (storage.ExemplarQuerier, error) {
	return noExemplars{}, nil
}

func (noExemplars) Select(int64, int64, ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	return []exemplar.QueryResult{}, nil
}

// described is the one target that the library asks what the metrics are.
type described func() []scrape.MetricMetadata

func (d described) TargetsActive() map[string][]*scrape.Target {
	target := scrape.NewTarget(labels.EmptyLabels(), &config.ScrapeConfig{}, model.LabelSet{}, model.LabelSet{})
	target.SetMetadataStore(metadata(d()))
	return map[string][]*scrape.Target{"slo-engine": {target}}
}

func (described) TargetsDropped() map[string][]*scrape.Target { return nil }
func (described) TargetsDroppedCounts() map[string]int        { return nil }

// noTargets is a list of targets that has none.
type noTargets struct{ described }

func (noTargets) TargetsActive() map[string][]*scrape.Target { return nil }

// metadata is a list as scrape.MetricMetadataStore wants it.
type metadata []scrape.MetricMetadata

func (m metadata) ListMetadata() []scrape.MetricMetadata { return m }
func (m metadata) LengthMetadata() int                   { return len(m) }

func (m metadata) GetMetadata(family string) (scrape.MetricMetadata, bool) {
	for _, one := range m {
		if one.MetricFamily == family {
			return one, true
		}
	}
	return scrape.MetricMetadata{}, false
}

func (m metadata) SizeMetadata() (bytes int) {
	for _, one := range m {
		bytes += len(one.MetricFamily) + len(one.Help) + len(one.Unit)
	}
	return bytes
}
