package slo

import (
	"fmt"
	"strings"
)

// Severity grades a Problem.
type Severity int

const (
	// Error: the document is not used (quarantined).
	Error Severity = iota
	// Warning: the document is used; the user should know.
	Warning
)

// String is "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Problem is one thing wrong with one document: what, where, and what to do.
type Problem struct {
	// Origin is where: its Line is that of the field, as near as it is known.
	Origin
	Severity Severity
	// SLO is the id "service:name" as far as it could be read; may be empty.
	SLO string
	// Field is the path inside the document, such as "spec.sli.ratio.total".
	// Empty when the document as a whole is meant.
	Field string
	// Message says what is wrong, in lower case.
	Message string
	// Fix says what to write instead; may be empty.
	Fix string
}

// String is one line: origin, field, message, fix.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: ", p.Origin, p.Severity)
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Message)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}
