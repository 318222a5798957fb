package slo

import (
	"strings"
	"testing"
)

func TestParseObjective(t *testing.T) {
	tests := map[string]struct {
		ratio, budget float64
		text          string
	}{
		"99.9%":     {0.999, 0.001, "99.9%"},
		"99.9 %":    {0.999, 0.001, "99.9%"},
		" 99.9% ":   {0.999, 0.001, "99.9%"},
		"99.95%":    {0.9995, 0.0005, "99.95%"},
		"99.99%":    {0.9999, 0.0001, "99.99%"},
		"99.999%":   {0.99999, 0.00001, "99.999%"},
		"0.999":     {0.999, 0.001, "99.9%"},
		".5":        {0.5, 0.5, "50%"},
		"90%":       {0.9, 0.1, "90%"},
		"099.900%":  {0.999, 0.001, "99.9%"},
		"33.3%":     {0.333, 0.667, "33.3%"},
		"1%":        {0.01, 0.99, "1%"},
		"0.0000001": {1e-7, 0.9999999, "0.00001%"},
		"99.%":      {0.99, 0.01, "99%"},
	}
	for text, want := range tests {
		got, err := ParseObjective(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got.Ratio() != want.ratio || got.Budget() != want.budget || got.String() != want.text {
			t.Errorf("%q: got %v, %v, %q, want %+v", text, got.Ratio(), got.Budget(), got, want)
		}
		again, err := ParseObjective(got.String())
		if err != nil || again != got {
			t.Errorf("%q: its text %q reads as %v, %v", text, got, again, err)
		}
	}
}

func TestParseObjectiveErrors(t *testing.T) {
	tests := map[string]string{
		"99.9":                            "has no % sign",
		"100%":                            "leaves no error budget",
		"1":                               "leaves no error budget",
		"100.1%":                          "leaves no error budget",
		"0%":                              "promises nothing",
		"0":                               "promises nothing",
		"-1%":                             "is not a percentage",
		"1e2%":                            "is not a percentage",
		"1p-1":                            "is not a percentage",
		"0b1%":                            "is not a percentage",
		"0x10%":                           "is not a percentage",
		"1/2":                             "is not a percentage",
		"9_9%":                            "is not a percentage",
		"99,9%":                           "is not a percentage",
		"":                                "is not a percentage",
		"%":                               "is not a percentage",
		".%":                              "is not a percentage",
		"NaN":                             "is not a percentage",
		"Inf%":                            "is not a percentage",
		"99.9%%":                          "is not a percentage",
		"0." + strings.Repeat("9", 19):    "more nines",
		"0." + strings.Repeat("9", 1<<20): "is not a percentage",
	}
	for text, want := range tests {
		if got, err := ParseObjective(text); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 200 {
			t.Errorf("%.40q: got %v, %v, want an error with %q", text, got, err, want)
		}
	}
}
