package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// cpu is the processor time that a process has used, user and system.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	// The name in parentheses may hold spaces; utime and stime are the 14th
	// and 15th fields, in hundredths of a second.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// peer is one process under measurement.
type peer struct {
	name string
	pid  int
	// write is where it takes remote write.
	write string
	begun time.Duration
}

func (p *peer) begin(b *testing.B) { p.begun = cpu(b, p.pid) }

// report says what share of one core the process used, in percent.
func (p *peer) report(b *testing.B, elapsed time.Duration) float64 {
	share := 100 * float64(cpu(b, p.pid)-p.begun) / float64(elapsed)
	b.ReportMetric(share, p.name+"-%core")
	return share
}

// startEngine builds the engine and runs it with these SLOs.
func startEngine(b *testing.B, slos string) *peer {
	b.Helper()
	dir := b.TempDir()
	binary := filepath.Join(dir, "slo-engine")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/slo-engine").CombinedOutput(); err != nil {
		b.Fatalf("build the engine: %v\n%s", err, out)
	}
	addr := freeAddress(b)
	files := map[string]string{
		"slos.yaml":       slos,
		"slo-engine.yaml": "listen: " + addr + "\notlp: {grpc: off, http: off}\nslo_files: [slos.yaml]\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	p := lab.Start(b, lab.Cmd{
		Name: binary, Args: []string{"serve", "--config", filepath.Join(dir, "slo-engine.yaml")}, Dir: dir,
		Ready: lab.HTTPReady("http://" + addr + "/-/ready"),
	})
	return &peer{name: "engine", pid: p.PID(), write: "http://" + addr + "/api/v1/write"}
}
