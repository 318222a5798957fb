package gates

import (
	"sync/atomic"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// namelessAfter is how long the events of an SLO are watched until it is believed
// that none of its series has the label.
const namelessAfter = 15 * time.Second

// trialKey is what makes a comparison another one.
type trialKey struct {
	lane                laneKey
	terms               slo.GateCanary
	candidate, baseline string
}

// trial is a comparison in one lane.
type trial struct {
	trialKey
	slo     string // its id
	grouped bool   // split by the label

	asked    atomic.Int64 // when, in nanoseconds
	told     atomic.Pointer[gate.Canary]
	nameless atomic.Bool // no series has the label
	done     atomic.Bool // it has ended

	// The rest is Step's.
	began      time.Time
	comparison *gate.Comparison
	cursors    map[string]*cursor // by instance
	stepped    time.Time
	ended      time.Time
	lost       string // why it began anew
}

func newTrial(key trialKey, in *engine.Instance, now time.Time) *trial {
	t := &trial{trialKey: key, slo: in.Spec.ID(), grouped: groupedBy(in.Spec, key.terms.By)}
	t.asked.Store(now.UnixNano())
	t.begin(in.Spec.Objective.Budget(), now)
	t.publish(t.slo)
	return t
}

// begin has the comparison begin, or begin anew.
func (t *trial) begin(budget float64, now time.Time) {
	t.began, t.cursors = now, map[string]*cursor{}
	t.comparison = gate.NewComparison(&t.terms, budget, t.candidate, t.baseline, now)
}

// step counts what has happened in the lane since the last step.
func (t *trial) step(now time.Time, lane []*engine.Instance, since sinceFunc) {
	t.stepped = now
	if t.done.Load() {
		return
	}
	candidate, baseline, settle, ok := t.read(now, lane, since)
	if !ok {
		t.lost = "it began anew at " + now.UTC().Format(time.RFC3339) + ", because what happened until then is not known"
		t.begin(lane[0].Spec.Objective.Budget(), now)
	}
	if settle > 0 {
		t.comparison.Settle = settle
	}
	t.comparison.Step(candidate, baseline, now)
	t.publish(t.id(lane))
	if t.comparison.Ended {
		t.ended, t.cursors = now, nil
		t.done.Store(true)
	}
}

// sinceFunc is Engine.Since.
type sinceFunc func(id string, from time.Time, window time.Duration, by string) engine.Recent

// read is what both sides have had, and the time between samples. Without ok some of
// it cannot be known any more.
func (t *trial) read(now time.Time, lane []*engine.Instance, since sinceFunc) (candidate, baseline gate.Side, settle time.Duration, ok bool) {
	for _, in := range lane {
		if t.grouped && !t.meant(in.Group[t.terms.By]) || in.Interval > seldom {
			continue
		}
		c := t.cursors[in.ID]
		if c == nil {
			c = &cursor{}
			t.cursors[in.ID] = c
		}
		more, ok := c.read(t.began, t.asks(now, in, since))
		if !ok {
			return gate.Side{}, gate.Side{}, settle, false
		}
		settle = max(settle, in.Interval)
		for version, counts := range more {
			t.add(&candidate, &baseline, version, counts)
		}
	}
	return candidate, baseline, settle, true
}

// asks is the engine's answer about an instance, by version.
func (t *trial) asks(now time.Time, in *engine.Instance, since sinceFunc) ask {
	return func(from time.Time) engine.Recent {
		if !t.grouped {
			r := since(in.ID, from, remembered, t.terms.By)
			if r.Members != nil {
				t.nameless.Store(false)
			} else if r.Total > 0 && now.Sub(t.began) > namelessAfter {
				t.nameless.Store(true)
			}
			return r
		}
		r := since(in.ID, from, remembered, "")
		if !r.Until.IsZero() {
			r.Members = map[string]budget.Counts{in.Group[t.terms.By]: r.Counts}
		}
		return r
	}
}

// meant reports whether a version is one of the two.
func (t *trial) meant(version string) bool {
	return version == t.candidate || t.baseline == "" || version == t.baseline
}

func (t *trial) add(candidate, baseline *gate.Side, version string, c budget.Counts) {
	switch {
	case version == t.candidate:
		candidate.Bad, candidate.Total = candidate.Bad+c.Bad, candidate.Total+c.Total
	case t.meant(version):
		baseline.Bad, baseline.Total = baseline.Bad+c.Bad, baseline.Total+c.Total
	}
}

// id is that of the lane, or where it has several instances of the candidate's.
func (t *trial) id(lane []*engine.Instance) string {
	if !t.grouped {
		return t.lane.id
	}
	for _, in := range lane {
		if in.Group[t.terms.By] == t.candidate {
			return in.ID
		}
	}
	return t.slo
}

// publish has whoever asks see how it stands.
func (t *trial) publish(id string) {
	c := t.comparison.Canary(id)
	switch {
	case t.nameless.Load():
		c.Note = "the events of " + id + " cannot be told apart by " + t.terms.By + ": none of its series has that label, or only some of those that belong together"
	case t.lost != "":
		c.Note += "; " + t.lost
	}
	t.told.Store(&c)
}

// idle is for how long a comparison is kept that nobody asks about.
func (t *trial) idle() time.Duration { return max(t.terms.Within, remembered) }

// over reports whether it can be forgotten. What nobody asks about is, once it has
// ended, and so is what has never seen the candidate. A denial is forgotten even if
// somebody asks: a version that was mended may be compared again.
func (t *trial) over(now time.Time) bool {
	asked := now.Sub(time.Unix(0, t.asked.Load())) > t.idle()
	switch {
	case !t.done.Load():
		return asked && t.told.Load().Decision == slo.GateUnknown
	case t.told.Load().Decision == slo.GateDeny:
		return now.Sub(t.ended) > t.idle()
	}
	return asked && now.Sub(t.ended) > t.idle()
}
