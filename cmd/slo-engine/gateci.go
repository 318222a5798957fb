package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// explanation is the URL of a verdict's explanation; empty: there is none.
func (c *gateAskCmd) explanation(v apitypes.GateVerdict) string {
	base, err := url.Parse(c.URL)
	if err != nil || v.Explanation == "" {
		return ""
	}
	page, err := base.Parse(v.Explanation)
	if err != nil {
		return ""
	}
	page.User = nil // whoever reads it shows who they are themselves
	return page.String()
}

// tellResult writes the decision to a file without a newline, which Tekton would
// take for a part of it.
func tellResult(file string, o gateAnswer) error {
	if file == "" {
		return nil
	}
	if err := os.WriteFile(file, []byte(o.decision), 0o644); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// tellGitHub writes a step's outputs and its summary, where GitHub Actions wants
// them.
func tellGitHub(o gateAnswer) error {
	if os.Getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	if err := appendTo(os.Getenv("GITHUB_OUTPUT"), stepOutputs(o)); err != nil {
		return fmt.Errorf("write the step's outputs: %w", err)
	}
	if err := appendTo(os.Getenv("GITHUB_STEP_SUMMARY"), stepSummary(o)); err != nil {
		return fmt.Errorf("write the step's summary: %w", err)
	}
	return nil
}

func appendTo(file, text string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// stepOutputs are name=value lines, so that no value may hold a line break.
func stepOutputs(o gateAnswer) string {
	var b strings.Builder
	for _, pair := range [][2]string{
		{"decision", o.decision}, {"explanation", o.explanation}, {"verdict", o.verdict.ID},
	} {
		fmt.Fprintf(&b, "%s=%s\n", pair[0], cell(pair[1]))
	}
	return b.String()
}

// stepSummary is Markdown: the decision, the reasons, the figures.
func stepSummary(o gateAnswer) string {
	v := o.verdict
	var b strings.Builder
	fmt.Fprintf(&b, "### Release gate: %s\n\n", markdown(headline(o)))
	for _, r := range v.Reasons {
		fmt.Fprintf(&b, "- %s\n", markdown(reasonText(r)))
	}
	if v.ErrorBudgetRemaining != nil {
		fmt.Fprintf(&b, "\n| SLO | budget left | spent in 1 h | burn 1 h |\n|---|---|---|---|\n| %s | %s | %s | %s |\n", markdown(v.LeadingSLO),
			share(v.ErrorBudgetRemaining, 1), share(v.ErrorBudgetConsumed1h, 1), rate(v.BurnRates["1h"]))
	}
	if o.explanation != "" {
		fmt.Fprintf(&b, "\n[What was looked at](<%s>)\n", strings.NewReplacer("<", "%3C", ">", "%3E").Replace(cell(o.explanation)))
	}
	return b.String()
}

// markdown is text that means nothing in Markdown, nor in HTML.
func markdown(text string) string {
	var b strings.Builder
	for _, c := range cell(text) {
		if strings.ContainsRune("\\`*_{}[]<>()#!|~&@", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}
