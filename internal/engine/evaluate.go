package engine

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Evaluate judges every instance at a tick, tells Options.Notify what changed,
// and returns what it saw.
func (c *Core) Evaluate(now time.Time) *Snapshot {
	if c.since.IsZero() || now.Sub(c.evaluated) > nap {
		c.since = now // nobody listened meanwhile, or the clock was set forward
	}
	c.evaluated = now
	if now.After(c.nextSweep) {
		c.tracker.Sweep(now)
		c.nextSweep = now.Add(sweepEvery)
	}
	c.tracker.Compose(now, c.since)
	c.turn(now)
	batch := c.lineUp(now)
	c.look(now)
	out := make([]*Instance, len(c.line))
	for _, j := range c.judgeAll(out, now) {
		batch = append(batch, c.speak(j, now)...)
	}
	c.notify(now, batch)
	c.changed, c.fresh = c.fresh, nil
	c.metrics.series.Set(float64(c.tracker.Known()))
	return &Snapshot{At: now, Instances: out, Problems: c.problems}
}

// nap is how long a core may go without an evaluation and still take the time
// for heard. Beyond it the machine slept, or its clock was set forward, and no
// sender can have been silent for that.
const nap = slo.UsualSilence / 2

// entry is one line of a snapshot.
type entry struct {
	id     string
	judged *judged
	fixed  *Instance // where there is nothing to judge
}

// lineUp draws up the list of instances when some have come or gone, gives the
// new ones the alerts they had before a restart, and ends the alerts of those
// that have gone.
func (c *Core) lineUp(now time.Time) (batch []alerts.Alert) {
	stale := c.line == nil || c.roster != c.tracker.Roster()
	if stale {
		c.roster = c.tracker.Roster()
		for _, in := range c.tracker.Instances() {
			batch = append(batch, c.welcome(in, now)...)
		}
	}
	resent, changed := c.await(now)
	batch = append(batch, resent...)
	if stale || changed {
		c.draw()
		batch = append(batch, c.bury(now)...)
	}
	return batch
}

// draw lists what a snapshot shows.
func (c *Core) draw() {
	c.looks = time.Time{} // there may be new ones
	living := c.tracker.Instances()
	c.line = make([]entry, 0, len(living))
	for _, in := range living {
		c.line = append(c.line, entry{id: in.ID, judged: c.judged[in.ID]})
	}
	for _, spec := range c.tracker.Idle() {
		if c.absent[spec.ID()] == nil {
			c.line = append(c.line, entry{id: spec.ID(), fixed: &Instance{ID: spec.ID(), Spec: c.policies[spec.ID()].spec, State: StateUnknown}})
		}
	}
	c.line = append(c.line, c.missing()...)
	slices.SortFunc(c.line, func(a, b entry) int { return strings.Compare(a.id, b.id) })
}

// bury ends the alerts of instances that are not in the line any more.
func (c *Core) bury(now time.Time) []alerts.Alert {
	ids := make(map[string]bool, len(c.line))
	for _, e := range c.line {
		ids[e.id] = e.judged != nil
	}
	var gone []string
	for id := range c.judged {
		if !ids[id] {
			gone = append(gone, id)
		}
	}
	slices.Sort(gone)
	var batch []alerts.Alert
	for _, id := range gone {
		batch = append(batch, c.retire(c.judged[id], "instance_gone", now)...)
		delete(c.judged, id)
	}
	return batch
}

// welcome makes the alert state of a new instance.
func (c *Core) welcome(in *sli.Instance, now time.Time) []alerts.Alert {
	if c.judged[in.ID] != nil {
		return nil
	}
	j := newJudged(in, c.policies[in.Spec.ID()])
	c.judged[in.ID] = j
	return c.remember(j, now)
}

// crowd is how many instances are worth a goroutine of their own.
const crowd = 500

// judgeAll steps every instance and writes what was seen to out, in line. It
// returns those of which there is something to say, in line too.
func (c *Core) judgeAll(out []*Instance, now time.Time) []*judged {
	parts := max(1, min(runtime.GOMAXPROCS(0), len(c.line)/crowd))
	loud := make([][]*judged, parts)
	var workers sync.WaitGroup
	for part := range parts {
		from, to := part*len(c.line)/parts, (part+1)*len(c.line)/parts
		work := func() { loud[part] = c.judgePart(c.line[from:to], out[from:to], now) }
		if part == parts-1 {
			work()
			break
		}
		workers.Go(work)
	}
	workers.Wait()
	return slices.Concat(loud...)
}

// judgePart touches nothing that does not belong to its instances.
func (c *Core) judgePart(line []entry, out []*Instance, now time.Time) (loud []*judged) {
	var s sheets
	t := tick{now: now, since: c.since, reread: c.options.Reread, worst: new([]alerts.Windows)}
	for i, e := range line {
		j := e.judged
		if j == nil {
			out[i] = e.fixed
			continue
		}
		if j.step(t) {
			j.status = j.write(&s)
		}
		out[i] = j.status
		if j.loud(now, c.options.Refresh) {
			loud = append(loud, j)
		}
	}
	return loud
}
