package bench

import (
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// threadClock is the processor time of the calling thread.
const threadClock = 3

// clockOf reads a process's clock of processor time. Its number is made from
// the process's, as the kernel's posix-timers do it, and it ticks in
// nanoseconds where /proc ticks in hundredths.
func clockOf(pid int) (time.Duration, error) { return clock(uintptr(^uint32(pid)<<3 | 2)) }

func clock(id uintptr) (time.Duration, error) {
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		return 0, errno
	}
	return time.Duration(t.Nano()), nil
}

// Both clocks must be the ones that the kernel charges processes with.
func TestClocks(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	rusage := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			t.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	before, process, inThread := rusage(), cpu(t, os.Getpid()), thread(t)
	for thread(t) < inThread+200*time.Millisecond { // burn
	}
	used, took := rusage()-before, cpu(t, os.Getpid())-process
	if off := (took - used).Abs(); off > 50*time.Millisecond || took < 200*time.Millisecond {
		t.Errorf("burnt 200ms: the process's clock says %s, the kernel charged %s", took, used)
	}
}
