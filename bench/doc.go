// Package bench measures the engine beside its peers: real processes, the same
// bytes to each, in one run. It holds benchmarks only; `make bench` runs them.
package bench
