package scenario

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// long are numbers of repetitions that are allowed, but slow.
var long = regexp.MustCompile(`x[0-9]{5,}`)

// FuzzParse reads anything: it is understood, or its problems are named, each
// with a message, and nothing else happens.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../../examples/*.slotest")
	if err != nil || len(files) == 0 {
		f.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, below, _ := strings.Cut(string(text), ".yaml\n")
		f.Add(below)
	}
	f.Add("load 1s\n  a{b=\"}\"} 1x3 stale\nexpect x:y{z=\"#\"} budget remaining 50% ± 1")
	f.Add("at 1m\n\n\texpect burn 5m unknown # so")
	f.Add("traffic A every")
	f.Fuzz(func(t *testing.T, text string) {
		if long.MatchString(text) {
			return
		}
		s, err := Parse("fuzz.slotest", shop+text)
		if (s == nil) == (err == nil) {
			t.Fatalf("%v, %v", s, err)
		}
		if err != nil && strings.Contains(err.Error(), ": \n") {
			t.Errorf("a problem without words: %v", err)
		}
	})
}
