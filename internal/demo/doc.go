// Package demo is the shop behind `slo-engine demo`, and the story that is
// told with it: good traffic, a bad release, an engine that detects it, sends
// the traffic elsewhere, proves that this helps, and takes it back once the
// release is repaired.
//
// The shop is real where it touches the engine. Its HTTP servers listen on
// loopback ports of the kernel's choice, its telemetry leaves through the
// OpenTelemetry SDK (OTLP over gRPC and over HTTP) and through Prometheus
// remote write, and its gateway is controlled by HAProxy's runtime API, as far as
// weights need it. With the path of a haproxy the gateway is a real one, its
// shoppers are wrk, and what it counts itself is scraped. The engine is a black
// box, known by its documents and three addresses: every number of the story is
// read from its public API or from the gateway, and nobody tells it what to do.
//
// What the story proves, and Run returns an error otherwise:
//
//   - no page and no action before something broke,
//   - the heal tier fires after it broke, and the gateway has an action of the
//     engine's: v2 gets no traffic,
//   - the engine sees that this helps, and holds it while v2 is repaired,
//   - it takes it back, and the gateway is as it was before,
//   - what paged all the same is resolved,
//   - and in the end exactly as many good and bad events counted by the engine
//     as were served.
//
// Who decides what: story is the state machine, pure, with time as an
// argument; director polls the engine, prints, and does to the stage what
// story asks for; the stages, shop and proxied, own the servers, the load and
// the telemetry.
package demo
