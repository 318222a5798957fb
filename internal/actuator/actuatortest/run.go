package actuatortest

import (
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Run checks an adapter. Each check has a gateway of its own.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if len(h.Actions) == 0 || h.Start == nil {
		t.Fatal("the harness has no actions, or cannot start a gateway")
	}
	t.Run("guarantees", func(t *testing.T) { h.guarantees(t) })
	t.Run("unsupported", func(t *testing.T) { h.unsupported(t) })
	for _, action := range h.Missing {
		t.Run("missing "+string(action.Kind), func(t *testing.T) { h.missing(t, action) })
	}
	for _, action := range h.Actions {
		t.Run(nameOf(action), func(t *testing.T) { h.action(t, action) })
	}
}

// check is one thing to see of one action.
type check struct {
	name string
	do   func(b *bench)
	// able says whether the gateway of the harness can be asked it; nil: always.
	able func(b *bench) bool
}

var checks = []check{
	{"plan writes nothing", (*bench).planWritesNothing, nil},
	{"write and undo", (*bench).writeAndUndo, nil},
	{"write twice is one effect", (*bench).writeTwice, nil},
	{"undo step by step", (*bench).undoStepwise, nil},
	{"a new process at each step", (*bench).crash, nil},
	{"many at once", (*bench).manyReaders, nil},
	{"a call without time", (*bench).noTime, nil},
	{"contested before it is written", (*bench).contestedBefore, seesPeople},
	{"contested while it holds", (*bench).contestedHeld, seesPeople},
	{"precondition lost between read and write", (*bench).preconditionLost, compares},
	{"two writers", (*bench).twoWriters, func(b *bench) bool { return b.compares() && b.hasRival() }},
	{"another engine leads", (*bench).fenced, func(b *bench) bool { return b.a.Guarantees().Fenced }},
	{"gateway away", (*bench).away, func(b *bench) bool { return b.Down != nil }},
	{"gateway hangs after it has written", (*bench).hangs, func(b *bench) bool { return b.Hang != nil }},
	{"faults", (*bench).faults, func(b *bench) bool { return len(b.Faults) > 0 }},
	{"gateway restarts", (*bench).restart, func(b *bench) bool { return b.Restart != nil }},
	{"not renewed", (*bench).notRenewed, expires},
	{"renewed", (*bench).renewed, expires},
}

func seesPeople(b *bench) bool { return b.Disturb != nil && !b.h.Blind }

func compares(b *bench) bool { return b.compares() && seesPeople(b) }

func expires(b *bench) bool { return b.a.Guarantees().Expires }

// action runs all checks of one action.
func (h Harness) action(t *testing.T, action actuator.Action) {
	first := newBench(t, h, action) // to see what it can be asked
	for _, c := range checks {
		able := c.able == nil || c.able(first)
		t.Run(c.name, func(t *testing.T) {
			if !able {
				t.Log("not checked: the gateway cannot be asked it")
				return
			}
			c.do(newBench(t, h, action))
		})
	}
}

func nameOf(a actuator.Action) string {
	name := string(a.Kind)
	for _, part := range []string{a.From, a.To, a.Member, a.Route, a.Dependency} {
		if part != "" {
			name += " " + part
		}
	}
	return name
}

// lease is how long a change lasts without being renewed.
func (h Harness) lease() time.Duration {
	if h.Lease > 0 {
		return h.Lease
	}
	return 3 * time.Second
}

// guarantees must be complete, and true to the type.
func (h Harness) guarantees(t *testing.T) {
	a := h.Start(t).Open(t)
	g := a.Guarantees()
	if g.Precondition != actuator.ReadBefore && g.Precondition != actuator.Compare {
		t.Errorf("the precondition is %q", g.Precondition)
	}
	if g.Precondition == actuator.ReadBefore && g.Window == "" {
		t.Error("without a precondition there is a window in which a person's write can be lost: it is not described")
	}
	if _, leaser := a.(actuator.Leaser); leaser != g.Expires {
		t.Errorf("Expires is %t, and being a Leaser %t", g.Expires, leaser)
	}
	asked := map[actuator.Kind]bool{}
	for _, action := range h.Actions {
		asked[action.Kind] = true
	}
	for _, kind := range h.Elsewhere {
		asked[kind] = true
	}
	for _, kind := range g.Kinds {
		if !asked[kind] {
			t.Errorf("the harness has no action of kind %s", kind)
		}
	}
}
