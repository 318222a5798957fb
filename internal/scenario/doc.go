// Package scenario is the language of `slo-engine test`: a file that says
// what a service sends, on a clock of its own, and what the engine must make
// of it. docs/scenarios.md describes it for those who write them.
//
//	slo availability.yaml
//
//	traffic http_requests_total{job="checkout"} rate 100/s for 30m
//	traffic http_requests_total{job="checkout"} rate 100/s errors 100% for 5m
//
//	at 30m expect no alerts
//	expect fired page_fast between 30m and 31m
//
// A Scenario is played against engine.Core, the very code that serves, so
// what passes here is what happens there. Nothing of it reads a clock or a
// random number: the same file gives the same result, always.
//
// Files are called *.slotest: they lie beside the SLO documents they test, and
// no pattern such as slos/*.yaml takes one for the other.
//
// One file is one scenario. Load finds all problems of a file at once, each
// with its line and column; Play finds all expectations that do not hold.
package scenario
