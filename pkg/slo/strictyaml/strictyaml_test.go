package strictyaml

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type sample struct {
	Name   string            `yaml:"name" need:"a name"`
	Count  int               `yaml:"count"`
	Small  int8              `yaml:"small"`
	Share  *float64          `yaml:"share"`
	On     bool              `yaml:"on"`
	Wait   time.Duration     `yaml:"wait"`
	Labels map[string]string `yaml:"labels"`
	List   []string          `yaml:"list"`
	Inner  inner             `yaml:"inner"`
	Many   []inner           `yaml:"many"`
	Future Later             `yaml:"future"`
	Secret secret            `yaml:"secret"`
}

type inner struct {
	Depth string `yaml:"depth"`
	Twin  *inner `yaml:"twin"`
}

type secret string

func decodeSample(t *testing.T, text string) (sample, Problems) {
	t.Helper()
	var s sample
	doc, problem := ParseFile([]byte(text))
	if problem != nil {
		return s, Problems{*problem}
	}
	return s, doc.Decode(&s)
}

func TestDecodeGood(t *testing.T) {
	share := 0.5
	want := sample{
		Name: "a", Count: 12, Share: &share, On: true, Wait: 90 * time.Minute,
		Labels: map[string]string{"x": "1", "": "empty", "day": "2026-01-02"}, List: []string{"p", "q"},
		Inner: inner{Depth: "d", Twin: &inner{Depth: "e"}}, Many: []inner{{Depth: "f"}},
	}
	texts := map[string]string{
		"block": "# note\nname: a\ncount: 12\nshare: 0.5\non: true\nwait: 1h30m\nlabels:\n  x: \"1\"\n  \"\": empty\n  day: 2026-01-02\n" +
			"list:\n- p\n- q\ninner:\n  depth: d\n  twin: {depth: e}\nmany: [{depth: f}]\nfuture:\n",
		"JSON": "{\n\t\"name\": \"a\", \"count\": 12, \"share\": 0.5, \"on\": true, \"wait\": \"1h30m\",\n\t" +
			`"labels": {"x": "1", "": "empty", "day": "2026-01-02"}, "list": ["p", "q"],` +
			`"inner": {"depth": "d", "twin": {"depth": "e"}}, "many": [{"depth": "f"}], "future": null}`,
		"aliases": "name: a\ncount: 12\nshare: 0.5\non: true\nwait: 1h30m\nlabels: {x: \"1\", \"\": empty, day: 2026-01-02}\n" +
			"list: [p, &q q]\ninner: &i {depth: d, twin: {depth: e}}\nmany: [{<<: *i, twin: , depth: f}]\n",
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			got, problems := decodeSample(t, text)
			if len(problems) > 0 {
				t.Fatalf("problems: %v", problems)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeProblems(t *testing.T) {
	tests := map[string]struct {
		text string
		want []Problem
	}{
		"missing":           {"count: 1", []Problem{{1, "name", "is missing", "write a name"}}},
		"null is missing":   {"\nname:", []Problem{{2, "name", "is missing", "write a name"}}},
		"empty file":        {"# nothing\n", []Problem{{1, "name", "is missing", "write a name"}}},
		"near miss":         {"name: a\nlables: {}", []Problem{{2, "lables", "unknown field", `did you mean "labels"?`}}},
		"case":              {"name: a\nCOUNT: 1", []Problem{{2, "COUNT", "unknown field", `did you mean "count"?`}}},
		"far miss":          {"name: a\ninner: {zzzzzz: 1}", []Problem{{2, "inner.zzzzzz", "unknown field", "known here: depth, twin"}}},
		"nested":            {"name: a\nmany:\n- depth: x\n- twin:\n    dept: y", []Problem{{5, "many[1].twin.dept", "unknown field", `did you mean "depth"?`}}},
		"duplicate":         {"name: a\ncount: 1\nname: b", []Problem{{3, "name", "is written twice, first in line 1", "remove one of them"}}},
		"duplicate label":   {"name: a\nlabels:\n  x: a\n  x: a", []Problem{{4, "labels.x", "is written twice, first in line 3", "remove one of them"}}},
		"number as string":  {"name: 12", []Problem{{1, "name", "must be a string, not a number", "put it in quotes"}}},
		"bool as string":    {"name: a\nlabels: {x.y: true}", []Problem{{2, `labels["x.y"]`, "must be a string, not true or false", "put it in quotes"}}},
		"list as string":    {"name: [a]", []Problem{{1, "name", "must be a string, not a list", ""}}},
		"tagged string":     {"name: !secret a", []Problem{{1, "name", "must be a string, not a value tagged !secret", "put it in quotes"}}},
		"string as int":     {"name: a\ncount: many", []Problem{{2, "count", "must be a whole number, not a string", ""}}},
		"float as int":      {"name: a\ncount: 1.5", []Problem{{2, "count", "must be a whole number, not a number", ""}}},
		"overflow":          {"name: a\nsmall: 300", []Problem{{2, "small", "must be a whole number, not a number", ""}}},
		"word as bool":      {"name: a\non: yes", []Problem{{2, "on", "must be true or false, not a string", ""}}},
		"string as float":   {"name: a\nshare: half", []Problem{{2, "share", "must be a number, not a string", ""}}},
		"string as list":    {"name: a\nlist: p", []Problem{{2, "list", "must be a list, not a string", ""}}},
		"null item":         {"name: a\nlist: [p, ~]", []Problem{{2, "list[1]", "has no value", "write one, or remove the entry"}}},
		"null label":        {"name: a\nlabels: {x: }", []Problem{{2, "labels.x", "has no value", "write one, or remove the entry"}}},
		"list as map":       {"name: a\nlabels: [x]", []Problem{{2, "labels", "must be a mapping, not a list", ""}}},
		"string as struct":  {"name: a\ninner: x", []Problem{{2, "inner", "must be a mapping of fields, not a string", ""}}},
		"map as key":        {"name: a\nlabels: {{a: b}: c}", []Problem{{2, `labels[""]`, "a field name must be a string, not a mapping", ""}}},
		"duration unit":     {"name: a\nwait: 30", []Problem{{2, "wait", "must be a duration, not a number", "write a number with a unit, such as 30s, 5m, 1h30m or 30d"}}},
		"duration":          {"name: a\nwait: soon", []Problem{{2, "wait", `"soon" is not a duration`, "write a number with a unit, such as 30s, 5m, 1h30m or 30d"}}},
		"later":             {"name: a\nfuture: 1", []Problem{{2, "future", "is not supported by this version", "remove it"}}},
		"secret not shown":  {"name: a\nsecret: 12345", []Problem{{2, "secret", "must be a string, not a number", "put it in quotes"}}},
		"not a mapping":     {"\n- a", []Problem{{2, "", "a document must be a mapping of fields, not a list", ""}}},
		"two documents":     {"name: a\n---\nname: b", []Problem{{2, "", "the file has more than one document", "remove what follows the second ---"}}},
		"merge of a scalar": {"name: a\nlabels: {<<: x}", []Problem{{1, "", "a merge key (<<) takes a mapping or a list of mappings, not a string", "write the values out"}}},
		"several": {"nmae: a\ncount: x\nlist: 1", []Problem{
			{1, "name", "is missing", "write a name"}, {1, "nmae", "unknown field", `did you mean "name"?`},
			{2, "count", "must be a whole number, not a string", ""}, {3, "list", "must be a list, not a number", ""},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, got := decodeSample(t, test.text)
			if diff := cmp.Diff(Problems(test.want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSyntaxProblems(t *testing.T) {
	tests := map[string]struct {
		text string
		line int
		want string
	}{
		"tab":            {"a:\n\tb: c", 2, "cannot start any token"},
		"open quote":     {"a: b\nc: \"d", 2, "not valid YAML"},
		"indent":         {"a: b\n c: d", 2, "mapping values are not allowed"},
		"not UTF-8":      {"a: b\nc: \xff", 2, "the text is not UTF-8"},
		"UTF-16":         {"\xff\xfea\x00", 1, "the text is not UTF-8"},
		"unknown anchor": {"a: *b", 1, "unknown anchor"},
		"second":         {"{a: b}\n{c: d}", 1, "not valid YAML"},
		"control":        {"a: b\nc: \x01", 1, "control characters"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, problem := Parse(Chunk{Text: []byte(test.text), Line: 11})
			if problem == nil {
				t.Fatal("no problem")
			}
			if problem.Line != test.line+10 || !strings.Contains(problem.Message, test.want) {
				t.Errorf("got %+v, want line %d and %q", problem, test.line+10, test.want)
			}
		})
	}
}

func TestAliasBombs(t *testing.T) {
	laughs := "name: a\nlist: [x]\nmany:\n- &a0 {depth: x}\n"
	for i := range 40 {
		laughs += fmt.Sprintf("- &a%d {twin: {twin: *a%d, depth: x}, <<: [*a%d, *a%d]}\n", i+1, i, i, i)
	}
	nested := "name: a\nz:\n- &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		nested += fmt.Sprintf("- &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i+1, i, i, i, i, i, i, i, i, i)
	}
	for name, text := range map[string]string{
		"merges": laughs, "lists": nested,
		"self": "name: a\nmany: &m [*m]", "self merge": "name: a\ninner: &m {<<: *m}",
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := decodeSample(t, text)
			if len(problems) != 1 || !strings.Contains(problems[0].Message, "aliases expand") {
				t.Errorf("got %v, want a problem of aliases", problems)
			}
		})
	}
}

func TestDeepNesting(t *testing.T) {
	_, problems := decodeSample(t, "name: "+strings.Repeat("[", 200_000))
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "depth") {
		t.Errorf("got %v, want a problem of depth", problems)
	}
}

func TestSplit(t *testing.T) {
	type chunk struct {
		Text string
		Line int
	}
	tests := map[string]struct {
		text string
		want []chunk
	}{
		"empty":           {"", nil},
		"comments":        {"# a\n\n---\n# b\n", nil},
		"one":             {"a: b", []chunk{{"a: b", 1}}},
		"two":             {"a: b\n---\nc: d\n", []chunk{{"a: b\n", 1}, {"---\nc: d\n", 2}}},
		"header":          {"# h\n---\na: b\n", []chunk{{"---\na: b\n", 2}}},
		"empty documents": {"---\n---\na: b\n---\n---\nc: d", []chunk{{"---\na: b\n", 2}, {"---\nc: d", 5}}},
		"on marker":       {"--- {a: b}\n--- # note\nc: d\n", []chunk{{"--- {a: b}\n", 1}, {"--- # note\nc: d\n", 2}}},
		"not a marker":    {"a: b\n---c\n", []chunk{{"a: b\n---c\n", 1}}},
		"windows":         {"a: b\r\n---\r\nc: d", []chunk{{"a: b\r\n", 1}, {"---\r\nc: d", 2}}},
		"byte order mark": {"\xef\xbb\xbf---\na: b", []chunk{{"---\na: b", 1}}},
		"end marker":      {"a: b\n...\nc: d\n", []chunk{{"a: b\n", 1}, {"c: d\n", 3}}},
		"directive":       {"%YAML 1.2\n---\na: b", []chunk{{"---\na: b", 2}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []chunk
			for _, c := range Split([]byte(test.text)) {
				got = append(got, chunk{string(c.Text), c.Line})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			for _, c := range Split([]byte(test.text)) {
				if _, err := parseOne(c.Text); err != nil && !strings.Contains(test.text, "---c") {
					t.Errorf("parse %q: %v", c.Text, err)
				}
			}
		})
	}
}

func TestCover(t *testing.T) {
	problems := Problems{{Path: "spec.sli.ratio"}, {Path: `labels["a.b"]`}}
	for path, want := range map[string]bool{
		"spec.sli.ratio": true, "spec.sli.ratio.bad": true, "spec.sli": true, "spec": true, "": true,
		"spec.sli.ratios": false, "spec.sl": false, "spec.window": false, "labels": true, "labels.a": false,
	} {
		if got := problems.Cover(path); got != want {
			t.Errorf("Cover(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestLineOf(t *testing.T) {
	doc, problem := Parse(Chunk{Text: []byte("# c\na:\n  b:\n  - x\n  - y\n  \"c.d\": 1\n"), Line: 5})
	if problem != nil {
		t.Fatal(problem)
	}
	for path, want := range map[string]int{"": 6, "a": 6, "a.b": 7, "a.b[0]": 8, "a.b[1]": 9, "a.z": 6, "a.b[7].x": 7, `a["c.d"]`: 10} {
		if got := doc.LineOf(path); got != want {
			t.Errorf("LineOf(%q) = %d, want %d", path, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("name: a\nlabels: {<<: *x}\n---\n--- {a: b}\n...\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		for _, chunk := range Split([]byte(text)) {
			doc, problem := Parse(chunk)
			if (doc == nil) == (problem == nil) {
				t.Fatalf("document %v, problem %v", doc, problem)
			}
			if doc != nil {
				var s sample
				doc.Decode(&s)
			}
		}
	})
}
