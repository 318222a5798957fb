// Package prom answers as a Prometheus does, so that Grafana and whoever else
// speaks to one can ask the engine: PromQL, series, labels, metadata, rules,
// alerts, remote read and federation.
//
// Queries, formats and errors are those of Prometheus's own web/api/v1 and
// PromQL engine. Our own are only the endpoints that the library ties to parts
// that the engine does not have: rules and alerts come from the engine's
// state, and federation lies in a package of Prometheus that brings its user
// interface along. What a Prometheus also has and the engine does not (writing,
// administration, targets, flags, configuration) is not there.
//
// Nothing a user asks can take the engine with it: an answer has a time limit,
// a query a limit of samples, and only so many run at once, the others wait.
package prom
