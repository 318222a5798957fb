package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// maxFile bounds a scenario file: 1 MiB.
const maxFile = 1 << 20

// Load reads a scenario and the SLO files that it names, which are found
// beside it. The error is Problems when the file cannot be understood.
func Load(file string) (*Scenario, error) {
	text, err := contents(file, maxFile)
	if err != nil {
		return nil, Problems{{File: file, Message: "cannot be read: " + err.Error(), Fix: "name a scenario file, such as outage.slotest"}}
	}
	return Parse(file, string(text))
}

// contents reads a regular file of bounded size: a pipe would wait for ever.
func contents(file string, most int64) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file")
	case err != nil:
		return nil, errors.New("it is not readable")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	case info.Size() > most:
		return nil, fmt.Errorf("it has more than the %d bytes allowed", most)
	}
	return os.ReadFile(file)
}

// Parse understands a scenario; file is its name, and where SLO files are
// looked for. The error is Problems.
func Parse(file, text string) (*Scenario, error) {
	p := &parse{
		Scenario: &Scenario{File: file, Start: DefaultStart, Tick: DefaultTick},
		bySeries: map[string]*meter{},
	}
	p.statements(lines(text))
	p.finish()
	if len(p.problems) > 0 {
		slices.SortStableFunc(p.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
		return nil, p.problems
	}
	return p.Scenario, nil
}

// parse is a file on its way to a Scenario.
type parse struct {
	*Scenario
	problems Problems
	bySeries map[string]*meter
	points   int
	// alerts are the tiers and severities that are expected: which there are
	// depends on the SLOs.
	alerts []alertWord
}

// statement is a line and the indented ones below it.
type statement struct {
	line
	body []line
}

// lines cuts a text into lines. Comments stay: inside a block of YAML they are
// YAML's.
func lines(text string) []line {
	var list []line
	for i, t := range strings.Split(text, "\n") {
		t = strings.TrimRight(t, " \t\r")
		list = append(list, line{number: i + 1, text: t, indented: strings.HasPrefix(t, " ") || strings.HasPrefix(t, "\t")})
	}
	return list
}

// empty reports whether there is nothing but a comment.
func (l line) empty() bool {
	t := strings.TrimSpace(l.text)
	return t == "" || strings.HasPrefix(t, "#")
}

// statements gathers each statement with its body.
func (p *parse) statements(list []line) {
	var open *statement
	for _, l := range list {
		switch {
		case l.text == "" || l.indented:
			if open == nil && !l.empty() {
				p.problem(l.number, 1, "begin it in the first column, or below a load, slo or at", "this line is indented and belongs to nothing")
			} else if open != nil {
				open.body = append(open.body, l)
			}
		case !l.empty():
			if open != nil {
				p.statement(open)
			}
			open = &statement{line: l}
		}
	}
	if open != nil {
		p.statement(open)
	}
}

func (p *parse) problem(number, column int, fix, format string, args ...any) {
	p.problems = append(p.problems, Problem{p.File, number, column, fmt.Sprintf(format, args...), fix})
}

// statement understands one statement.
func (p *parse) statement(s *statement) {
	r := newReader(s.line)
	switch w := r.next("a statement", "load"); w.text {
	case "slo":
		p.slo(r, s)
	case "start":
		p.start(r)
	case "tick":
		p.tick(r)
	case "load":
		p.load(r, s)
	case "traffic", "silence":
		p.traffic(r, s, w.text == "silence")
	case "at":
		p.at(r, s)
	case "expect":
		p.expect(r, s.line, 0, true)
	default:
		r.fail(w.column, "begin it with slo, start, tick, load, traffic, silence, at or expect", "%q is not a statement", w.text)
	}
	if s.body != nil && !bodied(s) {
		p.noBody(s)
	}
	p.close(r, s.number)
}

// bodied are the statements that take lines below them.
func bodied(s *statement) bool {
	word, _, _ := strings.Cut(s.text, " ")
	return word == "slo" || word == "load" || word == "at"
}

func (p *parse) noBody(s *statement) {
	for _, l := range s.body {
		if !l.empty() {
			p.problem(l.number, 1, "begin it in the first column", "this line is indented, but nothing can stand below it in line %d", s.number)
			return
		}
	}
}

// close notes the fault of a statement, if there is one.
func (p *parse) close(r *reader, number int) {
	r.done()
	if r.fault != nil {
		r.fault.File, r.fault.Line = p.File, number
		p.problems = append(p.problems, *r.fault)
	}
}

// start and tick come first: all times below depend on them.
func (p *parse) start(r *reader) {
	p.early(r, "start")
	w := r.next("a time", "a time such as 2026-01-05T00:00:00Z")
	t, err := time.Parse(time.RFC3339, w.text)
	if err != nil && r.fault == nil {
		r.fail(w.column, "write a time such as 2026-01-05T00:00:00Z", "%q is not a time", w.text)
	}
	if r.fault == nil {
		p.Start = t
	}
}

func (p *parse) early(r *reader, what string) {
	if len(p.loaded)+len(p.meters)+len(p.checks)+len(p.events) > 0 {
		r.fail(1, "move it to the top of the file", "%s comes too late here", what)
	}
}

func (p *parse) tick(r *reader) {
	p.early(r, "tick")
	w := r.peek()
	tick := r.length("the time between evaluations")
	switch {
	case r.fault != nil:
	case tick%time.Second != 0:
		r.fail(w.column, "write whole seconds, such as 1s or 15s", "the engine evaluates on whole seconds")
	default:
		p.Tick = tick
	}
}

// onTick complains of times at which nothing happens.
func (p *parse) onTick(number int, at time.Duration) {
	if at%p.Tick != 0 {
		p.problem(number, 4, "choose a multiple of "+slo.FormatDuration(p.Tick)+", or a finer tick",
			"nothing is evaluated at %s", slo.FormatDuration(at))
	}
}

// finish looks at what only the whole file tells.
func (p *parse) finish() {
	p.compile()
	for _, s := range p.loaded {
		p.through(s.last(p.Start))
	}
	for _, m := range p.meters {
		p.through(m.last())
		p.spendOn(m)
	}
	for _, c := range p.checks {
		p.through(max(c.at, c.expect.until()))
		p.onTick(c.line, c.at)
	}
	for _, e := range p.events {
		p.through(e.at)
		p.onTick(e.line, e.at)
	}
	p.knowsAlerts()
	if len(p.checks) == 0 && len(p.problems) == 0 {
		p.problem(0, 0, "add one, such as: at 5m expect no alerts", "nothing is expected here")
	}
	p.end = (p.end + p.Tick - 1) / p.Tick * p.Tick
}
