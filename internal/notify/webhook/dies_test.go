package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state/statetest"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

var errDead = errors.New("the process is dead")

// dying is a store of a process that dies at one of its calls, before or after
// the call has had its effect.
type dying struct {
	Store
	calls, dieAt int
	before       bool
}

func (s *dying) call(do func() error) error {
	s.calls++
	switch {
	case s.dieAt > 0 && s.calls > s.dieAt, s.calls == s.dieAt && s.before:
		return errDead
	case s.calls == s.dieAt:
		return errors.Join(do(), errDead)
	}
	return do()
}

func (s *dying) Push(ctx context.Context, list ...remediation.Message) error {
	return s.call(func() error { return s.Store.Push(ctx, list...) })
}

func (s *dying) Set(ctx context.Context, name string, value json.RawMessage, _ ...remediation.Entry) error {
	return s.call(func() error { return s.Store.Set(ctx, name, value) })
}

// process is an engine that tells of one alert, until it dies.
func process(s Store) *teller {
	o := Options{Store: s}
	o.setDefaults()
	return newTeller(&o, newMetrics(), []string{"hook"})
}

// The alert fires, ends, fires anew, and ends, while the engine dies at each of
// its calls to the store: before it has had its effect, and after. The next
// engine looks what fires, and goes on. Receivers hear begins and ends in turn.
func TestDiesAtEachCall(t *testing.T) {
	moves := []transition{
		{one("a:b", 1), at(1), alerts.Fired, ""}, {one("a:b", 1), at(2), alerts.Resolved, "recovered"},
		{one("a:b", 3), at(3), alerts.Fired, ""}, {one("a:b", 3), at(4), alerts.Resolved, "recovered"},
	}
	whole := &dying{Store: statetest.NewMemory()}
	play(t, whole, moves)
	if whole.calls < 8 {
		t.Fatalf("%d calls to the store", whole.calls)
	}
	for dieAt := 1; dieAt <= whole.calls; dieAt++ {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprint(dieAt, before), func(t *testing.T) {
				memory := statetest.NewMemory()
				left := play(t, &dying{Store: memory, dieAt: dieAt, before: before}, moves)
				next := process(memory)
				if died := len(moves) - len(left); died > 0 { // what fires after the move at which it died
					look(t, next, moves[died-1])
				}
				for _, m := range left {
					if err := next.attempt(t.Context(), func(p *page) error { return p.take(m) }); err != nil {
						t.Fatal(err)
					}
				}
				wantTurns(t, memory, dieAt)
			})
		}
	}
}

// play makes moves until the process dies, and returns those after that.
func play(t *testing.T, s Store, moves []transition) []transition {
	t.Helper()
	engine := process(s)
	for i, m := range moves {
		if err := engine.attempt(t.Context(), func(p *page) error { return p.take(m) }); err != nil {
			return moves[i+1:]
		}
	}
	return nil
}

// look holds what receivers know against what fires after a move.
func look(t *testing.T, engine *teller, after transition) {
	t.Helper()
	var firing []Alert
	if after.kind == alerts.Fired {
		firing = []Alert{after.Alert}
	}
	if err := engine.attempt(t.Context(), func(p *page) error { return p.settle(firing, after.at) }); err != nil {
		t.Fatal(err)
	}
}

// wantTurns takes all out of the outbox: begins and ends in turn, and an end last.
func wantTurns(t *testing.T, s *statetest.Memory, dieAt int) {
	t.Helper()
	var list []string
	for {
		due, err := s.Pull(t.Context(), "hook", at(100), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			break
		}
		list = append(list, due[0].ID[strings.Index(due[0].ID, "-")+1:])
		if err := s.Settle(t.Context(), remediation.Message{ID: due[0].ID, Fate: remediation.Delivered}); err != nil {
			t.Fatal(err)
		}
	}
	for i, id := range list {
		if want := []string{"-firing-hook", "-resolved-hook"}[i%2]; !strings.HasSuffix(id, want) {
			t.Fatalf("died at %d, and told %s", dieAt, list)
		}
	}
	if len(list) < 2 || len(list)%2 != 0 || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Errorf("died at %d, and told %s", dieAt, list)
	}
}
