package remediation

import "time"

// stopwatch notes when a drill got how far. The Runner's mu guards those that it
// knows.
type stopwatch struct {
	began time.Time
	times []DrillTime
}

// mark notes the first time that something is done.
func (s *stopwatch) mark(what string, now time.Time) {
	for _, t := range s.times {
		if t.What == what {
			return
		}
	}
	s.times = append(s.times, DrillTime{what, max(now.Sub(s.began), 1)}) // a nanosecond is not never
}

// marks are the states of a drill that are noted.
var marks = map[State]string{Applying: "undo_written", Verifying: "live", Undoing: "undoing", Undone: "undone"}

// mark notes something about a drill of this process.
func (r *Runner) mark(id, what string) {
	now := r.o.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if watch := r.drilling[id]; watch != nil && what != "" {
		watch.mark(what, now)
	}
}

// stopped takes a stopwatch away, and says what it has noted.
func (r *Runner) stopped(id string) (times []DrillTime, live time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if watch := r.drilling[id]; watch != nil {
		times = watch.times
	}
	delete(r.drilling, id)
	for _, t := range times {
		if t.What == "live" {
			live = t.After
		}
	}
	return times, live
}
