package strictyaml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAll(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a mapping":    {"\na: one", []string{"8 one"}},
		"a list":       {"- a: one\n  b: 1\n\n# two\n- b: 2\n  a: two\n", []string{"7 one", "11 two"}},
		"on one line":  {"[{a: one}, {a: two}]", []string{"7 one", "7 two"}},
		"aliases":      {"- &x {a: one}\n- *x\n- {<<: *x, b: 2}\n", []string{"7 one", "8 one", "9 one"}},
		"empty":        {"# nothing\n[]", []string{"8 the list of documents is empty; write a document in it, or remove it"}},
		"other things": {"- a: one\n- two\n- [a: three]\n- null\n- a: five\n", []string{"7 one", "8 a document must be a mapping of fields, not a string", "9 a document must be a mapping of fields, not a list within a list", "10 a document must be a mapping of fields, not nothing", "11 five"}},
		"text":         {"two", []string{"7 a document must be a mapping of fields, not a string"}},
		"broken":       {"- a: one\n- {a: two", []string{"8 not valid YAML: did not find expected ',' or '}'"}},
		"itself":       {"- &m {a: {b: *m}}\n- {a: two}", []string{"7 aliases expand to more than 10000 values; write the values out", "8 two"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range ParseAll(Chunk{[]byte(c.text), 7}) {
				if p.Problem != nil {
					got = append(got, fmt.Sprintf("%d %s", p.Problem.Line, p.Problem))
					continue
				}
				got = append(got, fmt.Sprintf("%d %s", p.Document.Line(), p.Document.Text("a")))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestListsShareTheBoundOfAliases: no list makes more of a few lines than one
// document may.
func TestListsShareTheBoundOfAliases(t *testing.T) {
	text := "- &x {a: [" + strings.Repeat("x, ", 1000) + "]}\n" + strings.Repeat("- {b: *x}\n", 100)
	refused := 0
	for _, p := range ParseAll(Chunk{[]byte(text), 1}) {
		if p.Problem != nil && strings.HasPrefix(p.Problem.Message, "aliases expand") {
			refused++
		}
	}
	if refused != 91 {
		t.Errorf("of 100 times 1002 values %d documents are refused, not the 91 beyond the bound", refused)
	}
}
