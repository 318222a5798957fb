// Package slo is the vocabulary of the engine: what a user promises (Spec),
// how much (Objective), over which time (Window), measured how (SLI), and
// what was wrong with a document that tried to say so (Problem).
//
// It holds values and their validation, nothing that runs: no clock, no
// socket, no goroutine. PromQL inside an SLI is carried as text; package
// internal/sli compiles it.
package slo
