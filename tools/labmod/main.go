// Command labmod writes the lock (go.mod and go.sum) that a lab server is
// built from.
//
//	go run ./tools/labmod [-local VERSION] DIR MODULE VERSION PACKAGE…
//
// `go install MODULE@VERSION` refuses modules whose go.mod has replace or
// exclude lines. labmod makes a module in DIR that requires the wanted one
// and repeats those lines, so that the server is built from the versions its
// authors tested. Replacements by a local path are left out: the path is not
// there. Where those paths are modules that are published beside the server, as
// Kubernetes publishes its own, -local says in which version. Run it again after
// a change of version, and look at the diff.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	local := flag.String("local", "", "")
	flag.Usage = usage
	flag.Parse()
	args := flag.Args()
	if len(args) < 4 {
		usage()
		os.Exit(64)
	}
	if err := lock(args[0], args[1], args[2], *local, args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "labmod:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: labmod [-local VERSION] DIR MODULE VERSION PACKAGE…")
}

// lock writes DIR/go.mod and DIR/go.sum for the named packages.
func lock(dir, module, version, local string, packages []string) error {
	upstream, err := download(module, version)
	if err != nil {
		return fmt.Errorf("download %s@%s: %w", module, version, err)
	}
	mod, err := parse(upstream.GoMod)
	if err != nil {
		return fmt.Errorf("read %s: %w", upstream.GoMod, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	text := mod.lockFile(filepath.Base(dir), module, version, local)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write go.mod: %w", err)
	}
	if err := os.Remove(filepath.Join(dir, "go.sum")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove old go.sum: %w", err)
	}
	// Loading the packages for a build makes go write what the lock lacks.
	_, err = run(dir, append([]string{"list", "-mod=mod", "-deps"}, packages...)...)
	return err
}

// origin is where the go command keeps a downloaded module.
type origin struct{ GoMod string }

func download(module, version string) (origin, error) {
	// Outside every module, so that no go.mod but the wanted one has a say.
	out, err := run(os.TempDir(), "mod", "download", "-json", module+"@"+version)
	if err != nil {
		return origin{}, err
	}
	var o origin
	err = json.Unmarshal(out, &o)
	return o, err
}

// goMod is the part of `go mod edit -json` that a lock repeats.
type goMod struct {
	Go      string
	Exclude []pin
	Replace []struct{ Old, New pin }
}

// pin is a module and perhaps a version.
type pin struct{ Path, Version string }

func (p pin) String() string { return strings.TrimSpace(p.Path + " " + p.Version) }

func parse(file string) (goMod, error) {
	out, err := run(".", "mod", "edit", "-json", file)
	if err != nil {
		return goMod{}, err
	}
	var m goMod
	err = json.Unmarshal(out, &m)
	return m, err
}

// lockFile is the text of the lock's go.mod. local is the version of what is
// replaced by a path; empty: those lines are left out.
func (m goMod) lockFile(name, module, version, local string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "module lab/%s\n\ngo %s\n\nrequire %s %s\n", name, m.Go, module, version)
	for _, r := range m.Replace {
		if r.New.Version == "" {
			r.New = pin{r.Old.Path, local}
		}
		if r.New.Version != "" {
			fmt.Fprintf(&b, "\nreplace %s => %s\n", r.Old, r.New)
		}
	}
	for _, e := range m.Exclude {
		fmt.Fprintf(&b, "\nexclude %s\n", e)
	}
	return b.String()
}

// run runs the go command in dir and returns what it printed.
func run(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}
