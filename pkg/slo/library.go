package slo

import (
	"maps"
	"slices"
	"strings"
)

// Library holds the documents that others refer to: the parts of formats that
// spread an SLO over several documents.
type Library struct {
	parts map[Format]map[string]*part
	// byName lists them once it is known that no more come.
	byName map[Format][]*part
	// services are those of all SLOs.
	services map[string]bool
	// unread: there are documents of which it is not known what they are.
	unread bool
}

// part is one of these documents.
type part struct {
	value  any
	origin Origin
	// faulty: it has errors and nobody finds it; the name is taken all the same
	// as long as no sound document has it.
	faulty bool
	// used, if it is a chooser: there are SLOs that it is about.
	used bool
	// missed are SLOs that go on without it, by id.
	missed []string
	// misfits are SLOs that a GatePolicy does not suit.
	misfits misfits
}

// Find returns the part of a format by its name.
func (l *Library) Find(f Format, name string) (any, bool) {
	p, ok := l.parts[f][name]
	if !ok || p.faulty {
		return nil, false
	}
	return p.value, true
}

// Names lists the parts of a format, sorted: to suggest one.
func (l *Library) Names(f Format) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(l.parts[f])) {
		if !l.parts[f][name].faulty {
			names = append(names, name)
		}
	}
	return names
}

// sorted lists the parts of a format by name, faulty ones too.
func (l *Library) sorted(f Format) []*part {
	if list, ok := l.byName[f]; ok {
		return list
	}
	var list []*part
	for _, name := range slices.Sorted(maps.Keys(l.parts[f])) {
		list = append(list, l.parts[f][name])
	}
	if l.byName == nil {
		l.byName = map[Format][]*part{}
	}
	l.byName[f] = list
	return list
}

// handOut hands out the sound parts of a format; into may be nil.
func handOut[T any](l *Library, f Format, into *[]T) {
	if into == nil {
		return
	}
	for _, p := range l.sorted(f) {
		if !p.faulty {
			*into = append(*into, p.value.(T))
		}
	}
}

// add keeps the first sound part of a name; if there is one already, it is
// returned.
func (l *Library) add(f Format, name string, p *part) (first *part, taken bool) {
	first, taken = l.parts[f][name]
	if taken && (p.faulty || !first.faulty) {
		return first, true
	}
	if l.parts[f] == nil {
		l.parts[f] = map[string]*part{}
	}
	l.parts[f][name] = p
	return p, false
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
