package scenario

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/formats"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// slo takes SLO files by name, or the documents below it.
func (p *parse) slo(r *reader, s *statement) {
	if r.more() {
		p.sloFiles(r, p.first())
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
	p.first().files = append(p.first().files, slo.File{Name: p.File, Data: []byte(text)})
	p.first().below[p.File] = s.number
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

// sloFiles adds the files of names and patterns to a set.
func (p *parse) sloFiles(r *reader, to *set) {
	for r.more() {
		w := r.next("a file", "a file such as availability.yaml")
		for _, file := range p.beside(r, w) {
			data, err := contents(file, slo.MaxFileBytes)
			if err != nil {
				r.fail(w.column, "make it a file of SLO documents that you may read", "%s cannot be read: %v", file, err)
				return
			}
			to.files = append(to.files, slo.File{Name: file, Data: data})
		}
	}
}

// beside are the files of a name or pattern, as seen from the scenario.
func (p *parse) beside(r *reader, w word) []string {
	pattern := strings.Trim(w.text, `"`)
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(p.File), pattern)
	}
	if _, err := os.Stat(pattern); err == nil {
		return []string{pattern}
	}
	files, _ := filepath.Glob(pattern)
	if len(files) == 0 {
		r.fail(w.column, "write its path as seen from the scenario's folder", "there is no file %s", pattern)
	}
	return files
}

// set is the documents that hold from a time on: SLOs, and what else belongs to
// them.
type set struct {
	line  int // of the statement that names them
	at    time.Duration
	files []slo.File
	// below are the lines after which the files begin that stand in the
	// scenario itself.
	below    map[string]int
	specs    []*slo.Spec
	programs []*sli.Program
}

// first is the set that the scenario begins with.
func (p *parse) first() *set {
	if len(p.sets) == 0 {
		p.sets = []*set{{below: map[string]int{}}}
	}
	return p.sets[0]
}

// read takes all documents of the set together, for they may refer to each
// other; each of their problems is one of the file's.
func (s *set) read() (problems Problems) {
	compiled := map[*slo.Spec]*sli.Program{}
	loader := slo.Loader{Formats: formats.All(formats.Options{}), Check: func(spec *slo.Spec) []slo.Problem {
		program, problems := sli.Compile(spec)
		compiled[spec] = program
		return problems
	}}
	specs, found := loader.Load(s.files...)
	specs, twice := slo.Unique(specs)
	found = append(found, twice...)
	specs, unlinked := slo.Link(specs, found)
	for _, f := range append(found, unlinked...) {
		if f.Severity == slo.Warning {
			continue // validate shows them
		}
		message := f.Message
		if f.Field != "" {
			message = f.Field + ": " + message
		}
		problems = append(problems, Problem{f.File, max(f.Line, s.below[f.File]), 0, message, f.Fix})
	}
	s.specs = specs
	for _, spec := range specs {
		s.programs = append(s.programs, compiled[spec])
	}
	return problems
}

// compile reads the documents of all times.
func (p *parse) compile() {
	named := p.first().files != nil
	slices.SortStableFunc(p.sets, func(a, b *set) int { return cmp.Compare(a.at, b.at) })
	for _, s := range p.sets {
		p.problems = append(p.problems, s.read()...)
		if len(s.specs) == 0 && len(p.problems) == 0 && named {
			p.problem(s.line, 0, "name a file with SLO documents", "no SLO is there")
		}
	}
	if !named && len(p.problems) == 0 {
		p.problem(0, 0, "begin with: slo availability.yaml", "no SLO is named")
	}
	for _, c := range p.checks {
		p.knows(c, p.holding(c).specs)
	}
}

// holding is the set that holds when a check is judged.
func (p *parse) holding(c check) *set {
	holding := p.sets[0]
	for _, s := range p.sets[1:] {
		if s.at <= c.at || c.final {
			holding = s
		}
	}
	return holding
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
