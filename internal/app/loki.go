package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/slo-engine/slo-engine/internal/audit"
	"github.com/slo-engine/slo-engine/internal/notify/loki"
)

// openMirror makes the mirror of what the engine tells, where the configuration
// names a Loki.
func (a *App) openMirror(registry *prometheus.Registry) (err error) {
	cfg := a.config.Notify.Loki
	if cfg == nil {
		return nil
	}
	a.mirror, err = loki.New(loki.Options{
		URL: cfg.URL.URL.String(), TenantID: cfg.TenantID, HTTP: cfg.HTTPClientConfig, Labels: cfg.Labels,
		BatchWait: cfg.BatchWait, BatchSize: cfg.BatchSize, Timeout: cfg.Timeout,
		Logger: a.log, Registerer: registry,
	})
	return err
}

// mirrorAudit shows it what was written to the audit, as it is there.
func (a *App) mirrorAudit(records []audit.Record) {
	if a.mirror == nil {
		return
	}
	for _, r := range records {
		line, err := json.Marshal(r)
		if err != nil { // it was marshalled before
			line = fmt.Appendf(nil, "%q", err)
		}
		a.mirror.Put(loki.Entry{Time: r.Time, Kind: loki.KindAudit, Line: string(line)})
	}
}

// traceID is that of the engine's own trace of what is being done; empty where
// it makes none.
func traceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		return span.TraceID().String()
	}
	return ""
}
