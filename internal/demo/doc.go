// Package demo is the shop behind `slo-engine demo`, and the story that is
// told with it: good traffic, a bad release, a page, a rollback, silence.
//
// The shop is real where it touches the engine. Its HTTP servers listen on
// loopback ports of the kernel's choice, its telemetry leaves through the
// OpenTelemetry SDK (OTLP over gRPC and over HTTP) and through Prometheus
// remote write. The engine is a black box to it, known by three addresses:
// every number of the story is read from the engine's public API.
//
// What the story proves, and Run returns an error otherwise:
//
//   - no page before something broke,
//   - a page for every SLO of the demo after it broke, and the same alerts in
//     the engine's Alertmanager,
//   - all of them resolved after the rollback,
//   - and in the end exactly as many good and bad events counted by the engine
//     as the shop served.
//
// Who decides what: story is the state machine, pure, with time as an
// argument; director polls the engine, prints, and does to the shop what
// story asks for; shop owns the servers, the load and the telemetry.
package demo
