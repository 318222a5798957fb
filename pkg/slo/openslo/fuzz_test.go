package openslo_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/openslo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// FuzzDecode reads any text as a document of each kind. Nothing panics; what
// is wrong is said of a place in the document; what was read can be written, or
// it is said why not; and whoever reads strictly reads nothing more than others.
func FuzzDecode(f *testing.F) {
	for _, file := range corpus(f) {
		for _, chunk := range strictyaml.Split(file.Data) {
			f.Add(string(chunk.Text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := slo.File{Name: "fuzz.yaml", Data: []byte(text)}
		specs, problems := load(false, file)
		for _, p := range problems {
			if p.Message == "" || p.File != "fuzz.yaml" || p.Document == 0 || strings.HasPrefix(p.Field, ".") || p.Field == "" && !whole.MatchString(p.Message) {
				t.Errorf("problem %+v of\n%s", p, text)
			}
		}
		strict, _ := load(true, file)
		if len(strict) > len(specs) {
			t.Errorf("%d SLOs by strict reading, %d by lenient, of\n%s", len(strict), len(specs), text)
		}
		written, refused := openslo.Encode(specs)
		again, found := load(true, slo.File{Name: "written", Data: written})
		errors := 0
		for _, p := range refused {
			if p.Severity == slo.Error {
				errors++
			}
		}
		if len(again)+errors < len(specs) {
			t.Errorf("of %d SLOs %d were refused and %d read again: %v\n%s", len(specs), errors, len(again), found, written)
		}
	})
}

// whole are the problems of a document that nobody could look into.
var whole = regexp.MustCompile(`YAML|UTF-8|must be a mapping|alias|bytes|document`)
