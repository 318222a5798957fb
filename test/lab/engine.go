package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Engine is the real binary with its folder and its address, which outlive
// its processes.
type Engine struct {
	Dir  string // of slo-engine.yaml, and of what it names
	Addr string // host:port that it listens on
	URL  string // http://Addr
}

// NewEngine writes files into a folder of the test's. One of them is
// slo-engine.yaml, to which the address is added. Nothing runs before Start.
func NewEngine(tb testing.TB, files map[string]string) *Engine {
	tb.Helper()
	e := &Engine{Dir: tb.TempDir(), Addr: OwnAddress(tb)}
	e.URL = "http://" + e.Addr
	writeFiles(tb, e.Dir, files)
	writeFiles(tb, e.Dir, map[string]string{"slo-engine.yaml": "listen: " + e.Addr + "\n" + files["slo-engine.yaml"]})
	return e
}

// Start starts the engine, waits for its first evaluation, and ends it when
// the test ends.
func (e *Engine) Start(tb testing.TB) *Process {
	tb.Helper()
	path, err := engineBinary()
	if err != nil {
		tb.Fatal(err)
	}
	return Start(tb, Cmd{
		Name: path, Args: []string{"serve", "--config", filepath.Join(e.Dir, "slo-engine.yaml")}, Dir: e.Dir,
		Ready: HTTPReady(e.URL + "/-/ready"),
	})
}

// Command runs another command of the binary in the engine's folder,
// and returns what it wrote to standard output and error, and its exit code.
func (e *Engine) Command(tb testing.TB, args ...string) (output string, code int) {
	tb.Helper()
	path, err := engineBinary()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), path, args...)
	cmd.Dir, cmd.Env = e.Dir, append(os.Environ(), "NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	if exited := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exited) {
		tb.Fatalf("slo-engine %v: %v", args, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// FreeAddress is a loopback address on which nothing listens; who is quick may
// take it before the test does.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	addr, err := freeAddress("127.0.0.1")
	if err != nil {
		tb.Fatal(err)
	}
	return addr
}

// engineFolder holds the binary; empty while nobody has asked for it.
var engineFolder string

// engineBinary builds cmd/slo-engine from the tree, once for the test process.
var engineBinary = sync.OnceValues(func() (path string, err error) {
	root, err := repositoryRoot()
	if err != nil {
		return "", err
	}
	if engineFolder, err = os.MkdirTemp("", "slo-engine"); err != nil {
		return "", fmt.Errorf("build the engine: %w", err)
	}
	path = filepath.Join(engineFolder, "slo-engine")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/slo-engine")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build the engine: %w\n%s", err, out), os.RemoveAll(engineFolder))
	}
	return path, nil
})

// RemoveEngine removes the binary. A TestMain calls it when its tests are
// done; where no engine was started there is nothing to remove.
func RemoveEngine() {
	if engineFolder != "" {
		_ = os.RemoveAll(engineFolder)
	}
}
