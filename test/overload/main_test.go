package overload

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// scale makes the tests larger: 1 is for every day, 10 for `make prove`.
var scale = flag.Int("prove.scale", 1, "how much to send, in units of a short test")

// built is the engine, built once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "slo-engine-overload")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "slo-engine")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/slo-engine")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return path, fmt.Errorf("build the engine: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if path, _ := built(); path != "" {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		os.Exit(code)
	}))
}
