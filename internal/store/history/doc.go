// Package history keeps the series of SLOs for a year and more, so that
// people can ask how a budget came to be what it is.
//
// It is an ordinary Prometheus TSDB in a folder: blocks that promtool reads and
// Thanos ships. What it keeps is what /metrics/slo shows: Record gathers those
// families once in an interval and appends them, with stale markers for series
// that are gone, as a scrape would. Live adds the figures of this moment to
// what is stored, so that a query for now does not answer with those of a
// minute ago. The same series can be sent on by Prometheus's own remote write.
//
// What holds:
//
//   - History is a convenience. Budgets and alerts never read it, and nothing
//     that goes wrong here stops them: what cannot be repaired is set aside in
//     the folder "damaged" with a log line, and a new history begins.
//   - An append that returned nil survives the end of the process. A power loss
//     takes at most what the operating system had not written yet.
//   - Memory is bounded by the series of the last append, plus those of the two
//     to three hours that the TSDB keeps in its head.
//   - Counters restart with the engine's counts; PromQL knows resets.
//
// The Store owns its folder from Open to Close. One append runs at a time,
// queries run beside it.
package history
