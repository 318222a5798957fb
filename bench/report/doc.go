// Package report turns measurements into the table that bench prints: what was
// measured, what was wanted, ours, the peer's, the ratio, and whether that is
// enough. A figure that could not be had is said in words, never as a number.
package report
