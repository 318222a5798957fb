package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const upstream = `module example.com/server

go 1.25.0

replace (
	example.com/a => example.com/fork v1.2.3
	example.com/b v1.0.0 => example.com/b v1.0.1
	example.com/local => ./local
)

exclude example.com/c v0.9.0
`

const wantLock = `module lab/server

go 1.25.0

require example.com/server v1.0.0

replace example.com/a => example.com/fork v1.2.3

replace example.com/b v1.0.0 => example.com/b v1.0.1

exclude example.com/c v0.9.0
`

// A lock repeats what its authors replaced and excluded, except local paths.
func TestLockRepeatsUpstream(t *testing.T) {
	file := filepath.Join(t.TempDir(), "go.mod")
	if err := os.WriteFile(file, []byte(upstream), 0o644); err != nil {
		t.Fatal(err)
	}
	mod, err := parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := mod.lockFile("server", "example.com/server", "v1.0.0", ""); got != wantLock {
		t.Errorf("the lock is\n%s\nwant\n%s", got, wantLock)
	}
	// Local paths that are published beside the server have a version.
	const published = "\nreplace example.com/local => example.com/local v0.2.0\n"
	if got := mod.lockFile("server", "example.com/server", "v1.0.0", "v0.2.0"); !strings.Contains(got, published) {
		t.Errorf("the lock is\n%s\nwithout%s", got, published)
	}
}
