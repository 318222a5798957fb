package engine

import (
	"context"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// Recent is what has happened to an instance lately, as who acts on it holds his
// actions against it. The zero value: nothing is known.
type Recent struct {
	// From and Until bound it: events in (From, Until], on whole seconds. Until is
	// how far the engine has seen. From may be later than what was asked for.
	From, Until time.Time
	budget.Counts
	// Budget is 1 - the objective in force.
	Budget float64
	// Left is how many more events may be bad until the budget of the whole SLO
	// window is spent, below 0 where it is overspent; nil: not known.
	Left *float64
	// Members are the counts by member; nil: not known.
	Members map[string]budget.Counts
}

// Since is what has happened to an instance after from (zero: at any time), but
// no more than the last window of it (0: all of it), told apart by the values of
// a label of the SLO's series where by is not empty and Watch has named it.
//
// No event is in it that may have happened before from: where a counter is
// sampled every 15 seconds, what it tells within 15 seconds after from is left
// out, and where slices of time are the events, the first whole slice is the
// first event. A window shorter than two samples is taken for two. Beyond
// ten minutes From lies on an edge of the ledger's slots, as those of tiers do.
//
// Members are told apart for ten minutes, and since they are watched: a window
// that begins before that is cut there, so that all counts are of one time. Of
// all events (window 0) members are not known then. They are told apart by the
// second; of slices of time, and of composites, nobody knows them.
//
// Of an instance that is not there, has no samples yet or none any more nothing
// is known. A calendar period bounds nothing here, and what BudgetAdjustments
// exclude counts: it shows what an action does, not what it costs.
func (c *Core) Since(id string, from time.Time, window time.Duration, by string, now time.Time) Recent {
	j := c.judged[id]
	if j == nil || j.data != alerts.Live {
		return Recent{}
	}
	return j.recent(from, window, j.instance.Members(by), now)
}

func (j *judged) recent(from time.Time, window time.Duration, members *sli.Members, now time.Time) Recent {
	blur := j.instance.Blur(now)
	until := j.instance.Horizon(now).Truncate(time.Second)
	begin := laterOf(until.Add(-j.instance.Reach()), j.oldest())
	if window > 0 {
		begin = laterOf(begin, until.Add(-max(window, 2*blur)))
	}
	if !from.IsZero() {
		begin = laterOf(begin, from.Add(blur))
	}
	if members != nil && window > 0 {
		begin = laterOf(begin, members.Begun())
		begin = laterOf(begin, until.Add(-sli.MembersTime))
	}
	out := Recent{From: until, Until: until, Budget: j.policy.budget, Left: j.spare()}
	if begin.Before(until) {
		r := j.instance.Ledger.Between(edgeAfter(begin, j.instance.Ledger.SlotFor(until.Sub(begin))), until)
		out.From, out.Counts = r.Start, sane(r.Counts)
	}
	if members != nil && !out.From.Before(members.Begun()) && until.Sub(out.From) <= sli.MembersTime {
		out.Members = members.Between(out.From, until)
	}
	return out
}

// spare is what is left of the budget, in events of the ledger.
func (j *judged) spare() *float64 {
	perBad, known := j.account.consumed(1)
	if !known || !j.remaining.known || perBad <= 0 {
		return nil
	}
	left := j.remaining.value / perBad
	return &left
}

// oldest is since when anything is known.
func (j *judged) oldest() time.Time {
	if known := j.instance.Ledger.Observed(); len(known) > 0 {
		return known[0].From
	}
	return time.Time{}
}

func laterOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// edgeAfter is the first edge of slots that is not before a time.
func edgeAfter(t time.Time, slot time.Duration) time.Time {
	if edge := t.Truncate(slot); edge.Before(t) {
		return edge.Add(slot)
	}
	return t
}

// sane takes counts of sources that disagree as rates do.
func sane(c budget.Counts) budget.Counts {
	return budget.Counts{Bad: max(0, min(c.Bad, c.Total)), Total: max(0, c.Total)}
}

// Watched is an SLO, by its id (service:name), whose events are to be told apart
// by a label of its series.
type Watched struct{ SLO, Label string }

// Watch tells the events of all instances of SLOs apart by labels from now on,
// instead of what it was told before; those that are told apart already go on.
// What nobody watches costs nothing. Loads do not end it, and the SLOs need
// not be there yet.
func (c *Core) Watch(list []Watched, now time.Time) {
	by := map[string][]string{}
	for _, w := range list {
		if !slices.Contains(by[w.SLO], w.Label) {
			by[w.SLO] = append(by[w.SLO], w.Label)
		}
	}
	c.tracker.Watch(by, now)
}

// answerWithin bounds how long a question waits for the owner.
const answerWithin = 2 * time.Second

// Since asks Core.Since. Where the engine does not run, or is too busy to
// answer within two seconds, nothing is known.
func (e *Engine) Since(id string, from time.Time, window time.Duration, by string) Recent {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	if e.begun(ctx) != nil {
		return Recent{}
	}
	var recent Recent
	if !e.do(ctx.Done(), func() { recent = e.core.Since(id, from, window, by, e.options.Now()) }) {
		return Recent{} // the owner may write the other one yet
	}
	return recent
}

// Watch has Core.Watch called before the next tick. It does not wait, and may
// be called before Run.
func (e *Engine) Watch(list []Watched) { e.watched.Store(&list) }

// watch does what Watch was told last.
func (e *Engine) watch() {
	if list := e.watched.Swap(nil); list != nil {
		e.core.Watch(*list, e.options.Now())
	}
}
