package slogenerator_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

var update = flag.Bool("update", false, "write testdata/native.yaml instead of comparing it")

// TestGolden: what the documents say, as native ones, which say the same.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/slos.yaml")
	if err != nil {
		t.Fatal(err)
	}
	specs, problems := load(true, string(text))
	if len(specs) != 3 || len(problems) > 0 {
		t.Fatalf("%d SLOs, %v", len(specs), problems)
	}
	got, err := slo.Encode(specs)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/native.yaml", got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/native.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if again, problems := slo.Load("native.yaml", got); len(again) != len(specs) || len(problems) > 0 {
		t.Errorf("read again: %d SLOs, %v", len(again), problems)
	}
}
