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
	// Unserved: a document of another format is sound, and asks for what cannot
	// be measured here: it is not used, and that is no mistake.
	Unserved
)

// NotMeasured is how people are told of what is Unserved.
const NotMeasured = "not measured here"

// String is "error", "warning" or "unserved".
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Unserved:
		return "unserved"
	}
	return "error"
}

// Quarantines reports whether what has such a problem is not used.
func (s Severity) Quarantines() bool { return s != Warning }

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

// String is one line: origin, severity, field, message, fix. What is Unserved
// is a warning that says so.
func (p Problem) String() string {
	severity := p.Severity.String()
	if p.Severity == Unserved {
		severity = Warning.String() + ": " + NotMeasured
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: ", p.Origin, severity)
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Message)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}
