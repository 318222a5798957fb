package strictyaml

import (
	"cmp"
	"slices"
	"strings"
)

// Problem is one thing wrong at one place.
type Problem struct {
	// Line counts from 1 in the file; 0 if not known.
	Line int
	// Path is the field, such as "spec.sli.ratio.bad"; empty when the document
	// as a whole is meant.
	Path string
	// Message says what is wrong, in lower case.
	Message string
	// Fix says what to write instead; may be empty.
	Fix string
}

// String is the problem without its place in a file: path, message, fix.
func (p Problem) String() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}

// Problems are the problems of one document.
type Problems []Problem

// Cover reports whether one of the problems already speaks of path, of
// something inside it, or of something around it. A check of what was decoded
// uses it to keep quiet about values that could not be.
func (ps Problems) Cover(path string) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool {
		return Within(path, p.Path) || Within(p.Path, path)
	})
}

// Within reports whether path is outer or a part of it.
func Within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (outer == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

// Sort orders problems as a reader of the file meets them.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
}
