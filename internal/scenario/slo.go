package scenario

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/formats"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// slo takes SLO files by name, or the documents below it.
func (p *parse) slo(r *reader, s *statement) {
	if r.more() {
		for r.more() {
			p.sloFiles(r, r.next("a file", "a file such as availability.yaml"))
		}
		p.noBody(s)
		return
	}
	if !slices.ContainsFunc(s.body, func(l line) bool { return !l.empty() }) {
		r.fail(r.end, "name a file, or write the SLO below, indented", "no SLO is named")
		return
	}
	// Empty lines before it keep the line numbers of its problems right.
	text := strings.Repeat("\n", s.number)
	for _, l := range s.body {
		text += strings.TrimRight(strings.TrimPrefix(l.text, indentOf(s.body)), " ") + "\n"
	}
	p.documents(p.File, []byte(text), s.number)
}

// indentOf is the indentation of the first line that says anything.
func indentOf(body []line) string {
	for _, l := range body {
		if l.text != "" {
			return l.text[:len(l.text)-len(strings.TrimLeft(l.text, " \t"))]
		}
	}
	return ""
}

// sloFiles reads the files of a name or pattern, beside the scenario.
func (p *parse) sloFiles(r *reader, w word) {
	pattern := strings.Trim(w.text, `"`)
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(p.File), pattern)
	}
	files := []string{pattern}
	if _, err := os.Stat(pattern); err != nil {
		files, _ = filepath.Glob(pattern)
	}
	if len(files) == 0 {
		r.fail(w.column, "write its path as seen from the scenario's folder", "there is no file %s", pattern)
		return
	}
	for _, file := range files {
		data, err := contents(file, slo.MaxFileBytes)
		if err != nil {
			r.fail(w.column, "make it a file of SLO documents that you may read", "%s cannot be read: %v", file, err)
			return
		}
		p.documents(file, data, 0)
	}
}

// documents takes SLO documents; each of their problems is one of the file's.
func (p *parse) documents(file string, data []byte, number int) {
	loader := slo.Loader{Formats: formats.All(formats.Options{}), Check: func(spec *slo.Spec) []slo.Problem {
		program, problems := sli.Compile(spec)
		p.compiled[spec] = program
		return problems
	}}
	specs, problems := loader.Load(slo.File{Name: file, Data: data})
	p.specs = append(p.specs, specs...)
	for _, found := range problems {
		if found.Severity == slo.Warning {
			continue // validate shows them
		}
		message := found.Message
		if found.Field != "" {
			message = found.Field + ": " + message
		}
		p.problems = append(p.problems, Problem{file, max(found.Line, number), 0, message, found.Fix})
	}
}

// compile keeps one program for each SLO.
func (p *parse) compile() {
	specs, twice := slo.Unique(p.specs)
	for _, found := range twice {
		p.problems = append(p.problems, Problem{found.File, found.Line, 0, found.Message, found.Fix})
	}
	for _, spec := range specs {
		p.programs = append(p.programs, p.compiled[spec])
	}
	if len(specs) == 0 && len(p.problems) == 0 {
		p.problem(0, 0, "begin with: slo availability.yaml", "no SLO is named")
	}
	for _, c := range p.checks {
		p.knows(c, specs)
	}
}

// knows complains of expectations whose SLO is not clear.
func (p *parse) knows(c check, specs []*slo.Spec) {
	var ids []string
	for _, spec := range specs {
		ids = append(ids, spec.ID())
	}
	list := strings.Join(ids, ", ")
	switch {
	case len(ids) == 0:
	case c.who == nil && len(ids) > 1:
		p.problem(c.line, 0, "write one of "+list+" after expect", "there are several SLOs")
	case c.who != nil && !slices.Contains(ids, c.who.id):
		p.problem(c.line, 0, "write one of "+list, "there is no SLO %s", c.who.id)
	}
}
