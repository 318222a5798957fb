// Package promapi reads SLIs from a server that has the samples already and
// speaks Prometheus's query API: Prometheus, Mimir, Thanos, VictoriaMetrics, and
// Loki for what is written in LogQL.
//
// A Backend has three parts:
//
//   - It polls: the raw samples of every selector since the last time, with
//     their own timestamps, go to the same sink as remote write. What they mean
//     is decided there: births, resets, gaps, samples that came twice.
//   - It asks: for SLOs that are queries, or can only be answered by one, the
//     expressions of every step that is over (question.go, reply.go, ask.go).
//     A step is asked for when the server has had the time to get its samples,
//     and what it answers is handed over as the events of that step.
//   - It reads the past: of stretches of an SLO's window of which nothing is
//     known, the newest first. The values of counters at a step of minutes are
//     enough, for their differences are exact; around resets, and where series
//     come and go, the raw samples are read. Questions are asked again for the
//     steps of the past (asked_past.go). Which stretches are missing is asked of
//     the engine, so nothing needs to be remembered over a restart.
//
// It promises:
//
//   - Never more queries in a second than it was told, evenly spaced, and never
//     more than it was told at a time. Polls go before the past, which gets at
//     least one query in four.
//   - An answer is used whole or not at all: one with warnings is partial, and
//     a series that it lacks would look new when it comes back. Of an answer to
//     a question, single steps whose values cannot be are left out.
//   - A backend that is away, slow or wrong is named, counted and asked again
//     later and later; SLOs of other backends do not notice. What was not seen
//     meanwhile is read when it answers again.
//   - Nothing is counted twice: a stretch of the past ends with the very samples
//     that live counting began from, or with the step before its first.
package promapi
