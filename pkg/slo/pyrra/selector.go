package pyrra

import (
	"regexp"
	"strconv"
)

// A selector is a metric's name and matchers, as far as this package needs to
// read PromQL: the library does without the parser.
type selector struct {
	name     string
	matchers [][]string // label, operator, value as written
}

const (
	label  = `[A-Za-z_][A-Za-z0-9_]*|"(?:[^"\\]|\\.)*"`
	quoted = "\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`"
	// An item is a matcher, or a metric's name in quotes.
	item = `(?:(?:` + label + `)\s*(?:=~|!~|!=|=)\s*(?:` + quoted + `)|` + quoted + `)\s*`
)

var (
	matcherPattern = regexp.MustCompile(`(` + label + `)\s*(=~|!~|!=|=)\s*(` + quoted + `)`)
	selectorShape  = regexp.MustCompile(`^\s*([A-Za-z_:][A-Za-z0-9_:]*)?\s*(\{\s*(?:` + item + `(?:,\s*` + item + `)*,?\s*)?\})?\s*$`)
)

// readSelector reports whether text is a bare selector.
func readSelector(text string) (selector, bool) {
	found := selectorShape.FindStringSubmatch(text)
	if found == nil || found[1]+found[2] == "" {
		return selector{}, false
	}
	s := selector{name: found[1]}
	for _, m := range matcherPattern.FindAllStringSubmatch(found[2], -1) {
		s.matchers = append(s.matchers, m[1:])
	}
	return s, true
}

// value is that of the first matcher of a label.
func (s selector) value(label string) (string, bool) {
	for _, m := range s.matchers {
		if m[0] != label {
			continue
		}
		if plain, err := strconv.Unquote(m[2]); err == nil {
			return plain, true
		}
		return m[2][1 : len(m[2])-1], true
	}
	return "", false
}
