package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// KindBudgetAdjustment is the kind of documents that exclude time from budgets.
const KindBudgetAdjustment = "BudgetAdjustment"

// Adjustment excludes stretches of time from the budgets of the SLOs it selects:
// their events are neither good nor bad there, and the time is not observed.
// Nothing that was counted is lost: without the document all is as it was.
type Adjustment struct {
	Name string
	// Reason is for people; never empty.
	Reason string
	// Select is over service, slo, the SLO's labels and the group's.
	Select Matchers
	// Origin says where the document stands.
	Origin Origin
	when   schedule
}

// Span is a stretch of time: (From, To].
type Span struct{ From, To time.Time }

// Holds reports whether a time lies in it.
func (s Span) Holds(t time.Time) bool { return t.After(s.From) && !t.After(s.To) }

// Spans are the stretches that end after from and begin before to: sorted,
// disjoint, not cut off. They are the same whoever asks and whenever, and
// belong to the Adjustment: the caller does not change them. It may be called
// by several goroutines, and costs a search where the same time was asked for
// before.
func (a *Adjustment) Spans(from, to time.Time) []Span { return a.when.spans(from, to) }

// Selects reports whether it is about a group of an SLO; nil for an SLO
// without groups. A label that neither has is an empty one.
func (a *Adjustment) Selects(s *Spec, group map[string]string) bool {
	return len(a.Select) > 0 && a.Select.Match(s.Matchable(group))
}

// When is its schedule in one line, as people read it.
func (a *Adjustment) When() string { return a.when.String() }

// String is all that matters of it, in one line: two documents that differ in
// anything that counts have different ones.
func (a *Adjustment) String() string {
	return fmt.Sprintf("%s, of {%s}: %s", a.When(), a.Select, a.Reason)
}

// Equal reports whether two documents mean the same.
func (a *Adjustment) Equal(b *Adjustment) bool {
	return a == b || a != nil && b != nil && a.Name == b.Name && a.String() == b.String()
}

// Adjustments are those of all Specs, each once, by name.
func Adjustments(specs []*Spec) []*Adjustment {
	byName := map[string]*Adjustment{}
	for _, s := range specs {
		for _, a := range s.Adjustments {
			byName[a.Name] = a
		}
	}
	list := make([]*Adjustment, 0, len(byName))
	for _, a := range byName {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *Adjustment) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (a *Adjustment) located(at Origin) { a.Origin = at }

// concerns reports whether it selects the SLO, or may select a group of it:
// what a matcher asks of a label that splits the SLO is decided group by group.
func (a *Adjustment) concerns(s *Spec) bool { return a.Select.maySelect(s) }
