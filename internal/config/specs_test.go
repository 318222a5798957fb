package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func document(name string) string {
	return "apiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: " + name + "}\n" +
		"spec: {service: s, objective: 99%, window: 1d, sli: {ratio: {total: a, bad: b}}}\n"
}

func TestLoadSpecs(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "odd [name]*")
	files := map[string]string{
		"b.yaml":     document("b1") + "---\n" + document("twin"),
		"a.yaml":     document("twin") + "---\n" + document("checked"),
		"c.yml":      "kind: [",
		"huge.yml":   strings.Repeat("#", slo.MaxFileBytes+1),
		"sub.yaml/x": "",
	}
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "slo-engine.yaml2")
	if err := os.WriteFile(path, []byte("slo_files: ['*.yml', '*.yaml', 'b.*', 'none/*']"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	specs, problems, err := LoadSpecs(c.SLOFiles, slo.Loader{Check: func(s *slo.Spec) []slo.Problem {
		if s.Name == "checked" {
			return []slo.Problem{{Field: "spec.sli", Message: "refused"}}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range specs {
		got = append(got, "spec "+s.Name+" "+s.Origin.String())
	}
	for _, p := range problems {
		got = append(got, p.String())
	}
	for i := range got {
		got[i] = strings.ReplaceAll(strings.ReplaceAll(got[i], folder+"/", ""), escapeGlob(folder)+"/", "")
	}
	want := []string{
		"spec twin a.yaml:1 (document 1)",
		"spec b1 b.yaml:1 (document 1)",
		"none/*: warning: no file matches this pattern; write SLO documents there, or correct slo_files",
		"huge.yml: error: the file has more than the 10485760 bytes allowed; split it into several files",
		"sub.yaml: error: cannot be read: it is a folder; name the files in it: sub.yaml/*.yaml",
		"a.yaml:9 (document 2): error: spec.sli: refused",
		"c.yml:1 (document 1): error: not valid YAML: did not find expected node content",
		`b.yaml:6 (document 2): error: metadata.name: service "s" already has an SLO "twin" at a.yaml:1 (document 1); rename or remove one of them`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadSpecsUnreadable(t *testing.T) {
	folder := t.TempDir()
	if err := os.Symlink(filepath.Join(folder, "nowhere"), filepath.Join(folder, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	specs, problems, err := LoadSpecs([]string{folder + "/*.yaml"}, slo.Loader{})
	if err != nil || len(specs) != 0 || len(problems) != 1 {
		t.Fatalf("got %v, %v, %v", specs, problems, err)
	}
	want := folder + "/a.yaml: error: cannot be read: no such file or directory; make it a file that the engine may read"
	if got := problems[0].String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoadSpecsBadPattern(t *testing.T) {
	if _, _, err := LoadSpecs([]string{"a["}, slo.Loader{}); err == nil || !strings.Contains(err.Error(), `"a["`) {
		t.Errorf("got %v", err)
	}
}
