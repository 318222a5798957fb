package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write rules/examples instead of comparing it")

// TestRulesOfTheExamples: rules/examples holds what the command writes.
func TestRulesOfTheExamples(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	for _, dialect := range []string{"native", "sloth", "pyrra"} {
		for _, example := range []string{"availability", "grouped", "latency", "threshold", "alert-policy"} {
			if dialect == "pyrra" && (example == "latency" || example == "threshold" || example == "alert-policy") {
				continue // Pyrra cannot say them
			}
			var out, err bytes.Buffer
			code := run(t.Context(), []string{"rules", "--dialect", dialect, "examples/" + example + ".yaml"}, streams{&out, &err})
			if code != 0 {
				t.Errorf("%s in the dialect of %s: exit code %d\n%s", example, dialect, code, err.String())
				continue
			}
			file := filepath.Join("rules", "examples", example+"."+dialect+".yml")
			if *update {
				if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, readErr := os.ReadFile(file)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%s is not what the command writes: go test ./cmd/slo-engine -run RulesOfTheExamples -update", file)
			}
		}
	}
}
