package sli

import (
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/internal/wire"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// ready reports whether a slice can be counted: all parts are known up to its
// end, or were waited for. When nobody is there to be left out of, it waits for
// whoever comes first.
func (c *composition) ready(end, wall, since int64, late slo.LatePolicy) bool {
	patience := int64(late.Patience())
	waits := wall < max(end, since)+patience
	settled := false
	for i := range c.parts {
		part := &c.parts[i]
		if len(part.instances) == 0 && waits && end-since <= patience {
			return false
		}
		for _, in := range part.instances {
			switch {
			case in.knows(end):
				settled = true
			case waits && end-max(in.horizon, since) <= patience:
				return false // silent for so short a time that it may yet come
			}
		}
	}
	return settled || late.As != slo.LateLeftOut
}

// knows reports whether all events up to a time are counted. Between the ends
// of its slices, an instance whose events are slices has none.
func (in *Instance) knows(end int64) bool {
	step := int64(1)
	switch {
	case in.composition != nil:
		step = in.composition.length
	case in.slicer != nil:
		step = in.slicer.length
	}
	return in.newest != 0 && in.horizon >= end-end%step
}

// observed reports whether anything is known of a stretch of time.
func (c *composition) observed(from, to int64) bool {
	for i := range c.parts {
		for _, in := range c.parts[i].instances {
			if in.observed(from, to) || in.between(from, to).Total != 0 {
				return true
			}
		}
	}
	return false
}

func (in *Instance) observed(from, to int64) bool {
	return in.Ledger.Coverage(time.Unix(0, from), time.Unix(0, to), false) > 0
}

func (in *Instance) between(from, to int64) budget.Counts {
	return in.Ledger.Between(time.Unix(0, from), time.Unix(0, to)).Counts
}

// between is what a part counted, all its groups together.
func (p *constituent) between(from, to int64) (c budget.Counts) {
	for _, in := range p.instances {
		c = c.Add(in.between(from, to))
	}
	return c
}

// idle reports whether a part without events had none to count: somebody was
// observed, or the next sample was simply not due yet.
func (p *constituent) idle(from, to int64) bool {
	for _, in := range p.instances {
		if in.observed(from, to) || in.knows(to) && (in.newest <= to || from >= in.horizon) {
			return true
		}
	}
	return false
}

// heard reports whether anything was known of a part up to a time.
func (p *constituent) heard(to int64) bool {
	for _, in := range p.instances {
		if in.newest != 0 && (in.newest <= to || in.observed(to-int64(in.reach), to)) {
			return true
		}
	}
	return false
}

// budgetAt is the part's error budget at a time.
func budgetAt(s *slo.Spec, at int64) float64 {
	for _, e := range s.Earlier {
		if at <= e.Until.UnixNano() {
			return e.Objective.Budget()
		}
	}
	return s.Objective.Budget()
}

// Evidence is how many events the error ratio of (from, to] rests on: of slices
// that are as bad as their own ratio, those that lie in them. Of a
// composite that is the effective size of a weighted sample (Kish 1965),
// (Σw)²/Σ(w²/n) over the parts with n events: a million events of one part
// prove nothing about another that had two. Worked: weights 1 and 1, a million
// and two events: 4/(1/1e6 + 1/2) = 8.
func (in *Instance) Evidence(from, to time.Time) float64 {
	switch {
	case in.traffic != nil:
		return in.traffic.Between(from, to).Total
	case in.composition == nil:
		return in.Ledger.Between(from, to).Total
	}
	var weights, spread float64
	for _, part := range in.composition.parts {
		var n float64
		for _, group := range part.instances {
			n += group.Evidence(from, to)
		}
		if n > 0 {
			weights += part.Weight
			spread += part.Weight * part.Weight / n
		}
	}
	if weights == 0 {
		return 0
	}
	return weights * weights / spread
}

// write writes which slices the ledger holds; it stands behind it.
func (c *composition) write(w *wire.Writer) {
	w.Int(c.end)
	w.Uint(uint64(len(c.told)))
	for _, o := range c.told {
		w.Bool(o.event)
		w.Bool(o.known)
		w.Float(o.bad)
	}
}

func (c *composition) read(r *wire.Reader) {
	end, told := r.Int(), []outcome(nil)
	for range r.Count() {
		told = append(told, outcome{event: r.Bool(), known: r.Bool(), bad: r.Float()})
	}
	if r.Err() == nil {
		c.end, c.told = end, told
	}
}

// constituents says in lines what a composite is made of.
func constituents(c *slo.Composite) []string {
	lines := []string{"composite: " + c.String()}
	for _, p := range c.Parts {
		line := "of " + p.SLO
		if c.Method != slo.AnyBad {
			line += ", weight " + strconv.FormatFloat(p.Weight, 'g', -1, 64)
		}
		lines = append(lines, line)
	}
	return lines
}
