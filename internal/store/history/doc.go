// Package history keeps the series of SLOs for a year and more, so that
// people can ask how a budget came to be what it is.
//
// It is an ordinary Prometheus TSDB in a folder: blocks that promtool reads and
// Thanos ships. What it keeps is what a Source says of its subjects, the SLO
// instances: Record reads the newest View, appends a sample of each of their
// series once in an interval, and ends the series that are gone with stale
// markers, as a scrape would. Live adds the figures of this moment to what is
// stored, so that a query for now does not answer with those of a minute ago.
// The same series can be sent on by Prometheus's own remote write.
//
// What it takes is spread over the interval, a stretch of the subjects each
// second (sweep), and is little more than what the TSDB takes itself: the labels
// of a series are made once, and a sample is a reference and a value (book).
// Every sample is dated by the moment of its view, stored or live, so that a
// counter never seems to go back.
//
// What holds:
//
//   - History is a convenience. Budgets and alerts never read it, and nothing
//     that goes wrong here stops them: what cannot be repaired is set aside in
//     the folder "damaged" with a log line, and a new history begins.
//   - An append that returned nil survives the end of the process. A power loss
//     takes at most what the operating system had not written yet.
//   - Memory is bounded by the series that are being kept (Options.MaxSeries),
//     plus those of the two to three hours that the TSDB has in its head.
//   - Counters restart with the engine's counts; PromQL knows resets.
//
// The Store owns its folder from Open to Close. One append runs at a time,
// queries run beside it.
package history
