// Package gated is an engine's release gates for the tests of those who ask them:
// the engine's own Keeper and HTTP face over budgets that a test sets, on a port of
// the kernel. The tests stand in modules of their own, each with a real consumer of
// gates.
package gated
