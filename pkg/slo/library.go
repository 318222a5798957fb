package slo

import (
	"maps"
	"slices"
	"strings"
)

// Library holds the documents that others refer to: the parts of formats that
// spread an SLO over several documents.
type Library struct{ parts map[Format]map[string]part }

type part struct {
	value  any
	origin Origin
}

// Find returns the part of a format by its name.
func (l *Library) Find(f Format, name string) (any, bool) {
	p, ok := l.parts[f][name]
	return p.value, ok
}

// Names lists the parts of a format, sorted: to suggest one.
func (l *Library) Names(f Format) []string { return slices.Sorted(maps.Keys(l.parts[f])) }

// add keeps the first of a name; taken says that origin is another's.
func (l *Library) add(f Format, name string, value any, at Origin) (origin Origin, taken bool) {
	if first, taken := l.parts[f][name]; taken {
		return first.origin, true
	}
	if l.parts[f] == nil {
		l.parts[f] = map[string]part{}
	}
	l.parts[f][name] = part{value, at}
	return at, false
}

// here puts problems where the document has what they speak of.
func (s *Spec) here(problems []Problem) []Problem {
	for i := range problems {
		problems[i].Field = s.field(problems[i].Field)
	}
	return problems
}

// Problem is one with a field of s, which has the path of the native format,
// where the document has it.
func (s *Spec) Problem(severity Severity, field, message, fix string) Problem {
	return Problem{Origin: s.Origin, Severity: severity, SLO: s.identity(), Field: s.field(field), Message: message, Fix: fix}
}

// field is where the document has what the native format writes at path.
func (s *Spec) field(path string) string {
	for head := path; head != ""; head = parent(head) {
		if theirs, ok := s.Fields[head]; ok {
			return theirs + path[len(head):]
		}
	}
	return path
}

// parent is the path of what holds path: "a.b[1]" → "a.b" → "a" → "".
func parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }
