// Package remotewrite receives Prometheus remote write, 1.0 and 2.0, and
// hands what it carries to an ingest.Sink.
//
// It promises:
//
//   - One request is one call of the sink, and its answer is the sink's: 2xx
//     only after the sink took every point that was not refused.
//   - A bad series or point hurts only itself. It is refused with a reason,
//     the rest of the request is handed on, and the answer (400) says both.
//   - 4xx means that sending the same request again cannot help, 5xx that it
//     may.
//   - No memory is spent on a request beyond its limits: they are checked
//     against what the bytes declare, before it is allocated.
//   - Of a pair of Prometheus replicas, one is heard; see HAOptions.
//
// A batch is lent: its label slices and points are reused for later requests
// once the sink has returned. Label strings and histograms are not reused, so
// a copy of a label slice is a safe copy.
//
// With a Book, a series is read once. After that the bytes that name it are
// its key, and its points are handed on as samples of a known series, or only
// counted where no SLO looks at them (known.go). What a request means does not
// depend on what is known; a spelling that is not in the book is read.
//
// Both messages are read straight from their bytes (see message), because the
// generated types drop what they do not know: the start timestamp that newer
// senders put into each sample.
package remotewrite
