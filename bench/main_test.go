package bench

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/bench/report"
)

var (
	fullFlag   = flag.Bool("full", false, "measure in earnest; otherwise only see that the harness works")
	longFlag   = flag.Bool("long", false, "measure a hundred thousand SLO instances too")
	rowsFlag   = flag.String("rows", ".", "measure only what matches")
	cyclesFlag = flag.Int("cycles", 0, "measure each side so often; 0: three times")
	writeFlag  = flag.String("write", "", "keep the whole table in this file, between its markers")
	engineFlag = flag.String("engine", "", "measure this binary; empty: build it")
)

func TestMain(m *testing.M) {
	flag.Parse()
	sendGzipAsItIs()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		removeEngine()
		os.Exit(code)
	}))
}

// measurements in the order of the table.
var measurements = []struct {
	name string
	run  func(*testing.T, scale) []report.Row
}{
	{"remote-write-1", remoteWrite1},
	{"remote-write-2", remoteWrite2},
	{"otlp-http", otlpHTTP},
	{"otlp-grpc", otlpGRPC},
	{"slo-count", sloCount},
	{"evaluation", evaluation},
	{"hundred-thousand", hundredThousand},
	{"memory", memory},
	{"restart", restart},
	{"latency", latency},
}

// TestTable measures and prints the table.
func TestTable(t *testing.T) {
	size, wanted := tiny, regexp.MustCompile(*rowsFlag)
	switch {
	case *fullFlag:
		size = full
	case testing.Short():
		wanted = regexp.MustCompile("remote-write-1")
	}
	if *cyclesFlag > 0 {
		size.cycles = *cyclesFlag
	}
	var rows []report.Row
	begun := time.Now()
	for _, m := range measurements {
		if wanted.MatchString(m.name) {
			t.Run(m.name, func(t *testing.T) { rows = append(rows, m.run(t, size)...) })
			t.Logf("%s: done after %s", m.name, time.Since(begun).Round(time.Second))
		}
	}
	table := report.Table(rows)
	t.Logf("the table:\n\n%s\n", table)
	if *writeFlag == "" || t.Failed() || *rowsFlag != "." { // half a table is not kept
		return
	}
	if err := report.Insert(*writeFlag, machine()+"\n\n"+table); err != nil {
		t.Fatal(err)
	}
}

// machine says where and with what the figures were taken.
func machine() string {
	return fmt.Sprintf(`Measured in %s on %d cores of an %s with %s: slo-engine %s, %s, Prometheus %s, VictoriaMetrics and
vmalert %s, OpenTelemetry Collector %s.`,
		time.Now().Format("January 2006"), runtime.NumCPU(), processor(), memoryOfMachine(), version(), runtime.Version(),
		labVersion("prometheus"), labVersion("victoria_metrics"), labVersion("otelcol"))
}

// labVersion reads a version from tools/lab.sh.
func labVersion(name string) string {
	text, _ := os.ReadFile(filepath.Join("..", "tools", "lab.sh"))
	found := regexp.MustCompile(`(?m)^version_` + name + `=(\S+)`).FindSubmatch(text)
	if found == nil {
		return "of an unknown version"
	}
	return string(found[1])
}

func version() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil || *engineFlag != "" {
		return "of an unnamed version"
	}
	return strings.TrimSpace(string(out))
}
