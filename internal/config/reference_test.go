package config

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// referenceBlocks returns the YAML blocks of docs/reference.md.
func referenceBlocks(t *testing.T) (configuration, document, windows string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 3 {
		t.Fatalf("%d YAML blocks, want 3", len(blocks))
	}
	return blocks[0][1], blocks[1][1], blocks[2][1]
}

// The reference shows each field with its default.
func TestReferenceShowsTheDefaults(t *testing.T) {
	text, _, _ := referenceBlocks(t)
	shown, _ := load(t, text)
	bare, _ := load(t, "")
	shown.Storage.Path, shown.SLOFiles = bare.Storage.Path, bare.SLOFiles // each in a folder of its own
	if diff := cmp.Diff(bare.String(), shown.String()); diff != "" {
		t.Error(diff)
	}
	var got map[string]any
	if err := yaml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := yaml.Unmarshal([]byte(bare.String()), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fields("", want), fields("", got)); diff != "" {
		t.Errorf("fields (-known +shown):\n%s", diff)
	}
}

// fields is the set of paths of a document's fields.
func fields(path string, node map[string]any) map[string]bool {
	found := map[string]bool{}
	for key, value := range node {
		found[path+key] = true
		if inner, ok := value.(map[string]any); ok {
			for p := range fields(path+key+".", inner) {
				found[p] = true
			}
		}
	}
	return found
}

func TestReferenceDocumentIsSound(t *testing.T) {
	_, document, windows := referenceBlocks(t)
	begun := "apiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: windows}\n" + windows
	for _, text := range []string{document, begun + "  service: shop\n  sli: {ratio: {total: all, bad: some}}\n"} {
		path, _ := write(t, text)
		specs, problems, err := LoadSpecs([]string{path}, slo.Loader{})
		if err != nil || len(problems) > 0 || len(specs) != 1 {
			t.Errorf("%d SLOs, problems %v, error %v in\n%s", len(specs), problems, err, text)
		}
	}
}
