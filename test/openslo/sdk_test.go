package openslo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/OpenSLO/go-sdk/pkg/openslosdk"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/openslo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// official is what the library says about one document.
func official(text []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the library panics: %v", r)
		}
	}()
	objects, err := openslosdk.Decode(bytes.NewReader(text), openslosdk.FormatYAML)
	if err != nil {
		return err
	}
	return openslosdk.Validate(objects...)
}

// document is one of the corpus.
type document struct {
	name string
	text []byte
	// beside is the rest of its file, which it may refer to.
	beside []byte
}

func corpus(t *testing.T) []document {
	t.Helper()
	names, err := filepath.Glob("../../pkg/slo/openslo/testdata/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	var all []document
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		chunks := strictyaml.Split(data)
		for i, c := range chunks {
			d := document{name: fmt.Sprintf("%s:%d", filepath.Base(name), c.Line), text: plain(c.Text)}
			for j, other := range chunks {
				if i != j {
					d.beside = append(append(d.beside, "\n---\n"...), plain(other.Text)...)
				}
			}
			all = append(all, d)
		}
	}
	return all
}

// plain is a document without its marker.
func plain(text []byte) []byte { return bytes.TrimPrefix(text, []byte("---")) }

// strictly reads a document among its neighbours, and returns the errors.
func strictly(d document) []slo.Problem {
	l := slo.Loader{Formats: openslo.Formats(openslo.Options{Strict: true}), Strict: true}
	_, problems := l.Load(slo.File{Name: "it", Data: d.text}, slo.File{Name: "beside", Data: d.beside})
	var errors []slo.Problem
	for _, p := range problems {
		if p.File == "it" && p.Severity == slo.Error {
			errors = append(errors, p)
		}
	}
	return errors
}

func TestTheLibraryTakesWhatIsWritten(t *testing.T) {
	n := 0
	for _, d := range corpus(t) {
		specs, _ := slo.Loader{Formats: openslo.Formats(openslo.Options{})}.Load(slo.File{Name: d.name, Data: append(append(bytes.Clone(d.text), "\n"...), d.beside...)})
		for _, s := range specs {
			if s.Composite != nil {
				continue // written with its parts, below
			}
			text, problems := openslo.Encode([]*slo.Spec{s})
			if len(text) == 0 {
				t.Errorf("%s: %s is not written: %v", d.name, s.ID(), problems)
				continue
			}
			if err := official(text); err != nil {
				t.Errorf("%s: %v\n%s", d.name, err, text)
			}
			n++
		}
		all, _ := openslo.Encode(specs)
		if err := official(all); err != nil {
			t.Errorf("the documents of %s together: %v", d.name, err)
		}
	}
	if n < 40 {
		t.Errorf("only %d documents were written", n)
	}
}

// What the library refuses is refused, and the other way round, but for what
// the lists of differences give a reason for.
func TestStrictIsAsStrictAsTheLibrary(t *testing.T) {
	agreed := map[bool]int{}
	for _, d := range corpus(t) {
		verdict := compare(d)
		if verdict.wrong != "" {
			t.Errorf("%s: %s", d.name, verdict.wrong)
		}
		agreed[verdict.accepted]++
	}
	t.Logf("accepted by both %d, refused %d", agreed[true], agreed[false])
	if agreed[true] < 20 || agreed[false] < 20 {
		t.Errorf("the corpus is one-sided: %v", agreed)
	}
}

type verdict struct {
	accepted bool // by the library
	wrong    string
}

func compare(d document) verdict {
	err, ours := official(d.text), strictly(d)
	v := verdict{accepted: err == nil}
	switch {
	case err != nil && !slices.ContainsFunc(ours, shared) && !looser(err):
		v.wrong = fmt.Sprintf("the library refuses what is accepted: %v", err)
	case err == nil:
		for _, p := range ours {
			if !stricter(p) {
				v.wrong = "accepted by the library, and refused: " + p.String()
			}
		}
	}
	return v
}

// shared reports whether a problem may be what the library refuses.
func shared(p slo.Problem) bool { return !contains(p.Message, alone) }

func contains(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
