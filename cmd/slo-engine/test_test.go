package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shell runs command lines in a folder as a person would.
type shell struct {
	*testing.T
	code int
}

// sh runs one line and returns what it wrote, data first.
func (s *shell) sh(line string) string {
	s.Helper()
	if line == "echo $?" {
		return fmt.Sprintln(s.code)
	}
	words := strings.Fields(line)
	if words[0] != "slo-engine" {
		s.Fatalf("no such command: %s", line)
	}
	var out, err bytes.Buffer
	s.code = run(s.Context(), words[1:], streams{&out, &err})
	return out.String() + err.String()
}

// block is a fenced block of a document.
var block = regexp.MustCompile("(?ms)^```(\\w+)( file=(\\S+))?\n(.*?)^```$")

// took is what differs from run to run.
var took = regexp.MustCompile(`in \d+\.\d\ds`)

// TestDocuments writes the files of documents and runs their commands: each
// line of output that they show must come, in that order.
func TestDocuments(t *testing.T) {
	for name, atLeast := range map[string]int{"scenarios.md": 7, "migrating-from-sloth.md": 5, "migrating-from-pyrra.md": 3, "migrating-from-slo-generator.md": 3, "budget-adjustments.md": 4, "gate-policies.md": 2, "alerting.md": 2, "spans-and-logs.md": 3} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("../../docs/" + name)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			s, commands, played := &shell{T: t}, 0, map[string]bool{}
			for _, b := range block.FindAllStringSubmatch(string(text), -1) {
				language, file, content := b[1], b[3], b[4]
				if file != "" {
					if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
						t.Fatal(err)
					}
					played[file] = strings.HasSuffix(file, ".slotest") && !strings.Contains(content, "trafic") && file != "changed.slotest"
				}
				if language == "console" {
					commands += s.session(content)
				}
			}
			if commands < atLeast {
				t.Errorf("%d commands found, there are more", commands)
			}
			s.holds(played)
		})
	}
}

// holds plays the scenarios that should hold.
func (s *shell) holds(played map[string]bool) {
	s.Helper()
	for file, sound := range played {
		if sound {
			if out := s.sh("slo-engine test " + file); s.code != 0 {
				s.Errorf("%s does not hold:\n%s", file, out)
			}
		}
	}
}

// session runs the lines after "$ " and looks for those below in the output.
func (s *shell) session(text string) (commands int) {
	s.Helper()
	rest := ""
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			rest = took.ReplaceAllString(s.sh(command), "in")
			commands++
			continue
		}
		_, after, found := strings.Cut(rest, took.ReplaceAllString(line, "in")+"\n")
		if !found {
			s.Errorf("the document shows %q, but there came:\n%s", line, rest)
		}
		rest = after
	}
	return commands
}

// TestExamples plays every scenario of examples/.
func TestExamples(t *testing.T) {
	s := &shell{T: t}
	if files, _ := filepath.Glob("../../examples/*.slotest"); len(files) < 5 {
		t.Errorf("%d scenarios in examples/, there are more", len(files))
	}
	if out := s.sh("slo-engine test ../../examples/*.slotest"); s.code != 0 {
		t.Errorf("exit code %d:\n%s", s.code, out)
	}
}

// TestEveryNumberOfAnExampleMatters changes each number that an example
// expects, one at a time: each change must be found, with a difference.
func TestEveryNumberOfAnExampleMatters(t *testing.T) {
	data, err := os.ReadFile("../../examples/fast-burn.slotest")
	if err != nil {
		t.Fatal(err)
	}
	spec, err := filepath.Abs("../../examples/availability.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), "slo availability.yaml", "slo "+spec, 1)
	t.Chdir(t.TempDir())
	s, changed := &shell{T: t}, 0
	for _, m := range regexp.MustCompile(`(?m)(remaining|good|total|burn 5m) (\d+)`).FindAllStringSubmatchIndex(text, -1) {
		other := text[:m[5]] + "1" + text[m[5]:]
		if err := os.WriteFile("changed.slotest", []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		out := s.sh("slo-engine test changed.slotest")
		if s.code != 1 || !strings.Contains(out, "- expected  ") || !strings.Contains(out, "+ got       ") {
			t.Errorf("with %s1 instead of %[1]s: exit code %d\n%s", text[m[0]:m[1]], s.code, out)
		}
		changed++
	}
	if changed < 4 {
		t.Errorf("%d numbers changed, there are more", changed)
	}
}
