package syncwindow

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestMark(t *testing.T) {
	for _, service := range []string{"checkout", "a b: c", "ä/ö", "x\x00\xff", `"%s"`} {
		w := Window{Service: service, Environment: "e: e", Applications: []string{"a"}}
		b := newBed(t, w)
		window := b.render(w, slo.GateDeny, "because: "+strings.Repeat("ä", 300)+"\n", noon)
		description := window["description"].(string)
		if len(description) > mostDescription || !utf8.ValidString(description) || strings.ContainsAny(description, "\n") {
			t.Errorf("%q: Argo CD does not take %q", service, description)
		}
		own := ownWindows("slo-engine", []any{roundTrip(t, window)})
		if len(own) != 1 || own[0].edited || own[0].mark.key != w.key() || own[0].mark.decision != slo.GateDeny {
			t.Errorf("%q is read back as %+v", service, own)
		}
	}
}

func TestNotAMark(t *testing.T) {
	for _, d := range []string{
		"", ":", ": ", "nobody ships on a Friday night", "slo-engine checkout deny until 2026-11-22T13:00Z 0000",
		"slo-engine checkout deny until soon 0000: x", "slo-engine checkout deny after 2026-11-22T13:00Z 0000: x",
		"SLO checkout deny until 2026-11-22T13:00Z 0000: x", "slo-engine deny until 2026-11-22T13:00Z 0000: x",
	} {
		if m, ok := parseMark(d); ok {
			t.Errorf("%q is taken for %+v", d, m)
		}
	}
}
