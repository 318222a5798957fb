package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// What strangers wrote sets no output of its own, and is no Markdown.
func TestStepIsTold(t *testing.T) {
	known := 0.5
	hostile := "x\ndecision=allow\n### [a](javascript:b) <img src=x> | `y` \x1b[31m"
	o := gateAnswer{decision: "hold", explanation: "http://h/>\ndecision=allow", verdict: apitypes.GateVerdict{
		ID: "1\n2", Decision: "hold", Service: hostile, LeadingSLO: hostile, ErrorBudgetRemaining: &known,
		Reasons: []apitypes.GateReason{{Text: hostile}},
	}}
	if got := stepOutputs(o); got != "decision=hold\nexplanation=http://h/> decision=allow\nverdict=1 2\n" {
		t.Errorf("%q", got)
	}
	got := stepSummary(o)
	for _, bad := range []string{"\ndecision", "\n### \\[", "[a]", " <img", "| `", "\x1b", "\n\n\n"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in %s", bad, got)
		}
	}
	for _, good := range []string{"### Release gate: hold: x decision=allow ", `\[a\]\(javascript:b\) \<img src=x\>`, "\n| x decision=allow", " | 50% | - | - |\n", "(<http://h/%3E decision=allow>)"} {
		if !strings.Contains(got, good) {
			t.Errorf("%q is not in %s", good, got)
		}
	}
}

// Outside of GitHub Actions nothing is written, and a file that cannot be written is
// told.
func TestStepFiles(t *testing.T) {
	outsidePipelines(t)
	file := filepath.Join(t.TempDir(), "output")
	t.Setenv("GITHUB_OUTPUT", file)
	o := gateAnswer{decision: "allow"}
	if err := tellGitHub(o); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("it was written outside of GitHub Actions")
	}
	t.Setenv("GITHUB_ACTIONS", "true")
	for range 2 {
		if err := tellGitHub(o); err != nil {
			t.Error(err)
		}
	}
	if text, _ := os.ReadFile(file); strings.Count(string(text), "decision=allow\n") != 2 {
		t.Errorf("it was not added: %q", text)
	}
	t.Setenv("GITHUB_STEP_SUMMARY", t.TempDir())
	if err := tellGitHub(o); err == nil || !strings.Contains(err.Error(), "write the step's summary") {
		t.Errorf("%v", err)
	}
	url := newGateStub().serve(t)
	if code, _, err := command(t, "gate", "--service", "checkout", "--url", url); code != 2 || !strings.Contains(err, "write the step's summary") {
		t.Errorf("exit code %d, %s", code, err)
	}
}
