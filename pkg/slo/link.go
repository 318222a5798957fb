package slo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Link keeps the Specs whose references lead somewhere: composites of which all
// parts are there, and which are no part of themselves. It is asked once all
// documents are loaded and unique. found are the problems so far: they tell an
// SLO that cannot be used from one that nobody wrote.
func Link(specs []*Spec, found []Problem) (kept []*Spec, problems []Problem) {
	if !slices.ContainsFunc(specs, func(s *Spec) bool { return s.Composite != nil }) {
		return specs, nil
	}
	l := &linker{specs: make(map[string]*Spec, len(specs)), faulty: map[string]Severity{}, circle: map[*Spec]bool{}}
	for _, s := range specs {
		l.specs[s.ID()] = s
	}
	for _, p := range found {
		if p.SLO != "" && l.specs[p.SLO] == nil {
			l.blame(p.SLO, p.Severity)
		}
	}
	order, rest := l.ordered(specs)
	for _, s := range rest {
		l.circle[s] = true
		l.blame(s.ID(), Error)
	}
	for _, s := range slices.Concat(order, rest) {
		l.check(s)
	}
	for _, s := range specs {
		if _, faulty := l.faulty[s.ID()]; !faulty {
			kept = append(kept, s)
		}
	}
	return kept, l.problems
}

type linker struct {
	specs    map[string]*Spec
	faulty   map[string]Severity // cannot be used, by id
	circle   map[*Spec]bool      // are in a circle, or lead to one
	problems []Problem
}

// blame notes that an SLO cannot be used; an Error counts more than what is
// Unserved.
func (l *linker) blame(id string, severity Severity) {
	before, faulty := l.faulty[id]
	if severity.Quarantines() && (!faulty || before == Unserved) {
		l.faulty[id] = severity
	}
}

// ordered are the composites, the parts of each before it; rest are those in a
// circle, and what is made of them.
func (l *linker) ordered(specs []*Spec) (order, rest []*Spec) {
	waits := map[string]int{}       // for how many composites
	waiting := map[string][]*Spec{} // for one
	var ready []*Spec
	for _, s := range specs {
		if s.Composite == nil {
			continue
		}
		for _, part := range l.within(s) {
			waits[s.ID()]++
			waiting[part.ID()] = append(waiting[part.ID()], s)
		}
		if waits[s.ID()] == 0 {
			ready = append(ready, s)
		}
	}
	for ; len(ready) > 0; ready = ready[1:] {
		s := ready[0]
		order = append(order, s)
		for _, w := range waiting[s.ID()] {
			if waits[w.ID()]--; waits[w.ID()] == 0 {
				ready = append(ready, w)
			}
		}
	}
	for _, s := range specs {
		if waits[s.ID()] > 0 {
			rest = append(rest, s)
		}
	}
	return order, rest
}

// within are a composite's parts that are composites themselves.
func (l *linker) within(s *Spec) (list []*Spec) {
	for _, p := range s.Composite.Parts {
		if part := l.specs[p.SLO]; part != nil && part.Composite != nil {
			list = append(list, part)
		}
	}
	return list
}

// check looks at a composite's parts.
func (l *linker) check(s *Spec) {
	for i, p := range s.Composite.Parts {
		part := l.specs[p.SLO]
		severity, faulty := l.faulty[p.SLO]
		switch {
		case l.circle[part]:
			l.circular(s, i, part)
		case faulty && severity == Unserved:
			l.add(s.Unserved(), s, i, p.SLO+" is "+NotMeasured+": its own problem says why", "change that one, or remove the part")
		case faulty:
			l.fail(s, i, p.SLO+" cannot be used: its own problem says why", "correct that one, or remove the part")
		case part == nil:
			l.fail(s, i, "there is no SLO "+p.SLO, l.suggest(s, p.SLO))
		}
	}
}

// circular names the shortest way from a composite over a part back to it; one
// that only leads to a circle has no such way.
func (l *linker) circular(s *Spec, i int, part *Spec) {
	if way := l.way(part, s); way != nil {
		l.fail(s, i, "is made of itself: "+strings.Join(append([]string{s.ID()}, way...), " → "), "remove one of these parts")
		return
	}
	l.fail(s, i, part.ID()+" cannot be used: it leads to a composite that is made of itself", "correct that one, or remove the part")
}

// farthest is among how many composites a way is looked for: nobody reads a
// longer one.
const farthest = 30

// way is the shortest way from one composite to another through their parts;
// nil if there is none, or a very long one.
func (l *linker) way(from, to *Spec) []string {
	before := map[*Spec]*Spec{from: nil}
	for queue := []*Spec{from}; len(queue) > 0 && len(before) < farthest; queue = queue[1:] {
		if queue[0] == to {
			var way []string
			for s := to; s != nil; s = before[s] {
				way = append(way, s.ID())
			}
			slices.Reverse(way)
			return way
		}
		for _, part := range l.within(queue[0]) {
			if _, been := before[part]; !been {
				before[part] = queue[0]
				queue = append(queue, part)
			}
		}
	}
	return nil
}

// patient is for how many problems a name is looked for that may be meant:
// among ten thousand that takes its time.
const patient = 5

// suggest names an SLO that may be meant: of many, only those of the service
// are worth a list.
func (l *linker) suggest(s *Spec, id string) string {
	const usual = "write the service and the name of one that is loaded, such as checkout/availability"
	if len(l.problems) >= patient {
		return usual
	}
	ids := slices.Sorted(maps.Keys(l.specs))
	ids = slices.DeleteFunc(ids, func(known string) bool { return known == s.ID() })
	const few = 10
	if fix := strictyaml.Suggest(id, ids); strings.HasPrefix(fix, "did you mean") {
		return fix
	}
	service, _, _ := strings.Cut(id, ":")
	if len(ids) > few {
		ids = slices.DeleteFunc(ids, func(known string) bool { return !strings.HasPrefix(known, service+":") })
	}
	if len(ids) == 0 || len(ids) > few {
		return usual
	}
	return strictyaml.Suggest(id, ids)
}

// fail quarantines a composite for the sake of a part.
func (l *linker) fail(s *Spec, part int, message, fix string) { l.add(Error, s, part, message, fix) }

func (l *linker) add(severity Severity, s *Spec, part int, message, fix string) {
	l.blame(s.ID(), severity)
	field := fmt.Sprintf("spec.composite.of[%d].slo", part)
	l.problems = append(l.problems, s.Problem(severity, field, message, fix))
}
