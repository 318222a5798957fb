package journal

import "github.com/prometheus/client_golang/prometheus"

// ops are the values of the label of slo_engine_journal_errors_total.
var ops = []string{"create", "write", "sync", "close", "truncate", "queue", "snapshot", "remove"}

// metrics are those of one Journal.
type metrics struct {
	healthy         prometheus.Gauge
	errors          *prometheus.CounterVec
	bytes           prometheus.Counter
	records         prometheus.Counter
	lost            prometheus.Counter
	refused         prometheus.Counter
	stalls          prometheus.Counter
	fsync           prometheus.Histogram
	snapshotSeconds prometheus.Gauge
	snapshotBytes   prometheus.Gauge
}

func newMetrics(registerer prometheus.Registerer, j *Journal) *metrics {
	m := &metrics{
		healthy: gauge("healthy", "1 while all that is acknowledged is kept; 0 from a failure until a snapshot after it."),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_journal_errors_total",
			Help: "Failed operations on the journal's files, by operation.",
		}, []string{"op"}),
		bytes:   counter("bytes_total", "Bytes written to the log."),
		records: counter("records_total", "Records written to the log."),
		lost:    counter("lost_records_total", "Records that are not in the log, because the journal had failed."),
		refused: counter("refused_records_total", "Records refused because too much was waiting to be written."),
		stalls:  counter("stalls_total", "Times the disk took so long that nobody waited for it any more."),
		fsync: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "slo_engine_journal_fsync_seconds",
			Help:    "Time one fsync of the log took.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9),
		}),
		snapshotSeconds: gauge("snapshot_seconds", "Time the newest snapshot took to be written."),
		snapshotBytes:   gauge("snapshot_bytes", "Size of the newest snapshot."),
	}
	for _, op := range ops { // a rate needs a zero to begin from
		m.errors.WithLabelValues(op)
	}
	if registerer != nil {
		registerer.MustRegister(m.healthy, m.errors, m.bytes, m.records, m.lost, m.refused, m.stalls,
			m.fsync, m.snapshotSeconds, m.snapshotBytes)
		registerer.MustRegister(readings(j)...)
	}
	return m
}

// readings are the gauges that are asked for when somebody looks.
func readings(j *Journal) []prometheus.Collector {
	reading := func(name, help string, read func(Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "slo_engine_journal_" + name, Help: help},
			func() float64 { return read(j.Stats()) })
	}
	return []prometheus.Collector{
		reading("segments", "Segments of the log.", func(s Stats) float64 { return float64(s.Segments) }),
		reading("queue_bytes", "Bytes waiting to be written.", func(s Stats) float64 { return float64(s.QueueBytes) }),
		reading("unsnapshotted_bytes", "Bytes of the log since the newest snapshot: what a restart would replay.",
			func(s Stats) float64 { return float64(s.BytesSinceSnapshot) }),
		reading("last_snapshot_timestamp_seconds", "When the newest snapshot was written; 0 if there is none.",
			func(s Stats) float64 {
				if s.LastSnapshot.IsZero() {
					return 0
				}
				return float64(s.LastSnapshot.UnixNano()) / 1e9
			}),
	}
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: "slo_engine_journal_" + name, Help: help})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "slo_engine_journal_" + name, Help: help})
}
