package engine

import "time"

const (
	// lookEach is how often an instance looks ahead.
	lookEach = 10 * time.Minute
	// foresight is how long before they come times are pinned.
	foresight = time.Hour
)

// look lets instances look ahead, now and then. It comes before they are judged
// side by side: a composite reads the ledgers of others then, and a pin changes
// a ledger.
func (c *Core) look(now time.Time) {
	if now.Before(c.looks) && c.looks.Sub(now) <= lookEach {
		return
	}
	c.looks = now.Add(lookEach)
	for _, e := range c.line {
		if e.judged != nil && e.judged.mustLook(now) {
			e.judged.look(now)
		}
	}
}

// mustLook reports whether there is anything to look for: most instances have
// one rolling window, and nothing else.
func (j *judged) mustLook(now time.Time) bool {
	if j.extras == nil && !j.window.Calendar() || now.Before(j.due) && j.due.Sub(now) <= lookEach {
		return false
	}
	j.due = now.Add(lookEach)
	return true
}

// look asks which times are excluded, and makes the ledgers remember the edges
// of these times, the changes of the objective and the calendar's periods: where
// midnight is not on a whole hour, no slot of a month begins with the month.
func (j *judged) look(now time.Time) {
	at, soon := now, now.Add(foresight)
	if last := j.instance.LastSample(); !last.IsZero() && last.Before(at) {
		at = last // windows end there while nothing comes
	}
	from, to := at.Add(-j.instance.Reach()-foresight), soon
	for _, w := range j.instance.Spec.Windows() {
		if !w.Calendar() {
			continue
		}
		for _, t := range []time.Time{at, soon} {
			start, end := w.Bounds(t)
			j.pin(start)
			j.pin(end)
			if end.After(to) {
				to = end // what is planned for a period is part of it
			}
		}
	}
	if j.extras != nil {
		j.extras.ask(from, to)
		j.pinExtras(from, soon)
	}
}

func (j *judged) pinExtras(from, soon time.Time) {
	for _, s := range j.extras.spans {
		for _, edge := range []time.Time{s.From, s.To} {
			if edge.After(from) && !edge.After(soon) {
				j.pin(edge)
			}
		}
	}
	for _, change := range j.extras.earlier {
		if change.Until.After(from) {
			j.pin(change.Until)
		}
	}
}

// pin makes the ledgers remember a time.
func (j *judged) pin(t time.Time) {
	j.instance.Ledger.Pin(t)
	if j.instance.Uncertain != nil {
		j.instance.Uncertain.Pin(t)
	}
}
