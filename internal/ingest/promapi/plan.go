package promapi

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// plan groups selectors into polls, of which each asks for at most so many that
// are alike. Those that were there before go on.
func plan(programs []*sli.Program, before []*poll, most int, o Options) []*poll {
	var all []sli.Selector
	for _, p := range programs {
		all = append(all, p.Selectors()...)
	}
	widest := sli.Widest(all)
	groups := newGroups(len(widest))
	members := make([][]string, len(widest))
	for _, p := range programs {
		first := -1
		for _, s := range p.Selectors() {
			at := slices.IndexFunc(widest, func(w sli.Selector) bool { return w.Covers(s) })
			if first < 0 {
				first = at
				members[at] = append(members[at], p.Spec.ID())
			}
			groups.join(first, at)
		}
	}
	byRoot := map[int]*poll{}
	var list []*poll
	for i, s := range widest {
		one := byRoot[groups.root(i)]
		if one == nil {
			one = &poll{handed: map[string]int64{}}
			byRoot[groups.root(i)] = one
			list = append(list, one)
		}
		one.selectors = append(one.selectors, s)
		one.slos = append(one.slos, members[i]...)
	}
	list = append(together(list, most), questions(programs)...)
	for i, one := range list {
		slices.SortFunc(one.selectors, func(a, b sli.Selector) int { return cmp.Compare(a.String(), b.String()) })
		slices.Sort(one.slos)
		if at := slices.IndexFunc(before, one.asks); at >= 0 {
			list[i] = before[at].with(one)
			continue
		}
		one.due = o.Now().Add(one.offset(min(o.PollInterval, firstWithin)))
	}
	return list
}

// mostTogether is how many polls that are alike are asked in one query.
const mostTogether = 50

// alike is what polls have in common that differ in the value of a label.
type alike struct{ label, shape string }

// together makes one poll of those that are alike, such as the requests of a
// hundred services: a server answers one question sooner than a hundred.
func together(list []*poll, most int) []*poll {
	shared := map[alike]int{}
	for _, p := range list {
		for _, pin := range p.pins() {
			shared[p.like(pin.Name)]++
		}
	}
	open := map[alike]*bundle{}
	var out []*poll
	for _, p := range list {
		best, value := alike{}, ""
		for _, pin := range p.pins() {
			if a := p.like(pin.Name); shared[a] > max(1, shared[best]) {
				best, value = a, pin.Value
			}
		}
		if value == "" {
			out = append(out, p)
			continue
		}
		b := open[best]
		if b == nil || len(b.values) >= most {
			b = &bundle{poll: &poll{handed: map[string]int64{}}, shapes: p.selectors, label: best.label}
			open[best] = b
			out = append(out, b.poll)
		}
		b.add(p, value)
	}
	return out
}

// bundle is several polls in one.
type bundle struct {
	poll   *poll
	shapes []sli.Selector
	label  string
	values []string
}

func (b *bundle) add(p *poll, value string) {
	b.values = append(b.values, value)
	slices.Sort(b.values)
	b.values = slices.Compact(b.values)
	b.poll.slos = append(b.poll.slos, p.slos...)
	b.poll.selectors = make([]sli.Selector, len(b.shapes))
	for i, s := range b.shapes {
		b.poll.selectors[i] = s
		if len(b.values) > 1 {
			b.poll.selectors[i] = s.Asking(b.label, b.values)
		}
	}
}

// pins are the labels for which all selectors of a poll ask for one value, the
// same.
func (p *poll) pins() (pins []pin) {
	for _, candidate := range p.selectors[0].Pins() {
		everywhere := true
		for _, s := range p.selectors {
			everywhere = everywhere && slices.Contains(s.Pins(), candidate)
		}
		if everywhere {
			pins = append(pins, pin(candidate))
		}
	}
	return pins
}

// pin is a label and the value that is asked for.
type pin struct{ Name, Value string }

// like is the poll without a label's value.
func (p *poll) like(label string) alike {
	var shapes []string
	for _, s := range p.selectors {
		shapes = append(shapes, s.Asking(label, nil).String())
	}
	slices.Sort(shapes)
	return alike{label, strings.Join(shapes, ",")}
}

// groups joins numbers.
type groups []int

func newGroups(n int) groups {
	g := make(groups, n)
	for i := range g {
		g[i] = i
	}
	return g
}

func (g groups) root(i int) int {
	for g[i] != i {
		i = g[i]
	}
	return i
}

func (g groups) join(i, j int) { g[g.root(j)] = g.root(i) }
