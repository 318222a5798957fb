package openslo_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/openslo"
)

var update = flag.Bool("update", false, "write what is read into testdata/*.want")

// corpus are the documents of testdata.
func corpus(t testing.TB) []slo.File {
	names, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	var files []slo.File
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, slo.File{Name: filepath.Base(name), Data: data})
	}
	return files
}

func load(strict bool, files ...slo.File) ([]*slo.Spec, []slo.Problem) {
	return slo.Loader{Formats: openslo.Formats(openslo.Options{Strict: strict}), Strict: strict}.Load(files...)
}

// told is all that a file became: Specs, then problems.
func told(specs []*slo.Spec, problems []slo.Problem) string {
	var b strings.Builder
	for _, s := range specs {
		fmt.Fprintf(&b, "%s: %s over %s%s\n", s.ID(), s.Objective, s.Window, toldSLI(s))
	}
	for _, p := range problems {
		fmt.Fprintln(&b, p)
	}
	return b.String()
}

func toldSLI(s *slo.Spec) string {
	var b strings.Builder
	if s.Budgeting != (slo.Budgeting{}) {
		fmt.Fprintf(&b, "; %s of %s", s.Budgeting.Method, slo.FormatDuration(s.Budgeting.Slice))
		if s.Budgeting.Target != 0 {
			fmt.Fprintf(&b, ", good from %v", s.Budgeting.Target)
		}
	}
	if r := s.SLI.Ratio; r != nil {
		fmt.Fprintf(&b, "; %+v", *r)
	}
	if t := s.SLI.Threshold; t != nil {
		fmt.Fprintf(&b, "; %s", t.Metric)
		if t.Above != nil {
			fmt.Fprintf(&b, " above %v", *t.Above)
		}
		if t.Below != nil {
			fmt.Fprintf(&b, " below %v", *t.Below)
		}
		fmt.Fprintf(&b, " exclusive %v, slice %v, per sample %v", t.Exclusive, t.Slice, t.PerSample)
	}
	if c := s.Composite; c != nil {
		fmt.Fprintf(&b, "; %s of %v", c, c.Parts)
	}
	for _, t := range s.Alerting.Terms.Tiers {
		fmt.Fprintf(&b, "; tier %s %q above %v over %v and %v", t.Name, t.Severity, t.Factor, t.Long, t.Short)
	}
	if len(s.Labels) > 0 {
		fmt.Fprintf(&b, "; labels %v", s.Labels)
	}
	return b.String()
}

// Each file of testdata becomes what stands in the .want beside it, leniently
// and strictly: exact Specs, exact problems.
func TestCorpus(t *testing.T) {
	for _, f := range corpus(t) {
		t.Run(f.Name, func(t *testing.T) {
			got := "# lenient\n" + told(load(false, f)) + "\n# strict\n" + told(load(true, f))
			want := filepath.Join("testdata", strings.TrimSuffix(f.Name, ".yaml")+".want")
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
