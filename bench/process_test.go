package bench

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// cpu is the processor time that processes have used together, user and
// system, of all their threads, those that ended too.
func cpu(tb testing.TB, pids ...int) (used time.Duration) {
	tb.Helper()
	for _, pid := range pids {
		d, err := clockOf(pid)
		if err != nil {
			tb.Fatalf("read the processor time of process %d: %v", pid, err)
		}
		used += d
	}
	return used
}

// peakMemory is the most memory that a process has had resident, in bytes.
func peakMemory(tb testing.TB, pid int) float64 { return statusField(tb, pid, "VmHWM") }

// residentMemory is what it has now.
func residentMemory(tb testing.TB, pid int) float64 { return statusField(tb, pid, "VmRSS") }

func statusField(tb testing.TB, pid int, name string) float64 {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		tb.Fatalf("the kernel does not say %s of process %d", name, pid)
	}
	kilobytes, _ := strconv.ParseFloat(string(found[1]), 64)
	return kilobytes * 1024
}

// processor is the name that the machine's processor gives itself.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	found := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(text)
	if found == nil {
		return "unnamed processor"
	}
	return string(found[1])
}

func memoryOfMachine() string {
	text, _ := os.ReadFile("/proc/meminfo")
	found := regexp.MustCompile(`(?m)^MemTotal:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		return "unknown memory"
	}
	kilobytes, _ := strconv.Atoi(string(found[1]))
	return fmt.Sprintf("%d GB", kilobytes>>20)
}

// pause waits: for a time to pass that is part of what is measured.
func pause(d time.Duration) { <-time.After(d) }
