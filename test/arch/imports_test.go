package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/slo-engine/slo-engine/"

// pkg is what `go list` says about one package of this module.
type pkg struct {
	ImportPath, Doc                    string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

// name is the import path without the module's.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

// packages lists the module's packages.
func packages(t *testing.T) []pkg {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	return all
}

// listed runs `go list` once. A package that does not compile is listed too.
var listed = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Doc,GoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

// matches says whether a name is what a pattern means: itself, or with "/..."
// all below it too.
func matches(pattern, name string) bool {
	if pattern == everything {
		return true
	}
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return within(folder, name)
	}
	return pattern == name
}

func within(folder, name string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// rowOf finds the most exact row for a package: its own, or the longest pattern.
func rowOf(name string) (best row, found bool) {
	for _, r := range rows {
		if r.from == name {
			return r, true
		}
		if matches(r.from, name) && len(r.from) > len(best.from) {
			best, found = r, true
		}
	}
	return best, found
}

func TestArrowsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		from := p.name()
		r, ok := rowOf(from)
		if !ok {
			t.Errorf("%s is new: add a row for it to test/arch/rules_test.go, with the reason of each import", from)
			continue
		}
		for _, path := range p.Imports {
			to, ours := strings.CutPrefix(path, module)
			if ours && !within(from, to) && !slices.ContainsFunc(r.may, func(e edge) bool { return matches(e.to, to) }) {
				t.Errorf("%s imports %s, and no edge in test/arch/rules_test.go gives a reason for it", from, to)
			}
		}
	}
}

// These two hold for test files as well.
func TestNobodyImportsTheTop(t *testing.T) {
	for _, p := range packages(t) {
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			to := strings.TrimPrefix(path, module)
			if within("cmd", to) && !within("cmd", p.name()) {
				t.Errorf("%s imports %s: nobody imports a command", p.name(), to)
			}
			if within("pkg", p.name()) && path != to && !within("pkg", to) && !within("test", to) {
				t.Errorf("%s imports %s: who uses the library does not have it", p.name(), to)
			}
		}
	}
}

func TestFences(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range fences {
			for _, path := range p.Imports {
				if matches(f.what, path) && !f.allows(p.name()) {
					t.Errorf("%s imports %s: %s", p.name(), path, f.why)
				}
			}
		}
	}
}

func (f fence) allows(name string) bool {
	is := func(pattern string) bool { return matches(pattern, name) }
	if f.inside != nil {
		return slices.ContainsFunc(f.inside, is) || within("test", name)
	}
	return !slices.ContainsFunc(f.except, is)
}

func TestTheLibraryIsSmall(t *testing.T) {
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			standard := !strings.Contains(strings.Split(path, "/")[0], ".")
			if within("pkg", p.name()) && !standard && !strings.HasPrefix(path, module) && smallLibraries[path] == "" {
				t.Errorf("%s imports %s, which is not among smallLibraries in test/arch/rules_test.go", p.name(), path)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.name())
		}
	}
}
