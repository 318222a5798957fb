package promql

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

func TestWindowSurvives(t *testing.T) {
	for text, want := range map[string]string{
		`sum(rate(x[{{.window}}]))`:                      `sum(rate(x[{{.window}}]))`,
		`sum by (a) (increase(x{a="b"}[{{ .window }}]))`: `sum by (a) (increase(x{a="b"}[{{.window}}]))`,
		`max_over_time(x[{{.window}}:1m])`:               `max_over_time(x[{{.window}}:1m])`,
		`rate(x[5m])`:                                    `rate(x[5m])`,
	} {
		expr, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := String(expr); got != want {
			t.Errorf("%s: written as %s, want %s", text, got, want)
		}
	}
}

func TestRangeIsParsed(t *testing.T) {
	expr, err := Parse(`x[{{.window}}]`)
	if err != nil {
		t.Fatal(err)
	}
	if got := expr.(*parser.MatrixSelector).Range; got != Range {
		t.Errorf("range %v, want %v", got, Range)
	}
}

func TestErrorsSpeakOfTheVariable(t *testing.T) {
	for _, text := range []string{`rate(x{{.window}})`, `{{.window}}x`, `sum(rate(x[{{.window}}])`} {
		_, err := Parse(text)
		if err == nil {
			t.Fatalf("%s: no error", text)
		}
		if strings.Contains(err.Error(), rangeText) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
