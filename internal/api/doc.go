// Package api is the engine's HTTP surface: JSON status, the metrics of the
// SLOs and of the engine itself, the life cycle endpoints, and the doors to
// remote write and the embedded Alertmanager.
//
// It reads immutable snapshots and holds no state of its own, so a slow
// reader can never slow the engine. Every label, name and document is taken
// for hostile: it leaves only through a JSON, HTML or metrics encoder.
//
// Requests that change something must come from the same origin and name an
// allowed host; see guard.go. What each route answers is described in
// openapi.yaml, which a test holds against the code.
package api
