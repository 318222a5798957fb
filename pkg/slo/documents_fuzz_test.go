package slo

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// oddDocuments are documents in many shapes: every kind of part in every
// combination, and what people and attackers do to YAML.
func oddDocuments() []string {
	windows := []string{"window: 30d", "window: {calendar: month, timeZone: Europe/Berlin}", "windows: [{calendar: week}]", "window: [1d]", "window: -1d"}
	slis := []string{
		"ratio: {total: a_total, bad: b_total}", "ratio: {total: a_total, good: b_total, bad: c_total}",
		"latency: {histogram: h, below: 300ms}", "threshold: {metric: m, above: 1, below: 0}", "threshold: {metric: m, above: .nan}",
		`spans: {service: s, attributes: ['a.b=~"c"', 'd=~"("'], slowerThan: 1s}`, `logs: {of: {severity: x, body: '('}, bad: [a]}`, `promql: {total: a, bad: b, step: 1}`,
		"logql: {errorRatio: 'a[5m]'}, promql: {}", "{}", "[]", "null",
	}
	var documents []string
	for _, window := range windows {
		for _, sli := range slis {
			documents = append(documents, "apiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: x}\nspec:\n  service: s\n  objective: 99.9%\n  "+
				window+"\n  sli: {"+strings.Trim(sli, "{}")+"}\n  groupBy: [a]\n  alerting: {disabled: true}\n")
		}
	}
	const policy = "apiVersion: slo-engine.dev/v1\nkind: AlertPolicy\nmetadata: {name: p}\nspec:\n  "
	documents = append(documents,
		policy+"select: ['service=\"checkout\"']\n  tiers: [{name: a, severity: critical, budget: 2%, long: 1h, short: 5m}]",
		policy+"select: ['service=~\".+\"', '{team=', 'a=~\"(\"']\n  minBad: 7",
		policy+"confidence: .nan\n  minBad: .inf\n  noData: {after: 1s, policy: bad}\n  tiers: [{name: budget, factor: -1, long: 1s, short: 1h}, {}]",
	)
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x]\n")
	for i := range 40 {
		fmt.Fprintf(&bomb, "a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	return append(documents, bomb.String(), strings.Repeat("[", 2000), strings.Repeat("- ", 2000), strings.Repeat("{a: ", 500),
		"? {a: b}\n: c", "a: &a {<<: *a}", "<<: [{a: 1}, {a: 2}]", "a: !!binary x", "a: !t {}", "%YAML 9.9\n---\na: b", "a: |\n ---\n", "\ufeffa: b",
		"a: b\r---\rc: d", "a: \u2028\u0085", "spec: &s {sli: {ratio: *s}}", "apiVersion: {}\nkind: []", "a: 'b", "a: \"\\u0000\"", "\x00", "\t", "...\n---\n...")
}

// FuzzNeighbours puts any text between two good documents. However faulty it
// is, both are read, what is wrong is said of the text alone, and the same each
// time.
func FuzzNeighbours(f *testing.F) {
	for _, text := range oddDocuments() {
		f.Add(text)
	}
	first := goodRatio
	last := strings.Replace(goodRatio, "name: checkout-availability", "name: the-last-one", 1)
	f.Fuzz(func(t *testing.T, text string) {
		file := []byte(first + "\n---\n" + text + "\n---\n" + last)
		specs, problems := Load("fuzz.yaml", file)
		if len(specs) < 2 || specs[0].Name != "checkout-availability" || specs[len(specs)-1].Name != "the-last-one" {
			t.Fatalf("a neighbour of %q was not read: %v, %v", text, specs, problems)
		}
		last := specs[len(specs)-1].Origin.Document
		for _, p := range problems {
			if p.Document <= 1 || p.Document >= last || p.Message == "" || p.File != "fuzz.yaml" {
				t.Errorf("a problem outside of the text: %+v", p)
			}
		}
		if s, p := Load("fuzz.yaml", file); !slices.EqualFunc(specs, s, func(a, b *Spec) bool { return reflect.DeepEqual(a.Origin, b.Origin) && a.ID() == b.ID() }) || !reflect.DeepEqual(problems, p) {
			t.Errorf("read again: %v, %v; at first: %v, %v", s, p, specs, problems)
		}
	})
}
