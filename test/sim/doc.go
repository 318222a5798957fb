// Package sim holds the tests that let the engine live through years on a
// clock of their own: random services with traffic, incidents, restarts and
// gaps, counted and judged by engine.Core and, beside it, by test/oracle and
// its referee, which share no code with it.
//
//	go test ./test/sim                     a few hundred scenario-hours
//	go test ./test/sim -prove.scale=50     10,000 of them, and a million probes
//
// PROVE_SCALE in the environment does the same; under the race detector the
// default is a twentieth. What fails prints the command
// that repeats it alone.
package sim
