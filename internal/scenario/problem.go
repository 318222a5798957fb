package scenario

import (
	"fmt"
	"strings"
)

// Problem is one thing that cannot be understood in a scenario.
type Problem struct {
	File string
	// Line and Column begin at 1; 0 is the file as a whole.
	Line, Column int
	// Message says what is wrong, Fix what to write instead; Fix may be empty.
	Message, Fix string
}

// Error is one line: where, what, and what to do.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Column > 0 {
		fmt.Fprintf(&b, ":%d", p.Column)
	}
	b.WriteString(": " + p.Message)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}

// Problems are all that is wrong with one file.
type Problems []Problem

// Error has one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}
