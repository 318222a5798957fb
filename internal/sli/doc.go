// Package sli turns samples into increments of good and total events.
//
// Ingest hands it batches of series (Batch); specs are compiled from PromQL
// to selectors once; each series is bound once to the SLO instances that
// count it, and from then on only numbers are compared. Everything a counter
// can do to a reader is decided here and nowhere else: births, resets, gaps,
// stale markers, duplicates, colliding writers.
//
// Where a budget is made of slices of time, events are sorted into slices
// first (slicer), and a slice is one event of the ledger, at its end, once a
// sample after its end has come. What is late changes it, for six hours at
// least. Such an instance is judged up to the end of a slice, so that its
// windows hold whole slices.
//
// What remediation asks about is told apart by the values of a label as well
// (Members), for ten minutes, and only while somebody asks.
//
// The package has no clock and no goroutine. Time is what the samples say,
// and a now that the caller passes in.
package sli
