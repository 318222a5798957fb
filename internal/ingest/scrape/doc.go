// Package scrape fetches metrics as a Prometheus does, for users who have none:
// Prometheus's own discovery finds the targets, its own scrape loops read
// them, and what it would store goes to an ingest.Sink instead.
//
// It promises:
//
//   - One scrape is one batch, and a batch is whole: what a target showed at one
//     moment is counted at once, and what is not in it was not there.
//   - What the library appends is handed on: stale markers, up and the scrape_*
//     series among it. Nothing is added. Exemplars are dropped.
//   - Start times are read and native histograms taken, as by a Prometheus with
//     the features created-timestamp-zero-ingestion and native-histograms. A
//     job that does not choose asks for protobuf first, which has both, and for
//     classic histograms beside the native ones: SLOs may name either.
//   - A target that fails, or answers nonsense, costs its own scrape. A scrape
//     that the sink is too busy for is dropped and counted; the next one has the
//     same counters, higher.
//   - Config is applied whole or refused before anything changed.
//
// The library keeps, for each series of a target, a number that the storage
// gives it and gets back with each sample. Here that number is the series' key
// in the engine's book: a series that is known costs one look-up, and nothing
// has to be cleaned away when it ends.
//
// What is global in the library stays so: client-go logs to one place per
// process, the logger of the first Scraper that was made.
package scrape
