// Package bench measures the engine beside its peers: real processes on
// loopback, the same bytes to each, in one run. `make bench` prints one table
// and keeps it in docs/performance.md; `go test` runs the same measurements
// tiny, to see that they work.
//
// How to read the table:
//
//   - Only ratios mean something on another machine. Both sides of a ratio come
//     from one run, taken in turns (A B A B); the figure is the least of the
//     repetitions, as other work on the machine can only add, and the spread
//     stands beside it.
//   - Cost is processor time, user and system, of the whole process, collector
//     of garbage and ticks included, as the kernel counts it; never wall time.
//     The sender's is not in it. Requests are encoded before.
//   - A peer does another job: Prometheus and VictoriaMetrics store samples.
//     Like for like is Prometheus with the rules of the same SLOs.
//   - What a process says it took is compared with what was sent. A side that
//     lost a sample fails the run.
//   - A target that is not met says "no". What could not be measured is said in
//     words and has no number.
//
// The engine is used as anyone would: its binary and its public ports. Another
// one is measured with -engine FILE, some rows with -rows REGEXP, a hundred
// thousand SLO instances with -long. It needs Linux; the peers come from
// tools/lab.sh.
package bench
