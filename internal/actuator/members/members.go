// Package members are those that share a gateway's traffic by named weights: what
// an action makes of them, who has which share then, and what lies between two
// of them. The arithmetic is that of package proportion.
package members

import (
	"fmt"
	"maps"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/proportion"
)

// Set are weights by the names of members. Who has 0 gets nothing.
type Set map[string]int

// Names are those of all members, sorted.
func (s Set) Names() []string { return slices.Sorted(maps.Keys(s)) }

// list are the weights in the order of the names.
func (s Set) list() (list []int) {
	for _, name := range s.Names() {
		list = append(list, s[name])
	}
	return list
}

// of is a set of some members.
func of(names []string, list []int) Set {
	s := Set{}
	for i, name := range names {
		s[name] = list[i]
	}
	return s
}

// most is a weight that nobody needs more than.
const most = 1 << 40

// Check says which member has a weight that cannot be.
func (s Set) Check() error {
	for _, name := range s.Names() {
		if s[name] < 0 || s[name] > most {
			return fmt.Errorf("the weight of %s is %d: write 0 or more", name, s[name])
		}
	}
	return nil
}

// Shares are those of the members, with what is thought of them: a name that is
// not in healthy is one of which nothing is known.
func (s Set) Shares(healthy map[string]bool) (list []actuator.Member) {
	shares := proportion.Shares(s.list())
	for i, name := range s.Names() {
		m := actuator.Member{Name: name, Share: shares[i]}
		if well, known := healthy[name]; known {
			m.Healthy = new(well)
		}
		list = append(list, m)
	}
	return list
}

// Without is the set in which a member gets nothing. ErrMissing: there is no such
// member. An empty name is nobody, never everybody.
func (s Set) Without(member string) (Set, error) {
	if _, there := s[member]; !there {
		return nil, fmt.Errorf("take out %q: %w: the members are %q", member, actuator.ErrMissing, s.Names())
	}
	s = maps.Clone(s)
	s[member] = 0
	return s, nil
}

// Shift is the set with a share of one member's traffic moved to another, or to
// all others in proportion where to is empty. Who has weight 0 is out, and stays
// so. The sum stays where it is fine enough. ErrMissing: one of them is not in the
// set. ErrRefused: the shift cannot be.
func (s Set) Shift(from, to string, share float64) (Set, error) {
	if err := s.allows(from, to, share); err != nil {
		return nil, err
	}
	names := s.Names()
	giver, taker := slices.Index(names, from), slices.Index(names, to) // -1: all others
	moved := proportion.Moved(proportion.Shares(s.list()), giver, taker, share)
	return of(names, proportion.Of(moved, s.sum())), nil
}

func (s Set) sum() int { return proportion.Sum(s.list()) }

func (s Set) allows(from, to string, share float64) error {
	for _, name := range []string{from, to} {
		if _, there := s[name]; !there && (name != "" || from == "") {
			return fmt.Errorf("shift from %q to %q: %w: the members are %q", from, to, actuator.ErrMissing, s.Names())
		}
	}
	why := ""
	switch {
	case !(share > 0 && share <= 1):
		why = fmt.Sprintf("%v is not a share", share)
	case s[from] == 0:
		why = "it gets no traffic"
	case to == from:
		why = "to itself"
	case to != "" && s[to] == 0:
		why = to + " gets no traffic: who took it out must let it in first"
	case s[from] == s.sum():
		why = "no other member gets traffic"
	default:
		return nil
	}
	return fmt.Errorf("shift from %s: %w: %s", from, actuator.ErrRefused, why)
}

// Between is the set on the way from one to another: their shares go straight,
// and the sum is the larger one of the two, so that they are fine enough. Where
// one of them sends nothing anywhere there is no middle. ErrRefused: they are not
// of the same members.
func Between(from, to Set, way float64) (Set, error) {
	names := from.Names()
	switch {
	case !slices.Equal(names, to.Names()):
		return nil, fmt.Errorf("find the weights between: %w: not the same members: %q and %q", actuator.ErrRefused, names, to.Names())
	case way >= 1:
		return to, nil
	case way <= 0 || from.sum() == 0 || to.sum() == 0:
		return from, nil
	}
	mixed := proportion.Mixed(proportion.Shares(from.list()), proportion.Shares(to.list()), way)
	return of(names, proportion.Of(mixed, max(from.sum(), to.sum()))), nil
}
