package demo

import "time"

// incident is what is known of the one incident of the story. Times are zero
// until they are known.
type incident struct {
	// broken and repaired are what the demo did to v2.
	broken, repaired time.Time
	// detected, decided and acted are when the heal tier fired, the engine
	// reserved its action and the gateway had it; verified when the engine had
	// seen that it helps; undone when what was before was there again. The engine
	// says so.
	detected, decided, acted, verified, undone time.Time
	// lastBad is the time of the newest event when the count of bad ones last
	// grew: from then on the shop was healthy.
	lastBad time.Time
	healthy bool // that was told
	// before and after are the healed SLO before v2 broke, and now.
	before, after reading
	// saved is how many bad events the engine itself estimates to have spared.
	saved *float64
}

// reading is what the engine shows of the healed SLO.
type reading struct {
	counts    counts
	remaining float64 // of the error budget; 1: all of it
}

func readingOf(s status) reading {
	r := reading{counts: counts{known(s.Good), known(s.Total)}, remaining: 1}
	if s.Remaining != nil {
		r.remaining = *s.Remaining
	}
	return r
}

// follow takes down how things stand, and when bad events were last counted.
func (i *incident) follow(s status) {
	if i.broken.IsZero() || s.LastEvent == nil {
		return
	}
	now := readingOf(s)
	if now.counts.bad() > i.after.counts.bad() {
		i.lastBad = *s.LastEvent
	}
	i.after = now
}

// cost is what an incident costs: bad events, and the share of the budget.
type cost struct{ bad, budget float64 }

// spent is what this one cost.
func (i *incident) spent() cost {
	return cost{i.after.counts.bad() - i.before.counts.bad(), i.before.remaining - i.after.remaining}
}

// unhealed is what it would have cost if v2 had failed on at the same rate for
// as long as people need: bad events and budget grow with time. It is rather too
// little, as lastBad is up to a push late.
func (i *incident) unhealed(people time.Duration) cost {
	spent, lasted := i.spent(), i.lastBad.Sub(i.broken).Seconds()
	if lasted <= 0 {
		return spent
	}
	longer := people.Seconds() / lasted
	return cost{spent.bad * longer, spent.budget * longer}
}

// since is the time from the failure to t.
func (i *incident) since(t time.Time) time.Duration { return t.Sub(i.broken) }
