package dialects

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/internal/rules"
	rulespyrra "github.com/slo-engine/slo-engine/internal/rules/pyrra"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/pyrra"
	"github.com/slo-engine/slo-engine/test/lab"
)

// TestPyrraWritesTheSameRules: the real Pyrra and we make the same rules of a
// document, whatever its flags.
func TestPyrraWritesTheSameRules(t *testing.T) {
	documents := append(pyrraCorpus(t), pyrraRandom(20**scale)...)
	for name, run := range map[string]struct {
		flags   []string
		options rulespyrra.Options
	}{
		"as it is": {nil, rulespyrra.Options{}},
		"with flags": {
			[]string{"--generic-rules", "--external-url=http://pyrra.example:9099/ui"},
			rulespyrra.Options{Generic: true, ExternalURL: "http://pyrra.example:9099/ui"},
		},
		"for Prometheus 2": {
			[]string{"--generic-rules", "--enable-prometheus-3-migration=false"},
			rulespyrra.Options{Generic: true, ExactBounds: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			theirs := pyrraGenerates(t, documents, run.flags...)
			for i, document := range documents {
				ours := compared(t, pyrraGroups(t, document, run.options))
				if diff := cmp.Diff(theirs[i], ours); diff != "" {
					t.Errorf("-Pyrra +slo-engine:\n%s\nof\n%s", diff, document)
				}
			}
		})
	}
}

// TestPyrraRulesAreSound: promtool takes all rules of one set in one file.
func TestPyrraRulesAreSound(t *testing.T) {
	dir := t.TempDir()
	for i, o := range []rulespyrra.Options{{}, {Generic: true, DescriptionLabel: true}, {PerformanceOverAccuracy: true, ExactBounds: true}} {
		specs := pyrraSpecs(t, strings.Join(pyrraCorpus(t), "---\n"))
		groups, _ := rulespyrra.Dialect(o)(specs)
		if len(groups) < 2*len(specs) {
			t.Errorf("%d groups of %d SLOs", len(groups), len(specs))
		}
		writeRules(t, filepath.Join(dir, fmt.Sprintf("%d.yaml", i)), groups)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
	lab.Run(t, "promtool", append([]string{"check", "rules"}, files...)...)
}

func writeRules(t *testing.T, path string, groups []rules.Group) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := rules.Write(f, "", groups); err != nil {
		t.Fatal(err)
	}
}

// pyrraCorpus are the documents of the corpus.
func pyrraCorpus(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/pyrra/corpus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "---\n")
}

func pyrraSpecs(t *testing.T, text string) []*slo.Spec {
	t.Helper()
	specs, problems := slo.Loader{Formats: pyrra.Formats(pyrra.Options{Strict: true})}.Load(slo.File{Name: "corpus.yaml", Data: []byte(text)})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Errorf("%s\nin\n%s", p, text)
		}
	}
	return specs
}

// pyrraGroups are our rules of one document, with the options that it has
// itself.
func pyrraGroups(t *testing.T, document string, o rulespyrra.Options) []rules.Group {
	t.Helper()
	o.PerformanceOverAccuracy = strings.Contains(document, "performanceOverAccuracy: true")
	o.DescriptionLabel = strings.Contains(document, "enableDescriptionAsLabel: true")
	groups, problems := rulespyrra.Dialect(o)(pyrraSpecs(t, document))
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Error(p)
		}
	}
	return groups
}

// pyrraGenerates are the rules that the real Pyrra makes of each document.
func pyrraGenerates(t *testing.T, documents []string, flags ...string) [][]group {
	t.Helper()
	in, out := t.TempDir(), t.TempDir()
	for i, document := range documents {
		if err := os.WriteFile(filepath.Join(in, fmt.Sprintf("%04d.yaml", i)), []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lab.Run(t, "pyrra", append([]string{"generate", "--config-files=" + filepath.Join(in, "*.yaml"), "--prometheus-folder=" + out}, flags...)...)
	all := make([][]group, len(documents))
	for i := range documents {
		base := filepath.Join(out, fmt.Sprintf("%04d", i))
		if _, err := os.Stat(base + ".yaml"); err == nil {
			all[i] = compared(t, readRules(t, base+".yaml"))
			continue
		}
		all[i] = compared(t, joined(readRules(t, base+"-short.yaml"), readRules(t, base+"-long.yaml")))
	}
	return all
}

// joined puts the two files of performanceOverAccuracy into one, as we do.
// Where nothing is recorded for the short time, as for native histograms,
// Pyrra writes a group without a name, which Prometheus refuses.
func joined(short, long []rules.Group) []rules.Group {
	if short[0].Name == "" {
		return append(long, short[1:]...)
	}
	long[0].Name += "-long"
	return append([]rules.Group{short[0], long[0]}, short[1:]...)
}

// readRules reads a rule file.
func readRules(t *testing.T, path string) []rules.Group {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name     string         `yaml:"name"`
			Interval model.Duration `yaml:"interval"`
			Rules    []struct {
				Record      string            `yaml:"record"`
				Alert       string            `yaml:"alert"`
				Expr        string            `yaml:"expr"`
				For         model.Duration    `yaml:"for"`
				Labels      map[string]string `yaml:"labels"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, text)
	}
	var groups []rules.Group
	for _, g := range file.Groups {
		out := rules.Group{Name: g.Name, Interval: time.Duration(g.Interval)}
		for _, r := range g.Rules {
			out.Rules = append(out.Rules, rules.Rule{
				Record: r.Record, Alert: r.Alert, Expr: r.Expr, For: time.Duration(r.For), Labels: r.Labels, Annotations: r.Annotations,
			})
		}
		groups = append(groups, out)
	}
	return groups
}

// A group is one whose expressions are printed by PromQL's own printer, so
// that equal ones look the same.
type group rules.Group

func compared(t *testing.T, groups []rules.Group) (out []group) {
	t.Helper()
	for _, g := range groups {
		for i, r := range g.Rules {
			e, err := parser.ParseExpr(r.Expr)
			if err != nil {
				t.Fatalf("%s%s: %v", r.Record, r.Alert, err)
			}
			g.Rules[i].Expr = e.String()
		}
		out = append(out, group(g))
	}
	return out
}
