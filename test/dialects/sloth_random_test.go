package dialects

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// randomSloth makes documents that Sloth takes.
type randomSloth struct{ *rand.Rand }

// writeRandomSloth writes n SLOs in documents of their own, the same each time.
func writeRandomSloth(t *testing.T, dir string, n int) {
	t.Helper()
	r := randomSloth{rand.New(rand.NewPCG(16, 0))}
	for i := range n {
		text := "version: prometheus/v1\n"
		document := r.document(i)
		for _, field := range []string{"service", "labels", "slos"} {
			inJSON, err := json.Marshal(document[field]) // which every version of YAML reads alike
			if err != nil {
				t.Fatal(err)
			}
			text += field + ": " + string(inJSON) + "\n"
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.yaml", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

type fields = map[string]any

func (r randomSloth) document(i int) fields {
	one := fields{
		"name": r.name(), "objective": r.objective(), "description": r.text(), "labels": r.texts(r.label),
		"sli": r.sli(), "alerting": r.alerting(),
	}
	return fields{"service": fmt.Sprintf("%s%d", r.name(), i), "labels": r.texts(r.label), "slos": []any{one}}
}

func pick[T any](r randomSloth, from ...T) T { return from[r.IntN(len(from))] }

func (r randomSloth) name() string {
	const middle = "abcXYZ019-_."
	b := []byte{pick(r, []byte("aZ0")...)}
	for range r.IntN(20) {
		b = append(b, middle[r.IntN(len(middle))])
	}
	return string(append(b, pick(r, []byte("bY9")...)))
}

// objective is a bare number with as many decimals as people write, and more.
func (r randomSloth) objective() json.Number {
	text := strconv.FormatFloat(100*r.Float64(), 'f', r.IntN(10), 64)
	if r.IntN(2) == 0 {
		text = "99." + strings.Repeat("9", r.IntN(6)) + strconv.Itoa(1+r.IntN(98))
	}
	if f, _ := strconv.ParseFloat(text, 64); f <= 0 || f >= 100 {
		text = "99.9"
	}
	return json.Number(text)
}

func (r randomSloth) sli() fields {
	if r.IntN(3) == 0 {
		return fields{"raw": fields{"error_ratio_query": r.query()}}
	}
	return fields{"events": fields{"error_query": r.query(), "total_query": r.query() + " + 1"}}
}

func (r randomSloth) query() string {
	window := pick(r, "{{.window}}", "{{ .window }}", "{{  .window}}", "{{.window }}")
	selector := pick(r, "x_total", `x_total{code=~"5..|429",job!="a b"}`, "{__name__=\"x:y\", a=\"\\\\d\\n\"}", "x_total{\n  a=\"é\"\n}")
	line := pick(r, " ", "\n", "\n  ", "\n\n", "  \n")
	query := pick(r,
		"sum(rate(%[1]s[%[2]s]))", "sum(%[3]srate(%[1]s[%[2]s])%[3]s)", "sum by (a, b)%[3]s(increase(%[1]s[%[2]s]))", "(%[3]srate(%[1]s[%[2]s])%[3]s-%[3]srate(y[%[2]s]))",
		"1 - avg_over_time(%[1]s[%[2]s])", "clamp_max(sum(rate(%[1]s[%[2]s])), 1) or vector(0)", "label_replace(rate(%[1]s[%[2]s]),%[3]s\"a\", \"$1: #\", \"b\", \"(.*)\")",
	)
	return pick(r, "", " ", "\n") + fmt.Sprintf(query, selector, window, line) + pick(r, "", "", " ", "\n", "\n\n")
}

func (r randomSloth) alerting() fields {
	alert := func() fields {
		return fields{"disable": r.IntN(4) == 0, "labels": r.texts(r.label), "annotations": r.texts(r.annotation)}
	}
	return fields{"name": r.text(), "labels": r.texts(r.label), "annotations": r.texts(r.annotation), "page_alert": alert(), "ticket_alert": alert()}
}

func (r randomSloth) label() string {
	return pick(r, "a", "B", "a1", "a2", "a10", "a_1", "_x", "on", "n", "team", "sloth_window", "sloth_severity", "http.method", "severity", "ö") + pick(r, "", "", "2", "_")
}

func (r randomSloth) annotation() string {
	return pick(r, "title", "summary", "description", "runbook_url", "a.b", "x9", "x10")
}

func (r randomSloth) texts(name func() string) map[string]string {
	out := map[string]string{}
	for range r.IntN(5) {
		out[name()] = r.text()
	}
	return out
}

// text is what YAML writes in many ways. Templates are not among it: Prometheus
// expands them, and would refuse what is none.
func (r randomSloth) text() string {
	words := []string{
		"a", "long", "yes", "No", "on", "~", "null", "1", "0x1F", "1e3", "1_000", ".5", "-", "- x", "? y", ":", "a: b", "a #b", "#c", "it's", `"`, "'", "*", "&", "!", "%", "@", "`", "|", ">",
		"[x]", "{x}", "{{ $value }}", ",", "2026-01-02", "1:30", "Größe", "日本語", "🦥", "<<", "=", "\\", "\t", "\n", "\n\n", "\u00a0", "\u0085", "\u2028", "\x07", "burn", "budget", "https://example.com/a?b=c#d",
	}
	if r.IntN(3) == 0 {
		return pick(r, words...) + pick(r, "", "!", "x")
	}
	var b strings.Builder
	for range 1 + r.IntN(25) {
		b.WriteString(pick(r, words...) + pick(r, " ", " ", " ", "", "  "))
	}
	return b.String()
}
