package config

import (
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Problem is one thing wrong with a configuration: where, what, and what to
// write instead.
type Problem struct {
	// File is the configuration file; empty when there is none.
	File string
	strictyaml.Problem
}

// String is one line: file:line, field, message, fix.
func (p Problem) String() string {
	switch {
	case p.File == "":
		return p.Problem.String()
	case p.Line == 0:
		return p.File + ": " + p.Problem.String()
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Problem)
}

// Problems is the error of a configuration that cannot be used: all that is
// wrong with it.
type Problems []Problem

// Error has one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
