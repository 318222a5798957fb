// Package sloth reads and writes the documents of Sloth: "prometheus/v1", the
// Kubernetes resource PrometheusServiceLevel, and AlertWindows, which says when
// alerts of a period fire.
//
// A document has no window: Sloth takes one for the whole process from its flag
// --default-slo-period, which is Options.Period here. Its plugins are Go code
// that is not run: warnings name those that make rules, and an SLO whose SLI is
// a plugin's is an error.
package sloth
