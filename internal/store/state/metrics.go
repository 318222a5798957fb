package state

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are those of one Store.
type metrics struct {
	seconds *prometheus.HistogramVec
	errors  *prometheus.CounterVec
	held    *prometheus.CounterVec
	retries prometheus.Counter
	rows    *prometheus.GaugeVec
}

func newMetrics() *metrics {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "slo_engine_state_operation_seconds",
			Help:    "Time an operation on the state took, tries and waiting included, by operation.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 3, 10),
		}, []string{"operation"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_state_errors_total",
			Help: "Operations that failed because of the database, by reason.",
		}, []string{"reason"}),
		held: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_state_held_total",
			Help: "Reservations that a limit forbade, by limit.",
		}, []string{"reason"}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_state_retries_total",
			Help: "Times an operation was tried again, because the database was locked or away.",
		}),
		rows: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "slo_engine_state_open_rows",
			Help: "What has not ended, as of this engine's last write: actions, messages that wait, and dead ones.",
		}, []string{"kind"}),
	}
	for _, r := range reasons { // a rate needs a zero to begin from
		m.errors.WithLabelValues(r.name)
	}
	return m
}

func (m *metrics) register(registerer prometheus.Registerer) {
	if registerer != nil {
		registerer.MustRegister(m.seconds, m.errors, m.held, m.retries, m.rows)
	}
}

// done counts an operation. A refusal by rule is no error of the database.
func (m *metrics) done(operation string, took time.Duration, err error) {
	m.seconds.WithLabelValues(operation).Observe(took.Seconds())
	if err == nil {
		return
	}
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			m.errors.WithLabelValues(r.name).Inc()
			return
		}
	}
}

// count reads how much is open when the store is opened.
func (s *Store) count(ctx context.Context) error {
	return s.write(ctx, "count", func(t *tx) error {
		return errors.Join(t.countActions(), t.countMessages())
	})
}

func (t *tx) countActions() error {
	return t.count("actions", "SELECT count(*) FROM slo_actions WHERE is_open")
}

func (t *tx) countMessages() error {
	if err := t.count("messages", "SELECT count(*) FROM slo_messages WHERE fate = ''"); err != nil {
		return err
	}
	return t.count("dead", "SELECT count(*) FROM slo_messages WHERE "+isDead)
}

// count reads how much is open, in a transaction that has changed it.
func (t *tx) count(kind, query string) error {
	var n int64
	if err := t.row(query)(&n); err != nil {
		return err
	}
	t.s.metrics.rows.WithLabelValues(kind).Set(float64(n))
	return nil
}
