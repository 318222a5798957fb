package strictyaml

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// everything has a field of each type that documents are decoded into.
type everything struct {
	Text     string            `yaml:"text" need:"a word"`
	Flag     bool              `yaml:"flag"`
	Whole    int               `yaml:"whole"`
	Small    int8              `yaml:"small"`
	Number   float64           `yaml:"number"`
	Wait     time.Duration     `yaml:"wait"`
	Pointer  *float64          `yaml:"pointer"`
	Deep     *everything       `yaml:"deep"`
	List     []everything      `yaml:"list"`
	Texts    []string          `yaml:"texts"`
	Map      map[string]string `yaml:"map"`
	Maps     map[string][]int  `yaml:"maps"`
	Whatever any               `yaml:"whatever"`
	Later    Later             `yaml:"later"`
}

// oddTexts are scalars, collections, aliases and merges at places that may or
// may not want them.
func oddTexts() []string {
	values := []string{
		"", "~", "x", "'1'", "1", "-1", "0x1F", "0b1", "1_000", "1e400", ".nan", ".inf", "256", "18446744073709551616", "true", "yes", "2001-01-01",
		"30s", "-5m", "1h30m", "[]", "[[]]", "[~]", "{}", "{a: b}", "{? [a] : b}", "*x", "&x {deep: *x}", "!!str 1", "!!int x", "!!binary '='", "|\n  a\n  b", "\"\\x00\"",
	}
	fields := []string{"text", "flag", "whole", "small", "number", "wait", "pointer", "deep", "list", "texts", "map", "maps", "whatever", "later", "unknown", "<<", "'a.b'", "''"}
	var texts []string
	for _, field := range fields {
		for _, value := range values {
			texts = append(texts, fmt.Sprintf("x: &x {text: a}\n%s: %s\n", field, value))
		}
	}
	return append(texts, strings.Repeat("deep: {", 200)+strings.Repeat("}", 200), "deep:\n "+strings.Repeat("deep:\n ", 50), "list: ["+strings.Repeat("{text: a},", 200)+"]")
}

// FuzzDecode decodes any document into every type: what is wrong is said once,
// in the order of lines that exist, and the same each time.
func FuzzDecode(f *testing.F) {
	for _, text := range oddTexts() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, chunk := range Split([]byte(text)) {
			decodeOne(t, chunk)
		}
	})
}

func decodeOne(t *testing.T, chunk Chunk) {
	doc, problem := Parse(chunk)
	if problem != nil {
		if problem.Line < chunk.Line || problem.Message == "" {
			t.Errorf("odd problem %+v of the document at line %d", problem, chunk.Line)
		}
		return
	}
	var first, again everything
	problems := doc.Decode(&first)
	if more := doc.Decode(&again); !slices.Equal(problems, more) || !sameTexts(first, again) {
		t.Errorf("decoded again: %+v, %v; at first: %+v, %v", again, more, first, problems)
	}
	if !slices.IsSortedFunc(problems, func(a, b Problem) int { return a.Line - b.Line }) {
		t.Errorf("problems are not in order: %v", problems)
	}
	for _, p := range problems {
		if p.Message == "" || p.Line < chunk.Line || doc.LineOf(p.Path) < chunk.Line || !problems.Cover(p.Path) {
			t.Errorf("odd problem %+v of the document at line %d", p, chunk.Line)
		}
	}
}

// sameTexts compares all but numbers, which may be NaN.
func sameTexts(a, b everything) bool {
	return a.Text == b.Text && a.Flag == b.Flag && a.Whole == b.Whole && a.Wait == b.Wait && len(a.List) == len(b.List) &&
		reflect.DeepEqual(a.Texts, b.Texts) && reflect.DeepEqual(a.Map, b.Map) && reflect.DeepEqual(a.Maps, b.Maps)
}
