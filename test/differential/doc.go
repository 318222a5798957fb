// Package differential holds the engine against a real Prometheus. Both are
// sent the same bytes of remote write; then both are asked.
//
// Three things are compared: the counts and burn rates of every window the
// engine shows with increase() over exactly that window, the moments at which
// alerts begin and end with those of burn-rate rules, and the error ratio of
// thirty days with what two customary rules make of it. The last one writes
// the table of docs/compared-with-rules.md: run with -update to write it anew.
//
// Where the two disagree by design, a test computes by how much and wants
// exactly that. The engine is used from outside only.
package differential
