// Package otlp receives OpenTelemetry metrics over gRPC and HTTP and hands
// them to the engine as batches of series.
//
// The protocol is spoken by the OpenTelemetry Collector's own receiver,
// embedded through its factory: encodings, compression, status codes and
// retry hints are those that every OTLP exporter already knows. What is ours
// is the translation and the answer:
//
//   - A data point becomes the series that Prometheus would make of it
//     (sli.Series.Labels) and, beside it, the same series under the names its
//     sender used (sli.Series.Raw). Numbers are kept as sent: integers stay
//     integers, deltas stay deltas, and start timestamps go along.
//   - The resource is the target: what starts and stops as one.
//   - A bad point is refused by name and hurts only itself. The receiver has
//     no way to return partial_success (its consumer interface knows only an
//     error), so a request with refused points is answered INVALID_ARGUMENT
//     (HTTP 400), which no exporter repeats, and the message says that the
//     other points were counted.
//   - A request is measured before it is decoded: size, and how deep
//     attributes are nested.
//   - A busy engine answers UNAVAILABLE (HTTP 503) with a delay after which
//     the same request may be sent again.
//
// Traces and logs are not taken: their services answer UNIMPLEMENTED
// (HTTP 404).
package otlp
