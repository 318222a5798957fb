package bench

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/slo-engine/slo-engine/bench/payload"
	"github.com/slo-engine/slo-engine/test/lab"
)

// built is the folder of the engine's binary.
var built string

// binary builds the engine once.
var binary = sync.OnceValues(func() (string, error) {
	if *engineFlag != "" {
		return filepath.Abs(*engineFlag)
	}
	var err error
	if built, err = os.MkdirTemp("", "bench"); err != nil {
		return "", err
	}
	path := filepath.Join(built, "slo-engine")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", path, "../cmd/slo-engine").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the engine: %w\n%s", err, out)
	}
	return path, nil
})

func removeEngine() {
	if built != "" {
		_ = os.RemoveAll(built)
	}
}

// settings are what a measurement wants of an engine.
type settings struct {
	slos string // slos.yaml
	// config is added to slo-engine.yaml.
	config string
	env    []string
	// dir is the engine's folder; empty: one of its own.
	dir string
}

// engine is one that runs.
type engine struct {
	*lab.Process
	url, otlpHTTP, otlpGRPC string
}

// startEngine starts one that is ready, and ends it with the test.
func startEngine(tb testing.TB, s settings) engine {
	tb.Helper()
	path, err := binary()
	if err != nil {
		tb.Fatal(err)
	}
	if s.dir == "" {
		s.dir = tb.TempDir()
	}
	listen, grpc, http := freeAddress(tb), freeAddress(tb), freeAddress(tb)
	writeFile(tb, s.dir, "slos.yaml", s.slos)
	writeFile(tb, s.dir, "slo-engine.yaml", fmt.Sprintf(
		"listen: %s\notlp: {grpc: %s, http: %s}\nslo_files: [slos.yaml]\nlog: {level: error}\n%s", listen, grpc, http, s.config))
	p := lab.Start(tb, lab.Cmd{
		Name: path, Args: []string{"serve", "--config", filepath.Join(s.dir, "slo-engine.yaml")}, Dir: s.dir, Env: s.env,
		Ready: lab.HTTPReady("http://" + listen + "/-/ready"),
	})
	return engine{Process: p, url: "http://" + listen, otlpHTTP: "http://" + http, otlpGRPC: grpc}
}

func writeFile(tb testing.TB, dir, name, text string) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// freeAddress is an address that was free a moment ago.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// spec is an SLO of a fleet: the share of requests that were answered.
type spec struct {
	service, objective string
	// selector is what its series have in common, as PromQL matchers.
	selector string
	// code is the label of the status code; empty: "code".
	code string
	// more is added under spec.
	more string
}

// documents writes SLOs as slos.yaml.
func documents(n int, of func(int) spec) string {
	var text strings.Builder
	for i := range n {
		s := of(i)
		if s.code == "" {
			s.code = "code"
		}
		fmt.Fprintf(&text, `---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: %s
  objective: %s
  window: 30d
  sli: {ratio: {total: '%[4]s{%[3]s}', bad: '%[4]s{%[3]s,%[5]s=~"5.."}'}}
%[6]s`, s.service, s.objective, s.selector, payload.Metric, s.code, s.more)
	}
	return text.String()
}

// byNamespace are SLOs of a namespace each. A steady fleet meets them, so that
// no alert disturbs the measurement.
func byNamespace(i int) spec {
	name := payload.Namespace(i)
	return spec{service: name, objective: "95%", selector: fmt.Sprintf(`namespace="%s"`, name)}
}

// byJob are SLOs of a job each.
func byJob(i int) spec {
	return spec{service: payload.Job(i), objective: "95%", selector: fmt.Sprintf(`job="%s"`, payload.Job(i))}
}

// strictly is the same with an objective that a few errors break.
func strictly(i int) spec {
	s := byJob(i)
	s.objective = "99.9%"
	return s
}
