package dialects

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/app"
	"github.com/slo-engine/slo-engine/internal/formats"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var update = flag.Bool("update", false, "write down what is said of the published examples")

// publishers are the modules whose documentation has examples, and how many it
// has at least.
var publishers = []struct {
	module, version string
	least           int
	// folders hold documents that refer to each other.
	folders []string
}{
	{"github.com/slok/sloth", "v0.16.0", 20, nil},
	{"github.com/pyrra-dev/pyrra", "v0.10.1", 50, []string{
		"examples/*.yaml", "examples/kubernetes/manifests/slos/*.yaml", "examples/kubernetes/manifests-webhook/slos/*.yaml", "examples/openshift/manifests/slos/*.yaml",
	}},
	{"github.com/OpenSLO/go-sdk", "v0.9.2", 25, []string{
		"pkg/openslo/v1/examples/*.yaml", "pkg/openslo/v1alpha/examples/*.yaml", "pkg/openslo/v2alpha/examples/*.yaml",
	}},
	{"github.com/OpenSLO/oslo", "v0.12.0", 2, []string{"examples/definitions/*.yaml"}},
}

// TestPublishedExamples: what the other projects publish is read without an
// error. testdata/published.want lists what is warned of and what is not
// measured, by field.
func TestPublishedExamples(t *testing.T) {
	var got bytes.Buffer
	for _, p := range publishers {
		root := moduleFolder(t, p.module+"@"+p.version)
		examples := publishedIn(t, root)
		if len(examples) < p.least {
			t.Errorf("%s has %d examples, and had %d", p.module, len(examples), p.least)
		}
		for _, e := range examples {
			tellOf(t, &got, p.module+" "+e.name, e.write(t))
		}
		for _, folder := range p.folders {
			tellOf(t, &got, p.module+" "+folder, filepath.Join(escaped.Replace(root), folder))
		}
	}
	const golden = "testdata/published.want"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// tellOf writes down what becomes of the files of a pattern.
func tellOf(t *testing.T, w *bytes.Buffer, name, pattern string) {
	t.Helper()
	loaded, err := app.Check([]string{pattern}, formats.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w, "%s: %d sound\n", name, len(loaded.Programs))
	for _, p := range loaded.Problems {
		if p.Severity == slo.Error || p.Document == 0 {
			t.Errorf("%s: %v", name, p)
		}
		fmt.Fprintf(w, "  %s %s\n", p.Severity, p.Field)
	}
}

// moduleFolder is where the files of MODULE@VERSION are.
func moduleFolder(t *testing.T, module string) string {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = t.TempDir() // a module of its own, or none
	out, err := cmd.Output()
	var found struct{ Dir, Error string }
	if e := json.Unmarshal(out, &found); e != nil || err != nil || found.Dir == "" {
		t.Fatalf("go mod download %s: %v %v %s", module, err, e, found.Error)
	}
	return found.Dir
}

// escaped makes a folder mean itself in a pattern.
var escaped = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// published is one example: a file, or a text in a file.
type published struct {
	name string
	text []byte
}

func (p published) write(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "example.yaml")
	if err := os.WriteFile(path, p.text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// header begins a document of one of the formats.
var header = regexp.MustCompile(`(?m)^(?:- )?(?:version: "?prometheus/v1|apiVersion: (?:openslo|pyrra\.dev|sloth\.slok\.dev))`)

// publishedIn are the examples of a module: the files in folders of that name,
// the blocks of its documentation, and the texts in the examples of its Go API.
func publishedIn(t *testing.T, root string) (examples []published) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err == nil && entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir // not for readers
		case err != nil || entry.IsDir():
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		examples = append(examples, examplesOf(path, text)...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(examples, func(p published) bool { return !header.Match(p.text) })
}

var (
	fenced = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```")
	raw    = regexp.MustCompile("(?s)`([^`]*)`")
)

// examplesOf are the texts of a file that may be documents.
func examplesOf(path string, text []byte) []published {
	switch name := filepath.Base(path); {
	case inExamples.MatchString(path) && (strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")):
		return []published{{path, text}}
	case strings.HasSuffix(name, "example_test.go"):
		return parts(path, raw, text)
	case strings.HasSuffix(name, ".md"):
		var all []published
		for _, block := range parts(path, fenced, text) {
			if bytes.ContainsRune(block.text, '`') { // a program with documents in it
				all = append(all, parts(block.name, raw, block.text)...)
				continue
			}
			all = append(all, block)
		}
		return all
	}
	return nil
}

var inExamples = regexp.MustCompile(`(^|/)examples/`)

// parts are what the expression finds, numbered from 1.
func parts(name string, expression *regexp.Regexp, text []byte) (found []published) {
	for i, match := range expression.FindAllSubmatch(text, -1) {
		found = append(found, published{fmt.Sprintf("%s#%d", name, i+1), match[1]})
	}
	return found
}
