package gates

import (
	"maps"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// stepTime is when a step leaves the rest to the next one.
const stepTime = time.Second

// Step counts what has happened since the last one, and forgets what nobody wants to
// know any more. It asks the engine about each comparison once; where that takes
// longer than a second, the rest has its turn in the next step.
func (c *Canaries) Step(now time.Time) {
	c.stepping.Lock()
	defer c.stepping.Unlock()
	trials := c.sweep(now)
	lanes := lanesOf(c.o.Snapshot(), trials)
	for began := c.o.Now(); len(trials) > 0 && c.o.Now().Sub(began) < stepTime; trials = trials[1:] {
		c.step(trials[0], now, lanes[trials[0].lane])
	}
	if list := c.Watched(); !slices.Equal(list, c.watched) {
		c.watched = list
		c.o.Watch(slices.Clone(list))
	}
}

// step steps one of them.
func (c *Canaries) step(t *trial, now time.Time, lane []*engine.Instance) {
	over, lost := t.done.Load(), t.lost
	t.step(now, lane, c.o.Since)
	if t.lost != lost {
		c.metrics.anew.Inc()
		c.log.Warn("canary begins anew: what happened until now is not known", "slo", t.slo, "candidate", t.candidate)
	}
	if told := t.told.Load(); t.done.Load() && !over {
		c.metrics.ended.WithLabelValues(string(told.Decision)).Inc()
		c.log.Info("canary ended", "slo", told.SLO, "candidate", t.candidate, "decision", told.Decision, "note", told.Note)
	}
}

// sweep forgets what is over. The rest is there by when it had its last turn.
func (c *Canaries) sweep(now time.Time) []*trial {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.trials, func(_ trialKey, t *trial) bool { return t.over(now) })
	return slices.SortedFunc(maps.Values(c.trials), func(a, b *trial) int { return a.stepped.Compare(b.stepped) })
}
