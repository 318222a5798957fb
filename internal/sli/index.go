package sli

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// index finds the terms that may select a series without trying all of them:
// ten thousand SLOs may name the same metric.
type index struct {
	byName  map[string]*shelf
	unnamed []selected
}

type selected struct {
	program *program
	term    *term
}

// shelf holds the terms that name one metric: those that ask for one value of
// a label by that value, the others in a row.
type shelf struct {
	pinned []pinned // by label
	loose  []selected
}

// pinned are the terms that ask for one value of a label, by that value.
type pinned struct {
	label   string
	byValue map[string][]selected
}

func newIndex(programs []*program) index {
	x := index{byName: map[string]*shelf{}}
	terms := map[string][]selected{}
	for _, p := range programs {
		for i := range p.terms {
			if s := (selected{p, &p.terms[i]}); s.term.name == "" {
				x.unnamed = append(x.unnamed, s)
			} else {
				terms[s.term.name] = append(terms[s.term.name], s)
			}
		}
	}
	for name, list := range terms {
		x.byName[name] = newShelf(list)
	}
	return x
}

// newShelf pins each term by the label that tells most terms apart.
func newShelf(list []selected) *shelf {
	values := map[string]map[string]bool{}
	for _, s := range list {
		for _, m := range s.term.pins() {
			if values[m.Name] == nil {
				values[m.Name] = map[string]bool{}
			}
			values[m.Name][canonical(m.Name, m.Value)] = true
		}
	}
	sh := &shelf{}
	for _, s := range list {
		var best *labels.Matcher
		for _, m := range s.term.pins() {
			if best == nil || len(values[m.Name]) > len(values[best.Name]) {
				best = m
			}
		}
		if best == nil {
			sh.loose = append(sh.loose, s)
			continue
		}
		p := sh.pin(best.Name)
		value := canonical(best.Name, best.Value)
		p.byValue[value] = append(p.byValue[value], s)
	}
	return sh
}

// pin finds or makes the place of a label.
func (sh *shelf) pin(label string) *pinned {
	for i := range sh.pinned {
		if sh.pinned[i].label == label {
			return &sh.pinned[i]
		}
	}
	sh.pinned = append(sh.pinned, pinned{label, map[string][]selected{}})
	return &sh.pinned[len(sh.pinned)-1]
}

// pins are the matchers that ask for one value of a label.
func (t term) pins() []*labels.Matcher {
	var list []*labels.Matcher
	for _, m := range t.matchers {
		if m.Type == labels.MatchEqual && m.Name != labels.MetricName {
			list = append(list, m)
		}
	}
	return list
}

// names reports whether some term names a metric.
func (x index) names(metric string) bool { return x.byName[metric] != nil }

// find appends the terms that may select a series of one metric name.
func (x index) find(to []selected, metric string, ls labels.Labels) []selected {
	sh := x.byName[metric]
	if sh == nil {
		return to
	}
	for _, p := range sh.pinned {
		to = append(to, p.byValue[canonical(p.label, ls.Get(p.label))]...)
	}
	return append(to, sh.loose...)
}

// candidates are the terms that may select a series, by its metric's name.
func (t *Tracker) candidates(as called) []selected {
	name := as.metric()
	list := t.index.find(nil, name, as.labels)
	switch raw := as.raw.Get(labels.MetricName); {
	case len(as.raw) == 0:
	case raw != name:
		list = t.index.find(list, raw, as.raw)
	default: // a label has another name
		for _, s := range t.index.find(nil, name, as.raw) {
			if !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return append(list, t.index.unnamed...)
}
