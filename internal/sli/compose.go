package sli

import (
	"cmp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// composition is what an instance that is made of others remembers. Slices of
// time, each of them (end-length, end], become events of its ledger one after
// the other, once all parts are known up to their end or have been waited for.
//
// No sample is counted for it, and no record of the journal speaks of it: all
// that it counts follows from its parts' ledgers. So a restart goes on behind
// the last slice that the snapshot of its ledger has, and looks at the newest
// of those again. Which slices these are is written in one piece with the
// ledger; apart from it, a slice counted between the two would count twice.
type composition struct {
	parts []constituent
	// length is that of a slice, reach how far back the parts' ledgers tell
	// slices apart.
	length, reach int64
	end           int64     // of the newest slice that was looked at, 0 before the first
	told          []outcome // what the ledger has of the newest slices, up to end
	seen          uint64    // the changes of the parts' ledgers then
	interval      time.Duration
}

// constituent is a part at work.
type constituent struct {
	slo.Part
	program   *program // nil: it is not there
	instances []*Instance
}

// outcome is what a slice counts.
type outcome struct {
	bad   float64 // 0 to 1
	event bool    // some part had events
	known bool    // some part was observed
}

func (o outcome) counts() budget.Counts {
	if !o.event {
		return budget.Counts{}
	}
	return budget.Counts{Bad: o.bad, Total: 1}
}

// composeReach is how far back the ledgers of the parts have an edge at each
// minute: see the ladder of package budget.
const composeReach = 24 * time.Hour

// composites are the programs that are made of others, the parts of each
// before it. It ties them to their parts.
func composites(programs []*program) (order []*program) {
	if !slices.ContainsFunc(programs, func(p *program) bool { return p.Spec.Composite != nil }) {
		return nil
	}
	byID := map[string]*program{}
	for _, p := range programs {
		byID[p.Spec.ID()] = p
	}
	been := map[*program]bool{}
	var visit func(p *program)
	visit = func(p *program) {
		if p.Spec.Composite == nil || been[p] {
			return
		}
		been[p] = true
		for _, part := range p.Spec.Composite.Parts {
			q := byID[part.SLO]
			p.parts = append(p.parts, q)
			if q != nil {
				visit(q)
			}
		}
		order = append(order, p)
	}
	for _, p := range programs {
		visit(p)
	}
	return order
}

// Compose counts the slices of composites that are over at a wall time, and
// corrects those of the last Options.Lateness whose parts were. It comes before
// instances are judged. since is since when somebody has been listening: of a
// silence before that, parts are not to blame.
func (t *Tracker) Compose(now, since time.Time) {
	if len(t.composites) == 0 {
		return
	}
	t.gatherParts()
	for _, p := range t.composites {
		for _, in := range p.instances {
			in.compose(now, since.UnixNano(), int64(t.options.Lateness))
		}
	}
}

// gatherParts looks up the instances of all parts, when some have come or gone.
func (t *Tracker) gatherParts() {
	if t.gathered == t.roster.changes {
		return
	}
	for _, p := range t.composites {
		t.instanceOf(p, nil).composition.gather(p)
	}
	t.gathered = t.roster.changes
}

func (c *composition) gather(p *program) {
	made := p.Spec.Composite
	c.parts, c.length, c.seen = c.parts[:0], int64(made.Slice), 0
	c.reach = int64(min(composeReach, longest(p.Spec)))
	for i, part := range made.Parts {
		one := constituent{Part: part, program: p.parts[i]}
		if one.program != nil {
			c.reach = min(c.reach, int64(longest(one.program.Spec)))
			for _, in := range one.program.instances {
				one.instances = append(one.instances, in)
			}
			// In one order, or the last bits of sums would depend on chance.
			slices.SortFunc(one.instances, func(a, b *Instance) int { return cmp.Compare(a.ID, b.ID) })
		}
		c.parts = append(c.parts, one)
	}
}

// compose counts the slices that are over.
func (in *Instance) compose(now time.Time, since, lateness int64) {
	c, wall := in.composition, now.UnixNano()
	changes, newest := c.listen(now)
	if changes != c.seen {
		in.lookBack(wall)
		if c.end == 0 {
			c.begin(wall)
		}
	}
	c.seen = changes
	if c.end == 0 {
		return // nothing is known of any part yet
	}
	in.rewind(wall)
	c.skip(wall)
	policy := in.Spec.Composite.Late
	for next := c.end + c.length; next <= wall && c.ready(next, wall, since, policy); next += c.length {
		in.tell(next, in.outcome(next))
	}
	c.trim(wall - lateness)
	if policy.As != slo.LateLeftOut {
		newest = max(newest, c.end) // it has an answer to silence
	}
	in.newest, in.horizon = max(in.newest, newest), c.end
}

// listen brings the parts up to date: how often their ledgers have changed, and
// their newest sample.
func (c *composition) listen(now time.Time) (changes uint64, newest int64) {
	c.interval = 0
	for i := range c.parts {
		for _, in := range c.parts[i].instances {
			_, interval := in.Pulse(now)
			c.interval = max(c.interval, interval)
			changes += in.Ledger.Changes()
			newest = max(newest, in.newest)
		}
	}
	return changes, newest
}

// tell counts the next slice.
func (in *Instance) tell(end int64, o outcome) {
	c := in.composition
	c.end, c.told = end, append(c.told, o)
	in.post(end, outcome{}, o)
}

// lookBack corrects the slices that are remembered. After a restart these are
// all that the snapshot had, however long ago.
func (in *Instance) lookBack(wall int64) {
	c := in.composition
	for i, before := range c.told {
		end := c.end - int64(len(c.told)-1-i)*c.length
		if end-c.length < wall-c.reach {
			continue // the parts do not tell it from others any more
		}
		if now := in.outcome(end); now != before {
			c.told[i] = now
			in.post(end, before, now)
		}
	}
}

// post counts the difference.
func (in *Instance) post(end int64, before, after outcome) {
	at := time.Unix(0, end)
	in.Ledger.Add(at, after.counts().Sub(before.counts()))
	if after.known && !before.known {
		in.Ledger.Observe(time.Unix(0, end-in.composition.length), at)
	}
}
