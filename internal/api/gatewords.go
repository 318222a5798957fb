package api

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// mostSaid is how many reasons are told where there is but one line.
const mostSaid = 3

// because are the reasons that made a decision, in words.
func because(v *gate.Verdict) []string {
	texts := []string{}
	for _, r := range v.Reasons {
		if r.Decision == v.Decision && !r.Overruled {
			texts = append(texts, oneLine(r.Text))
		}
	}
	return texts
}

// inShort is a decision with its reasons, in one line.
func inShort(v *gate.Verdict) string {
	texts := because(v)
	line := string(v.Decision)
	if len(texts) == 0 {
		return line
	}
	more := len(texts) - mostSaid
	if more > 0 {
		texts = texts[:mostSaid]
	}
	line += ": " + strings.Join(texts, "; ")
	if more > 0 {
		line += fmt.Sprintf("; and %d more", more)
	}
	return line
}

// explained is the same, and where to read more.
func (a *api) explained(v *gate.Verdict) string {
	line := inShort(v)
	if at := a.explanation(v); at != "" {
		line += " (" + at + ")"
	}
	return line
}

// oneLine is text without what would break a line.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// heard is a decision for those who cannot be told unknown.
func heard(v *gate.Verdict) slo.GateDecision {
	switch {
	case v.Decision != slo.GateUnknown:
		return v.Decision
	case v.IfUnknown == "":
		return slo.DefaultGatePolicy().IfUnknown
	}
	return v.IfUnknown
}
