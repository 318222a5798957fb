package slo

import (
	"slices"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// borrowed is a format whose SLOs take their SLI from another document.
func borrowed(t *testing.T) map[Format]Decoder {
	formats := Native()
	formats[Format{"other/v1", "SLI"}] = Decoder{Part: func(doc *strictyaml.Document) (string, any, []Problem) {
		return doc.Text("name"), doc.Text("total"), nil
	}}
	formats[Format{"other/v1", "SLO"}] = Decoder{SLOs: func(doc *strictyaml.Document, in *Library) ([]*Spec, []Problem) {
		total, ok := in.Find(Format{"other/v1", "SLI"}, doc.Text("ref"))
		if !ok {
			return nil, []Problem{{Field: "ref", Message: "nobody is called so", Fix: strings.Join(in.Names(Format{"other/v1", "SLI"}), ", ")}}
		}
		s := validSpec(t)
		s.Name, s.SLI.Ratio = doc.Text("name"), &Ratio{Total: total.(string), Bad: s.SLI.Ratio.Bad}
		s.Labels = map[string]string{"tier": "2"}
		s.Fields = map[string]string{"spec": "promise", "spec.sli.ratio": "ref", "metadata": "about"}
		return []*Spec{s}, nil
	}}
	return formats
}

func TestDocumentsReferToEachOther(t *testing.T) {
	l := Loader{Formats: borrowed(t)}
	const slis = "apiVersion: other/v1\nkind: SLI\nname: requests\ntotal: all_total\n---\napiVersion: other/v1\nkind: SLI\nname: requests\ntotal: others_total\n"
	const slos = "apiVersion: other/v1\nkind: SLO\nname: one\nref: requests\n---\napiVersion: other/v1\nkind: SLO\nname: two\nref: request\n"
	specs, problems := l.Load(File{"a.yaml", []byte(slos)}, File{"b.yaml", []byte(slis)})
	if len(specs) != 1 || specs[0].Name != "one" || specs[0].SLI.Ratio.Total != "all_total" {
		t.Errorf("specs %v", specs)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{
		"a.yaml:1 (document 1): warning: about.labels.tier: label \"tier\" is one that the engine sets itself; " +
			"where both meet the engine's counts, and /metrics/slo shows yours as label_tier",
		"a.yaml:9 (document 2): error: ref: nobody is called so; requests",
		"b.yaml:6 (document 2): error: metadata.name: another SLI is called \"requests\", at b.yaml:1 (document 1); rename or remove one of them",
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAnErrorIsOfOneSLO: what is wrong inside one of a document's SLOs takes
// nothing away from its neighbours, and what is wrong around them from all.
func TestAnErrorIsOfOneSLO(t *testing.T) {
	for field, want := range map[string][]string{
		"slos[1].sli":  {"a", "c"},
		"slos[1]":      {"a", "c"},
		"slos[10].sli": nil, // nobody's: the document's
		"slos":         nil,
		"service":      nil,
	} {
		formats := map[Format]Decoder{{APIVersion: "other/v1"}: {SLOs: func(*strictyaml.Document, *Library) (specs []*Spec, _ []Problem) {
			for i, name := range []string{"a", "b", "c"} {
				s := validSpec(t)
				s.Name, s.At = name, strictyaml.Index("slos", i)
				specs = append(specs, s)
			}
			return specs, []Problem{{Field: field, Message: "wrong"}}
		}}}
		specs, problems := Loader{Formats: formats}.Load(File{"a.yaml", []byte("version: other/v1")})
		var got []string
		for _, s := range specs {
			got = append(got, s.Name)
		}
		if !slices.Equal(got, want) || len(problems) != 1 {
			t.Errorf("with an error at %s: SLOs %v, want %v; problems %v", field, got, want, problems)
		}
	}
}

func TestProblemsAreWhereTheDocumentHasThem(t *testing.T) {
	s := Spec{Fields: map[string]string{"spec": "promise", "spec.sli.ratio": "ref", "spec.windows[1]": "second"}}
	for path, want := range map[string]string{
		"spec.window":          "promise.window",
		"spec.sli.ratio.total": "ref.total",
		"spec.sli.ratios":      "promise.sli.ratios",
		"spec.windows[1].zone": "second.zone",
		"spec.windows[10]":     "promise.windows[10]",
		"metadata.name":        "metadata.name",
		"":                     "",
	} {
		if got := s.field(path); got != want {
			t.Errorf("%q is at %q, want %q", path, got, want)
		}
	}
}
