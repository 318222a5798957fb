package openslo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// checker collects the problems of one document.
type checker struct {
	reader
	// wrong is what could not be decoded: nothing more is said about it.
	wrong    strictyaml.Problems
	problems []slo.Problem
}

// checker begins with what the YAML has wrong.
func (r reader) checker(found strictyaml.Problems) *checker {
	unknown := slo.Warning
	if r.Strict {
		unknown = slo.Error
	}
	wrong := slices.DeleteFunc(slices.Clone(found), func(p strictyaml.Problem) bool { return p.Message == strictyaml.UnknownField })
	return &checker{reader: r, wrong: wrong, problems: slo.FromYAML(found, unknown)}
}

// fail adds an error.
func (c *checker) fail(field, message, fix string) { c.add(slo.Error, field, message, fix) }

// unserved adds what a sound document asks for and cannot be measured here.
func (c *checker) unserved(field, message, fix string) { c.add(slo.Unserved, field, message, fix) }

// warn adds what the user should know.
func (c *checker) warn(field, message, fix string) { c.add(slo.Warning, field, message, fix) }

// odd is what the schema refuses and people mean: lenient readers take it, and
// say so.
func (c *checker) odd(field, message, taken, fix string) {
	if c.Strict {
		c.fail(field, message, fix)
		return
	}
	if taken != "" {
		message += ": " + taken
	}
	c.warn(field, message, fix)
}

func (c *checker) add(severity slo.Severity, field, message, fix string) {
	if c.wrong.Cover(field) {
		return
	}
	c.problems = append(c.problems, slo.Problem{Severity: severity, Field: field, Message: message, Fix: fix})
}

// errors counts those found so far.
func (c *checker) errors() (n int) {
	for _, p := range c.problems {
		if p.Severity == slo.Error {
			n++
		}
	}
	return n
}

// kube says that names, labels and durations are those of Kubernetes.
func (c *checker) kube() bool { return c.version == V2Alpha }

// own says what a thing is called in this version.
func (c *checker) own(v1, v2 string) (own, other string) {
	if c.kube() {
		return v2, v1
	}
	return v1, v2
}

// foreign is a field as the other version calls it.
func (c *checker) foreign(base, own, other string) {
	c.odd(strictyaml.Key(base, other), fmt.Sprintf("is called %s in %s", own, c.version), "it is read all the same", "rename it")
}

// inside is the path of something in the document that field refers to by name.
func inside(field, name, path string) string { return fmt.Sprintf("%s[%q].%s", field, name, path) }

// known suggests one of the names that there are.
func known(kind, name string, names []string) string {
	if len(names) == 0 {
		return "add a document of kind " + kind + " without errors"
	}
	if len(names) > 10 {
		names = names[:10]
	}
	return strictyaml.Suggest(name, names)
}

// shorten keeps a quoted value from filling a message.
func shorten(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:60], "") + " ..."
	}
	return s
}
