package engine

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime is what the process has spent, garbage collection and all: on a busy
// machine the clock says little.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
