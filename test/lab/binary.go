package lab

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// binaries remembers, for the life of the test process, where each server is.
var binaries sync.Map // name → func() (path string, err error)

// Binary returns the path of a server's executable by its name in
// tools/lab.sh, building it first if it is not there.
func Binary(tb testing.TB, name string) string {
	tb.Helper()
	once, _ := binaries.LoadOrStore(name, sync.OnceValues(func() (string, error) { return provide(name) }))
	path, err := once.(func() (string, error))()
	if err != nil {
		tb.Fatalf("provide %s: %v", name, err)
	}
	return path
}

// provide asks tools/lab.sh, which answers "NAME VERSION PATH".
func provide(name string) (string, error) {
	root, err := repositoryRoot()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("bash", filepath.Join(root, "tools", "lab.sh"), name)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run tools/lab.sh: %w\n%s", err, stderr.Bytes())
	}
	fields := strings.SplitN(strings.TrimSpace(string(out)), " ", 3)
	if len(fields) != 3 {
		return "", fmt.Errorf("run tools/lab.sh: unexpected answer %q", out)
	}
	return fields[2], nil
}

// repositoryRoot is the nearest folder above the test's that holds tools/lab.sh.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "tools", "lab.sh")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the repository: no tools/lab.sh in any folder above the test")
		}
		dir = parent
	}
}
