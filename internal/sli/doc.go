// Package sli turns samples into increments of good and total events.
//
// Ingest hands it batches of series (Batch); specs are compiled from PromQL
// to selectors once; each series is bound once to the SLO instances that
// count it, and from then on only numbers are compared. Everything a counter
// can do to a reader is decided here and nowhere else: births, resets, gaps,
// stale markers, duplicates, colliding writers.
//
// The package has no clock and no goroutine. Time is what the samples say,
// and a now that the caller passes in.
package sli
