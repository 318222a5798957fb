package budget

import (
	"syscall"
	"testing"
	"time"
)

// reportCPU reports what the process spends on one round of a benchmark,
// garbage collection and all: on a busy machine the clock says little.
func reportCPU(b *testing.B) {
	b.Helper()
	before := cpuTime(b)
	b.Cleanup(func() {
		b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
	})
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
