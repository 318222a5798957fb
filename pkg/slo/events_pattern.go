package slo

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// Bounds of what selects spans and log records: it is asked of each one.
const (
	// MaxMatchers bounds a list of matchers.
	MaxMatchers = 32
	// MaxPatternBytes bounds the text of a matcher and of a regular expression.
	MaxPatternBytes = 1024
	// MaxPatternSteps bounds the program that a regular expression becomes: the
	// time it takes for each byte grows with it. "a{1000}" has a thousand steps.
	MaxPatternSteps = 5000
)

// pattern checks a regular expression, and reports whether it matches
// anywhere in any text; the empty one does.
func (v *validator) pattern(field, text string) (anything bool) {
	if len(text) > MaxPatternBytes {
		v.tooLong(field, text)
		return false
	}
	steps, err := cost(text)
	switch {
	case err != nil:
		v.fail(field, fmt.Sprintf("%q is not a regular expression: %v", shorten(text), err), "write RE2 syntax, such as 'order .* failed'")
		return false
	case steps > MaxPatternSteps:
		v.fail(field, fmt.Sprintf("%q is too costly to be asked of each event", shorten(text)), "repeat less: {1000} is a thousand copies")
		return false
	}
	compiled, err := regexp.Compile(text)
	return err == nil && compiled.MatchString("") && compiled.MatchString("\x00")
}

// cost is how many steps an expression's program has.
func cost(text string) (int, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return 0, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0, err
	}
	return len(program.Inst), nil
}

func (v *validator) tooLong(field, text string) {
	v.fail(field, fmt.Sprintf("has %d bytes, more than the %d allowed", len(text), MaxPatternBytes), "shorten it")
}
