package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// event is what happens to the engine: other documents are loaded, or it is
// killed and started again.
type event struct {
	at   time.Duration
	line int
	load *set // nil: a restart
}

// reload takes "reload edited.yaml": from now on these documents hold, and no
// others.
func (p *parse) reload(r *reader, l line, at time.Duration) {
	p.first() // what the scenario begins with stands before it
	s := &set{line: l.number, at: at, below: map[string]int{}}
	if !r.more() {
		r.fail(r.end, "write reload edited.yaml", "here a file is missing")
		return
	}
	p.sloFiles(r, s)
	p.sets = append(p.sets, s)
	p.events = append(p.events, event{at: at, line: l.number, load: s})
}

func (s *Scenario) eventsInOrder() []event {
	return slices.SortedStableFunc(slices.Values(s.events), func(a, b event) int { return cmp.Compare(a.at, b.at) })
}

// counting is a core, or a tape in front of one.
type counting interface {
	Ingest(batch *sli.Batch, now time.Time) sli.Receipt
	Evaluate(now time.Time) *engine.Snapshot
}

// replayed is how old the snapshot is that a restart begins with, as it may be
// in an engine: what came after it is counted again from the journal.
const replayed = 5 * time.Minute

// record begins a tape when a restart comes near.
func (g *game) record(at time.Duration) error {
	near := slices.ContainsFunc(g.events, func(e event) bool { return e.load == nil && e.at-at <= replayed })
	if !near || g.tape != nil {
		return nil
	}
	tape, err := engine.NewTape(g.plain)
	g.tape, g.core = tape, tape
	return err
}

// happen does what is due.
func (g *game) happen(at time.Duration) error {
	for len(g.events) > 0 && g.events[0].at <= at {
		if err := g.record(at); err != nil { // for a second one, at once
			return err
		}
		e := g.events[0]
		g.events = g.events[1:]
		if err := g.do(e); err != nil {
			return fmt.Errorf("at %s: %w", when(at), err)
		}
	}
	return nil
}

func (g *game) do(e event) error {
	now := g.Start.Add(e.at)
	if e.load != nil {
		g.holds = e.load
		return g.load(now)
	}
	core, err := g.tape.Restart(g.holds.programs, nil, now)
	g.core, g.plain, g.tape = core, core, nil
	return err
}

// load loads the documents that hold from now on.
func (g *game) load(now time.Time) error {
	if g.tape != nil {
		return g.tape.Load(g.holds.programs, nil, now)
	}
	g.plain.Load(g.holds.programs, nil, now)
	return nil
}
