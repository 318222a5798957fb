package oracle

import (
	"slices"
	"sort"
	"time"
)

// Event is n events that happened at one moment, in nanoseconds.
type Event struct {
	Time int64
	N    int64
}

// Process is the true life of one counter, and who looked at it when.
type Process struct {
	// Target and Family are the unit that is scraped and the metric's name.
	Target, Family string
	// Events are what happened, in order.
	Events []Event
	// Starts are the moments at which the counter began at zero, in order;
	// the first one is that of its birth.
	Starts []int64
	// TellsStart says that samples carry the start of their counter.
	TellsStart bool
	// Delta says that a sample carries what happened since the one before it,
	// or since the counter's start, and not since the start.
	Delta bool
	// Scrapes are the moments of its samples, in order; Stale are those of
	// them at which the series was found to be gone.
	Scrapes []int64
	Stale   map[int64]bool
}

// Sample is what a scrape saw.
type Sample struct {
	Time, Start int64 // Start is 0 when it is not told
	Value       int64
	Stale       bool
}

// Samples are the scrapes of the process, in order.
func (p *Process) Samples() []Sample {
	samples := make([]Sample, 0, len(p.Scrapes))
	happened := p.sums()
	before := int64(0)
	for _, t := range p.Scrapes {
		if p.Stale[t] {
			samples = append(samples, Sample{Time: t, Stale: true})
			continue
		}
		since := p.started(t)
		if p.Delta {
			since = max(since, before)
		}
		s := Sample{Time: t, Value: happened(since, t)}
		if p.TellsStart || p.Delta {
			s.Start = since
		}
		samples = append(samples, s)
		before = t
	}
	return samples
}

// started is the latest start at or before t.
func (p *Process) started(t int64) int64 {
	started := p.Starts[0]
	for _, s := range p.Starts {
		if s <= t {
			started = s
		}
	}
	return started
}

// sums returns a function that counts the events in (from, to].
func (p *Process) sums() func(from, to int64) int64 {
	until := make([]int64, len(p.Events)+1) // until[i]: in the first i events
	for i, e := range p.Events {
		until[i+1] = until[i] + e.N
	}
	first := func(after int64) int {
		return sort.Search(len(p.Events), func(i int) bool { return p.Events[i].Time > after })
	}
	return func(from, to int64) int64 { return until[first(to)] - until[first(from)] }
}

// World is everything that was watched.
type World struct {
	// Watched is the moment at which watching began.
	Watched int64
	// Gap is the longest time between two samples whose difference lands
	// whole at the later one.
	Gap time.Duration
	// Remember is for how long the last value of a series that went stale is
	// subtracted from the next.
	Remember time.Duration
	// Forget is how long a series may be away, its family being there, until it
	// is as new when it returns. 0: for ever.
	Forget    time.Duration
	Processes []*Process
}

// sets are the moments at which anything at all was sampled at a target.
func (w *World) sets(target string) []int64 {
	var times []int64
	for _, p := range w.Processes {
		if p.Target != target {
			continue
		}
		for _, s := range p.Samples() {
			if !s.Stale {
				times = append(times, s.Time)
			}
		}
	}
	slices.Sort(times)
	return slices.Compact(times)
}

// sampled reports whether the family had a sample at the target at t.
func (w *World) sampled(target, family string, t int64) bool {
	for _, p := range w.Processes {
		if p.Target == target && p.Family == family && !p.Stale[t] {
			if _, found := slices.BinarySearch(p.Scrapes, t); found {
				return true
			}
		}
	}
	return false
}
