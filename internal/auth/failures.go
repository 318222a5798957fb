package auth

import (
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// rarely is the least time between two log lines about failed attempts: who
// tries all passwords must not fill the disk.
const rarely = time.Minute

// failures counts what was refused, and says so now and then.
type failures struct {
	logger *slog.Logger
	total  *prometheus.CounterVec
	stale  prometheus.Gauge

	mu     sync.Mutex
	next   time.Time
	missed int
}

func newFailures(logger *slog.Logger, reg prometheus.Registerer) *failures {
	f := &failures{
		logger: logger,
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_auth_failures_total",
			Help: "Requests that were refused, by reason: password, token, header, none (no credentials), role, busy, rate_limit.",
		}, []string{"reason"}),
		stale: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "slo_engine_auth_files_stale",
			Help: "1 while a web configuration, tokens file or certificate that changed cannot be used, and what was known before holds.",
		}),
	}
	for _, r := range reasons {
		f.total.WithLabelValues(string(r))
	}
	if reg != nil {
		reg.MustRegister(f.total, f.stale)
	}
	return f
}

// count takes a refusal. name is who it was, empty if that is not known: what
// somebody typed for a user may be a password.
func (f *failures) count(r *Refusal, name, from string, now time.Time) {
	f.total.WithLabelValues(string(r.reason)).Inc()
	if r.reason == noneGiven || r.reason == tooMany {
		return // a browser before it asks its user; a client that will wait
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Before(f.next) {
		f.missed++
		return
	}
	f.logger.Warn("a request was refused", "reason", string(r.reason), "who", name, "from", from, "more_since_last", f.missed)
	f.next, f.missed = now.Add(rarely), 0
}
