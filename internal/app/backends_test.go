package app

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/formats"
)

// native is an SLO in the engine's own format.
func native(name, sli, more string) string {
	return fmt.Sprintf("apiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: %s}\nspec:\n  service: shop\n  objective: 99%%\n  window: 30d\n%s  sli: %s\n---\n", name, more, sli)
}

const uncountable = `
version: prometheus/v1
service: sloth
slos:
- name: wifi
  objective: 95
  alerting: {name: Fails}
  sli: {events: {error_query: 'sum_over_time((count(wifi < 1))[{{.window}}:])', total_query: 'sum_over_time((count(wifi))[{{.window}}:])'}}
- name: gauge
  objective: 95
  alerting: {name: Fails}
  sli: {events: {error_query: 'max(bad_total offset {{.window}})', total_query: 'max(all_total offset {{.window}})'}}
`

// TestServers: an SLO runs where there is a server for it; otherwise it is not
// used, and somebody is told why and what to do.
func TestServers(t *testing.T) {
	documents := native("counted", `{ratio: {total: all_total, bad: bad_total}}`, "") +
		native("joined", `{ratio: {total: 'sum(irate(all_total[5m]))', bad: 'sum(irate(bad_total[5m]))'}}`, "") +
		native("asked", `{promql: {errorRatio: 'avg(down)'}}`, "") +
		native("logged", `{logql: {total: 'sum(count_over_time({a="b"}[1m]))', bad: 'sum(count_over_time({a="b"} |= "x" [1m]))'}}`, "") +
		native("elsewhere", `{ratio: {total: all_total, bad: bad_total}}`, "  source: other\n") +
		native("mistaken", `{promql: {errorRatio: 'avg(down)'}}`, "  source: logs\n") +
		native("parent", "", "  composite: [{slo: shop/joined}, {slo: shop/counted}]\n") +
		uncountable
	documents = strings.ReplaceAll(documents, "  sli: \n", "")
	main, other := config.Backend{Name: "main"}, config.Backend{Name: "other"}
	logs := config.Backend{Name: "logs"}
	for name, c := range map[string]struct {
		config   config.Config
		strict   bool
		runs     []string
		problems []string // SLO, severity, and some of the text
	}{
		"none": {config.Config{}, false, []string{"counted"}, []string{
			"asked error: there is no PromQL backend to ask; write it under prometheus",
			"elsewhere error: there is no PromQL backend \"other\"; write it under prometheus",
			"gauge unserved: cannot count `max(all_total offset {{.window}})` as data arrives",
			"gauge unserved: cannot count `max(bad_total offset {{.window}})` as data arrives",
			"joined error: cannot count `irate(all_total[5m])` as data arrives: irate() sees only the last two samples of its range; rate() counts them all; only a PromQL backend can answer it: write it under prometheus",
			"joined error: cannot count `irate(bad_total[5m])` as data arrives",
			"logged error: there is no LogQL backend to ask; write it under loki in slo-engine.yaml",
			"mistaken error: there is no PromQL backend \"logs\"",
			"parent error: shop:joined cannot be used",
			"wifi unserved: cannot count `(count(wifi < 1))[{{.window}}:]` as data arrives",
			"wifi unserved: cannot count `(count(wifi))[{{.window}}:]` as data arrives",
		}},
		"both": {config.Config{Prometheus: []config.Backend{main}, Loki: []config.Backend{logs}}, false,
			[]string{"asked", "counted", "joined", "logged", "parent", "wifi"}, []string{
				"elsewhere error: there is no PromQL backend \"other\"; known here: main",
				"gauge unserved: cannot count",
				"gauge unserved: cannot count",
				"joined warning: cannot count `irate(all_total[5m])` as data arrives: irate() sees only the last two samples of its range; rate() counts them all; a PromQL backend is asked instead, every 1m",
				"joined warning: cannot count",
				"mistaken error: the backend \"logs\" does not understand PromQL; known here: main",
				"wifi warning: cannot count",
				"wifi warning: cannot count",
			}},
		"two": {config.Config{Prometheus: []config.Backend{main, other}}, true, []string{"counted", "elsewhere"}, []string{
			"asked error: does not say which PromQL backend is asked; known here: main, other",
			"gauge error: cannot count",
			"gauge error: cannot count",
			"joined error: cannot count",
			"joined error: cannot count",
			"logged error: there is no LogQL backend to ask",
			"mistaken error: there is no PromQL backend \"logs\"; known here: main, other",
			"parent error: shop:joined cannot be used",
			"wifi error: cannot count",
			"wifi error: cannot count",
		}},
	} {
		file := filepath.Join(t.TempDir(), "slos.yaml")
		write(t, file, documents)
		loaded, err := Check([]string{file}, formats.Options{Strict: c.strict})
		if err != nil {
			t.Fatal(err)
		}
		loaded.fromKnown(&c.config)
		var runs, problems []string
		for _, p := range loaded.Programs {
			runs = append(runs, p.Spec.Name)
		}
		for _, p := range loaded.Problems {
			_, slo, _ := strings.Cut(p.SLO, ":")
			problems = append(problems, fmt.Sprintf("%s %s: %s; %s", slo, p.Severity, p.Message, p.Fix))
		}
		slices.Sort(runs)
		slices.Sort(problems)
		if diff := cmp.Diff(c.runs, runs); diff != "" {
			t.Errorf("%s: SLOs (-want +got):\n%s", name, diff)
		}
		if len(problems) != len(c.problems) {
			t.Errorf("%s: problems:\n%s", name, strings.Join(problems, "\n"))
			continue
		}
		for i, want := range c.problems {
			if !strings.HasPrefix(problems[i], want) {
				t.Errorf("%s: %s\nwant %s", name, problems[i], want)
			}
		}
	}
}
