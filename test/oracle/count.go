package oracle

// Increment is what one sample added: N events in (From, To]. Whole, they
// all lie at To; else they lie evenly.
type Increment struct {
	From, To int64
	N        int64
	Whole    bool
}

// Increments is what a process counts, by the design's definitions.
func (w *World) Increments(p *Process) []Increment {
	if p.Delta {
		return w.deltas(p)
	}
	var list []Increment
	var last *Sample
	gone := false
	for _, s := range p.Samples() {
		switch {
		case s.Stale:
			gone = true
			continue
		case last == nil || w.forgotten(*last, s):
			if from, born := w.born(p, s); born {
				list = append(list, w.increment(from, s.Time, s.Value))
			}
		case gone && s.Time-last.Time > int64(w.Remember): // a baseline
		default:
			list = append(list, w.increment(last.Time, s.Time, difference(*last, s)))
		}
		gone, last = false, &s
	}
	return list
}

// forgotten reports whether a series was away for too long to be known again.
func (w *World) forgotten(last, s Sample) bool {
	return w.Forget > 0 && s.Time-last.Time > int64(w.Forget)
}

// deltas land as they are: each says what it covers.
func (w *World) deltas(p *Process) []Increment {
	var list []Increment
	for _, s := range p.Samples() {
		if !s.Stale {
			list = append(list, w.increment(s.Start, s.Time, s.Value))
		}
	}
	return list
}

func (w *World) increment(from, to, n int64) Increment {
	return Increment{From: from, To: to, N: n, Whole: to-from <= int64(w.Gap)}
}

// born says whether the first sample of a series counts from zero, and since
// when: the series says that it started under our eyes, or its family was in
// its target's previous sample set and it was not. Where both hold it was
// nowhere in that set, however early its process started.
func (w *World) born(p *Process, first Sample) (from int64, born bool) {
	for _, t := range w.sets(p.Target) {
		if t > w.Watched && t < first.Time {
			from, born = t, w.sampled(p.Target, p.Family, t)
		}
	}
	if first.Start > w.Watched {
		if !born {
			from = first.Start
		}
		return max(from, first.Start), true
	}
	return from, born
}

// difference is what a cumulative counter counted between two samples.
func difference(a, b Sample) int64 {
	restarted := a.Start != 0 && b.Start != 0 && a.Start != b.Start
	if restarted || b.Value < a.Value {
		return b.Value
	}
	return b.Value - a.Value
}
