package scenario

import (
	"context"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// Result is what became of a scenario.
type Result struct {
	// Failures are the expectations that did not hold, in the order in which
	// they were judged.
	Failures []Failure
	// Moves are the alerts that fired and resolved, each on a line of its own.
	Moves []string
	// Refused are samples that were not counted, by reason.
	Refused []sli.Rejection
	// Ticks is how many evaluations were made.
	Ticks int
}

// Passed reports whether everything was as expected.
func (r *Result) Passed() bool { return len(r.Failures) == 0 }

// game is a scenario that is played.
type game struct {
	*Scenario
	core    counting // the plain one, or its tape
	plain   *engine.Core
	tape    *engine.Tape // nil but for a while before a restart
	holds   *set
	events  []event // that have not happened yet
	result  *Result
	receipt sli.Receipt
	history map[string]*record
	next    int // the check that is due next
	checks  []check
	streams []*stream
}

// view is what an expectation looks at: one instance at one time.
type view struct {
	*engine.Instance
	start   time.Time
	at      time.Duration
	history moves
}

// Play plays a scenario from its beginning to its end. It may be played again.
// The error is that of ctx, or says that a restart was not possible.
func (s *Scenario) Play(ctx context.Context) (*Result, error) {
	core := engine.NewCore(engine.Options{})
	g := &game{
		Scenario: s, result: &Result{}, history: map[string]*record{}, checks: s.inOrder(), streams: s.streams(),
		core: core, plain: core, holds: s.sets[0], events: s.eventsInOrder(),
	}
	// Watching began before: what is sampled at 0s is not the engine's own start.
	core.Load(g.holds.programs, nil, s.Start.Add(-time.Second))
	var last *engine.Snapshot
	for at := time.Duration(0); at <= s.end; at += s.Tick {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var err error
		if last, err = g.tick(at); err != nil {
			return nil, err
		}
	}
	g.judge(last, s.end, true)
	g.result.Refused = g.receipt.Rejections
	return g.result, nil
}

// tick delivers what has arrived, lets happen what happens, evaluates, and
// judges what is due.
func (g *game) tick(at time.Duration) (*engine.Snapshot, error) {
	now := g.Start.Add(at)
	if err := g.record(at); err != nil {
		return nil, err
	}
	for {
		arrival, any := g.due(now.UnixNano())
		if !any {
			break
		}
		g.receipt.Merge(g.core.Ingest(g.collect(arrival), time.Unix(0, arrival)))
	}
	if err := g.happen(at); err != nil {
		return nil, err
	}
	snapshot := g.core.Evaluate(now)
	g.result.Ticks++
	g.note(snapshot, at)
	g.judge(snapshot, at, false)
	return snapshot, nil
}

// due is the earliest arrival up to now.
func (g *game) due(now int64) (earliest int64, any bool) {
	for _, s := range g.streams {
		if s.next == len(s.arrives) || s.arrives[s.next] > now {
			continue
		}
		if !any || s.arrives[s.next] < earliest {
			earliest, any = s.arrives[s.next], true
		}
	}
	return earliest, any
}

// collect makes one request of all that arrives at a moment.
func (g *game) collect(arrival int64) *sli.Batch {
	batch := &sli.Batch{}
	for _, s := range g.streams {
		from := s.next
		for s.next < len(s.arrives) && s.arrives[s.next] <= arrival {
			s.next++
		}
		if from < s.next {
			series := s.series
			series.Points = s.points[from:s.next]
			batch.Series = append(batch.Series, series)
		}
	}
	return batch
}

// judge judges the checks of a time, or the final ones.
func (g *game) judge(snapshot *engine.Snapshot, at time.Duration, final bool) {
	for g.next < len(g.checks) {
		c := g.checks[g.next]
		if c.final != final || c.at > at && !final {
			return
		}
		g.next++
		if failure, ok := g.ask(c, snapshot, at); !ok {
			g.result.Failures = append(g.result.Failures, failure)
		}
	}
}

// ask judges one expectation.
func (g *game) ask(c check, snapshot *engine.Snapshot, at time.Duration) (Failure, bool) {
	f := Failure{File: g.File, Line: c.line, At: at, Time: g.Start.Add(at), Expected: c.text, Final: c.final}
	in, why := c.who.of(snapshot)
	if in == nil {
		f.Got = why
		return f, false
	}
	v := view{Instance: in, start: g.Start, at: at, history: g.history[in.ID].moves}
	found, ok := c.expect.holds(v)
	if ok {
		return f, true
	}
	f.SLO, f.Got, f.Context = naming(in), found, v.context()
	return f, false
}
