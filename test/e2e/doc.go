// Package e2e holds the end-to-end tests: the whole engine on real ports, real
// Prometheus, OpenTelemetry and Alertmanager around it, and nothing but public
// interfaces between them.
package e2e
