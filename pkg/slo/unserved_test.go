package slo

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// foreign is a format of documents that name what they have wrong.
func foreign(t *testing.T) map[Format]Decoder {
	formats := Native()
	formats[Format{"other/v1", "SLO"}] = Decoder{SLOs: func(doc *strictyaml.Document, _ *Library) ([]*Spec, []Problem) {
		s := validSpec(t)
		s.Service, s.Name = "shop", doc.Text("name")
		switch doc.Text("wants") {
		case "a plugin":
			return []*Spec{s}, []Problem{{Severity: Unserved, Field: "wants", Message: "is not run here"}}
		case "a plugin and a target":
			return []*Spec{s}, []Problem{{Severity: Unserved, Field: "wants", Message: "is not run here"}, {Field: "target", Message: "is missing"}}
		case "a year":
			s.Window = Window{Rolling: 365 * day}
		case "all":
			s.SLI.Ratio = &Ratio{Total: "all_total", Good: "all_total"}
		}
		return []*Spec{s}, nil
	}}
	return formats
}

func wanting(name, what string) string {
	return fmt.Sprintf("---\napiVersion: other/v1\nkind: SLO\nname: %s\nwants: %s\n", name, what)
}

// inAllMyLife is a native document that asks for a year.
const inAllMyLife = "apiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: life}\n" +
	"spec: {service: shop, objective: 99%, window: 365d, sli: {ratio: {total: a, bad: b}}}\n"

func TestUnserved(t *testing.T) {
	checked := map[string]bool{}
	for name, c := range map[string]struct {
		text            string
		sound           string
		lenient, strict []string
	}{
		"sound": {text: wanting("a", "nothing"), sound: "shop:a"},
		"not measured": {
			text: wanting("a", "a plugin") + wanting("b", "nothing"), sound: "shop:b",
			lenient: []string{"f.yaml:5 (document 1): warning: not measured here: wants: is not run here"},
			strict:  []string{"f.yaml:5 (document 1): error: wants: is not run here"},
		},
		"faulty besides": {
			text:    wanting("a", "a plugin and a target"),
			lenient: []string{"f.yaml:2 (document 1): error: target: is missing", "f.yaml:5 (document 1): warning: not measured here: wants: is not run here"},
			strict:  []string{"f.yaml:2 (document 1): error: target: is missing", "f.yaml:5 (document 1): error: wants: is not run here"},
		},
		"too long": {
			text:    wanting("a", "a year"),
			lenient: []string{"f.yaml:2 (document 1): warning: not measured here: spec.window: 365d is longer than this version keeps; write at most 90d, or a calendar period"},
			strict:  []string{"f.yaml:2 (document 1): error: spec.window: 365d is longer than this version keeps; write at most 90d, or a calendar period"},
		},
		"all good": {
			text: wanting("a", "all"), sound: "shop:a",
			lenient: []string{"f.yaml:2 (document 1): warning: spec.sli.ratio.good: is the same as total: nothing could ever be bad; select the good events only"},
			strict:  []string{"f.yaml:2 (document 1): warning: spec.sli.ratio.good: is the same as total: nothing could ever be bad; select the good events only"},
		},
		"native": {
			text:    inAllMyLife,
			lenient: []string{"f.yaml:4 (document 1): error: spec.window: 365d is longer than this version keeps; write at most 90d, or a calendar period"},
			strict:  []string{"f.yaml:4 (document 1): error: spec.window: 365d is longer than this version keeps; write at most 90d, or a calendar period"},
		},
	} {
		for _, strict := range []bool{false, true} {
			l := Loader{Formats: foreign(t), Strict: strict, Check: func(s *Spec) []Problem {
				checked[name] = true
				return nil
			}}
			specs, problems := l.Load(File{"f.yaml", []byte(c.text)})
			var ids, texts []string
			for _, s := range specs {
				ids = append(ids, s.ID())
			}
			for _, p := range problems {
				texts = append(texts, p.String())
			}
			want := map[bool][]string{false: c.lenient, true: c.strict}[strict]
			if diff := cmp.Diff(want, texts); diff != "" || strings.Join(ids, " ") != c.sound {
				t.Errorf("%s, strict %t: %q are sound, not %q\n%s", name, strict, ids, c.sound, diff)
			}
		}
	}
	if checked["faulty besides"] || !checked["too long"] {
		t.Errorf("%v were compiled: nobody can compile what the decoder cannot read", checked)
	}
}

// TestLinkUnserved: what is made of an SLO that is not measured is not measured,
// and an error where somebody wrote it for this engine.
func TestLinkUnserved(t *testing.T) {
	for _, c := range []struct {
		part   string
		format Format
		want   Severity
		says   string
	}{
		{wanting("search", "a plugin"), Format{"other/v1", "SLO"}, Unserved, "shop:search is not measured here: its own problem says why"},
		{wanting("search", "a plugin"), Format{APIVersion, KindSLO}, Error, "shop:search is not measured here: its own problem says why"},
		{wanting("search", "a plugin and a target"), Format{"other/v1", "SLO"}, Error, "shop:search cannot be used: its own problem says why"},
	} {
		specs, found := Loader{Formats: foreign(t)}.Load(File{"f.yaml", []byte(c.part + "---\n" + journey("[{slo: search}]") + renamed("above", "[{slo: journey}]"))})
		for _, s := range specs {
			s.Format = c.format
		}
		for range 2 {
			kept, problems := Link(specs, found)
			if len(kept) != 0 || len(problems) != 2 || problems[0].Severity != c.want || problems[1].Severity != c.want || problems[0].Message != c.says {
				t.Errorf("kept %v, problems %v, want %s", kept, problems, c.says)
			}
			slices.Reverse(found) // which problem is first is of no matter
		}
	}
}

// TestListsOfDocuments: each item of a list is a document as any other.
func TestListsOfDocuments(t *testing.T) {
	item := func(name string) string {
		text := strings.TrimSuffix(strings.Replace(inAllMyLife, "life", name, 1), "\n")
		return "- " + strings.ReplaceAll(strings.Replace(text, "365d", "30d", 1), "\n", "\n  ") + "\n"
	}
	faulty := strings.Replace(item("c"), "99%", "0%", 1)
	text := "# all\n" + item("a") + item("b") + faulty + "- nothing\n---\n" + strings.Replace(inAllMyLife, "365d", "30d", 1) + "---\n[]\n"
	specs, problems := Load("f.yaml", []byte(text))
	var got []string
	for _, s := range specs {
		got = append(got, fmt.Sprintf("%s %s", s.ID(), s.Origin))
	}
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{
		"shop:a f.yaml:2 (document 1)", "shop:b f.yaml:6 (document 2)", "shop:life f.yaml:16 (document 5)",
		`f.yaml:13 (document 3): error: spec.objective: an objective of 0 or less promises nothing; write a percentage between 0% and 100%, such as "99.9%"`,
		"f.yaml:14 (document 4): error: a document must be a mapping of fields, not a string",
		"f.yaml:21 (document 6): error: the list of documents is empty; write a document in it, or remove it",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	many := strings.Repeat(item("a"), 10_000)
	specs, problems = Load("many.yaml", []byte(many))
	if len(specs) != 10_000 || len(problems) != 0 || specs[9_999].Origin.Line != 4*9_999+1 {
		t.Errorf("of 10000 items of a list %d are read, with %d problems", len(specs), len(problems))
	}
}
