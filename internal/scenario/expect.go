package scenario

import (
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// expectation is what one line wants.
type expectation interface {
	// holds says whether it is so, and what was found instead.
	holds(v view) (found string, ok bool)
	// until is the time up to which the scenario must be played for it.
	until() time.Duration
}

// subject names an SLO, and one of its groups.
type subject struct {
	id    string
	group labels.Labels
	text  string
}

// at takes the time of what happens or is expected: in the same line, or below
// it.
func (p *parse) at(r *reader, s *statement) {
	at := r.duration("a time")
	if r.fault != nil {
		return
	}
	if r.more() {
		p.moment(r, s.line, at)
		p.noBody(s)
		return
	}
	found := 0
	for _, l := range s.body {
		if l.empty() {
			continue
		}
		below := newReader(l)
		p.moment(below, l, at)
		p.close(below, l.number)
		found++
	}
	if found == 0 {
		r.fail(r.end, "write: expect no alerts", "nothing is expected at %s", when(at))
	}
}

// moment takes what happens, or is expected, at a time.
func (p *parse) moment(r *reader, l line, at time.Duration) {
	switch word := r.one("expect", "reload", "restart"); {
	case r.fault != nil:
	case word == "expect":
		p.expect(r, l, at, false)
	case word == "restart":
		p.events = append(p.events, event{at: at, line: l.number})
	default:
		p.reload(r, l, at)
	}
}

// kinds are the first words of expectations.
var kinds = map[string]func(*reader) expectation{
	"alert": readAlert, "no": readNone, "never": readNever, "fired": readMoved, "resolved": readMoved,
	"pending": readPending, "state": readState, "notice": readNotice,
	"budget": readBudget, "excluded": readExcluded, "burn": readBurn, "coverage": readCoverage, "exhaustion": readExhaustion,
	"good": readCounts, "bad": readCounts, "total": readCounts,
}

// kindList is kinds as a message writes them.
const kindList = "alert, no alerts, never fired, fired, resolved, pending, state, budget remaining, budget without, excluded, burn, coverage, exhaustion, good, bad, total or notice"

// expect takes one expectation: of the only SLO, or of one that is named.
func (p *parse) expect(r *reader, l line, at time.Duration, final bool) {
	c := check{line: l.number, at: at, final: final}
	if w := r.peek(); strings.Contains(w.text, ":") && kinds[w.text] == nil {
		c.who = r.subject()
	}
	first := r.at
	w := r.next("an expectation", "expect no alerts")
	read := kinds[w.text]
	if r.fault == nil && read == nil {
		r.fail(w.column, "write one of: "+kindList, "%q cannot be expected", w.text)
	}
	if r.fault != nil {
		return
	}
	r.at = first
	c.expect = read(r)
	r.done()
	p.alerts = append(p.alerts, r.alertsOf(l.number)...)
	if r.fault != nil {
		return
	}
	var text []string
	for _, w := range r.words[first:] {
		text = append(text, w.text)
	}
	c.text = strings.Join(text, " ")
	p.checks = append(p.checks, c)
}

// subject takes checkout:availability or gateway:routes{route="/pay"}.
func (r *reader) subject() *subject {
	w := r.next("an SLO", "checkout:availability")
	s := &subject{text: w.text, id: w.text}
	if i := strings.IndexByte(w.text, '{'); i >= 0 {
		group, err := parser.ParseMetric(w.text[i:])
		if err != nil {
			r.fail(w.column, `write gateway:routes{route="/pay"}`, "%q is not an SLO and a group", w.text)
		}
		s.id, s.group = w.text[:i], group
	}
	return s
}

// of finds the instance that is meant; nil and why, if it cannot.
func (s *subject) of(snapshot *engine.Snapshot) (*engine.Instance, string) {
	var found []*engine.Instance
	var ids []string
	for _, in := range snapshot.Instances {
		ids = append(ids, naming(in))
		if s == nil || in.Spec.ID() == s.id && s.grouped(in) {
			found = append(found, in)
		}
	}
	list := "there are " + strings.Join(ids, ", ")
	switch {
	case len(found) == 1:
		return found[0], ""
	case len(found) == 0:
		return nil, "no " + s.text + "; " + list
	}
	return nil, "several SLOs or groups: write which one after expect; " + list
}

func (s *subject) grouped(in *engine.Instance) bool {
	for _, l := range s.group {
		if in.Group[l.Name] != l.Value {
			return false
		}
	}
	return true
}

// naming is how a scenario names an instance.
func naming(in *engine.Instance) string {
	if len(in.Group) == 0 {
		return in.Spec.ID()
	}
	return in.Spec.ID() + labels.FromMap(in.Group).String()
}
