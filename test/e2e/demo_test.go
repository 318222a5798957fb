package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/test/lab"
)

// How the demo ends when the loop closed. Somebody may be paged where the machine
// is so slow that the engine comes late.
var loopClosed = regexp.MustCompile(`The loop closed: detected, healed, verified, undone, .*, and every event counted\.`)

// The demo is the whole story in one process: traffic, a broken release, what
// the engine does about it at the gateway, the proof, the way back, and books
// that agree. It takes a minute, which -short leaves out.
func TestDemo(t *testing.T) {
	if testing.Short() {
		return
	}
	t.Parallel()
	p := lab.Start(t, lab.Cmd{Name: buildEngine(t), Args: []string{"demo", "--no-color", "--for", "5m"}, Dir: t.TempDir()})
	out := wantStory(t, p)
	for line := range strings.Lines(readmeStory(t)) {
		if !likeLine(line).MatchString(out) {
			t.Errorf("the README shows a line that the demo does not print: %s", line)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// The same at a real HAProxy with wrk as its client, started as people start it.
func TestDemoHAProxy(t *testing.T) {
	if testing.Short() {
		return
	}
	t.Parallel()
	lab.Binary(t, "haproxy")
	lab.Binary(t, "wrk")
	script, err := filepath.Abs(filepath.Join(root, "tools", "demo-haproxy.sh"))
	if err != nil {
		t.Fatal(err)
	}
	wantStory(t, lab.Start(t, lab.Cmd{
		Name: script, Args: []string{"--no-color", "--for", "5m"}, Env: []string{"ENGINE=" + buildEngine(t)}, Dir: t.TempDir(),
	}))
}

// wantStory wants the loop to close, and returns what was printed.
func wantStory(t *testing.T, p *lab.Process) string {
	t.Helper()
	wantExit(t, p, 0, "The loop closed")
	out := p.Output()
	if !loopClosed.MatchString(out) || strings.Contains(out, "DIFFERENT") {
		t.Errorf("the story does not end well:\n%s", out)
	}
	return out
}

// readmeStory is what the README shows of the demo.
func readmeStory(t *testing.T) string {
	t.Helper()
	for _, b := range readme(t) {
		if strings.Contains(b.text, "> DETECTED") {
			return b.text
		}
	}
	t.Fatal("the README shows nothing of the demo")
	return ""
}

var digits = regexp.MustCompile(`[0-9]+`)

// likeLine matches a line with any other numbers. A page, which a slow machine
// may see, is not what the README is about.
func likeLine(line string) *regexp.Regexp {
	pattern := digits.ReplaceAllString(regexp.QuoteMeta(strings.Join(strings.Fields(line), " ")), `[0-9]+`)
	pattern = strings.ReplaceAll(pattern, "nobody was paged", `(nobody was paged|.* pages? .*)`)
	return regexp.MustCompile(`(?m)^\s*` + strings.ReplaceAll(pattern, " ", `\s+`) + `$`)
}
