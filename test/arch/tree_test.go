package arch

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = "../.."

// notSources are the folders at the top that hold no sources of ours.
var notSources = []string{".git", ".lab", "bin", "data"}

// eachFile calls check with every source file's path and content.
func eachFile(t *testing.T, check func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, root+"/")
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(notSources, name) || d.Name() == "node_modules"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		check(name, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A forbidden text must not stand in the files whose path matches.
var forbidden = []struct {
	files string
	text  string
	why   string
}{
	// Written in two parts, so that this file itself passes.
	{``, "/ro" + "ot/", "it is a path of somebody's machine"},
	{``, "/wo" + "rk/", "it is a path of somebody's machine"},
	{`^pkg/.*\.go$`, "time." + "Now(", "the library takes time as an argument"},
	{`^go\.mod$`, "\nreplace ", "who imports the library does not have our replacements"},
}

func TestForbiddenTexts(t *testing.T) {
	eachFile(t, func(path string, text []byte) {
		for _, f := range forbidden {
			if regexp.MustCompile(f.files).MatchString(path) && bytes.Contains(text, []byte(f.text)) {
				t.Errorf("%s contains %q: %s", path, strings.TrimSpace(f.text), f.why)
			}
		}
	})
}

// A test that sleeps is slow on a fast machine and fails on a slow one: it
// polls with a deadline, or runs in a synctest bubble, where sleeping is free.
// What a package with bubbles does outside of them is left to its reviewers.
func TestNoSleepWithoutReason(t *testing.T) {
	var bubbles []string // folders
	for _, p := range packages(t) {
		if slices.Contains(slices.Concat(p.TestImports, p.XTestImports), "testing/synctest") {
			bubbles = append(bubbles, p.name())
		}
	}
	reason := regexp.MustCompile(`//lint:sleep \S`)
	eachFile(t, func(path string, text []byte) {
		if !strings.HasSuffix(path, "_test.go") || slices.Contains(bubbles, filepath.Dir(path)) {
			return
		}
		for i, line := range strings.Split(string(text), "\n") {
			if strings.Contains(line, "time."+"Sleep(") && !reason.MatchString(line) {
				t.Errorf("%s:%d sleeps: poll with a deadline, use testing/synctest, or add //lint:sleep REASON to the line", path, i+1)
			}
		}
	})
}
