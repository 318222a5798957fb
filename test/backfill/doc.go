// Package backfill points the engine at a real Prometheus (and VictoriaMetrics)
// that holds a month of samples, and compares the budgets with the truth, which
// the generator of the samples knows.
package backfill
