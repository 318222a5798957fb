// Package otlp receives OpenTelemetry metrics, traces and logs over gRPC and
// HTTP. Metrics it hands to the engine as batches of samples and series; spans
// and log records to Events, as the library reads them, and if nobody wants
// them unread.
//
// A request of metrics is read in one of two ways, point by point:
//
//   - A series that is in the sli.Book becomes an sli.Sample straight from the
//     request's bytes. Its key is a hash of the bytes that name it: those of
//     the resource once per resource, of the metric once per metric, and of
//     the point's attributes. Nothing is copied or allocated. Attributes in
//     another order, or written in another way, are another key of the same
//     series.
//   - Everything else is decoded by the OpenTelemetry library and translated
//     in full, with the key under which the engine is to learn the series.
//     That is also how what is rare is read (exponential histograms,
//     summaries, stale histograms, odd encodings): the decoder never answers
//     for the library where they might differ, and they are compared by fuzz.
//
// What the translation promises:
//
//   - A data point becomes the series that Prometheus would make of it
//     (sli.Series.Labels) and, beside it, the same series under the names its
//     sender used (sli.Series.Raw). Numbers are kept as sent: integers stay
//     integers, deltas stay deltas, and start timestamps go along.
//   - The resource is the target: what starts and stops as one.
//   - A bad point is refused by name and hurts only itself.
//   - A request is looked through before the library decodes it: size, wire
//     types, and how deep attributes are nested.
//
// And the answer: a partial success (HTTP 200) where some points were refused,
// INVALID_ARGUMENT (400) where all were or where the request cannot be read,
// which no exporter repeats; UNAVAILABLE (503) with a delay where the engine
// is busy, after which the same request may be sent again. The same holds for
// traces and logs; without Events their services answer UNIMPLEMENTED (404).
// With a Door, senders need the role auth.Ingest: UNAUTHENTICATED (401) or
// PERMISSION_DENIED (403) is said before anything of the request is read.
//
// Two servers listen, one at a time. ReceiverDirect is our own: gzip, zstd or
// nothing over HTTP, gzip, zstd and snappy over gRPC. ReceiverCollector is the
// OpenTelemetry Collector's, for the compressions that only it knows; it
// decodes everything through the library, and having no way to say partial
// success it answers INVALID_ARGUMENT with a text that says that the other
// points were counted. One table of tests holds both to the protocol.
package otlp
