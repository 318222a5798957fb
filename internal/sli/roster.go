package sli

import "time"

// roster counts the comings and goings of instances and programs, so that who
// lists them need not do it at every tick.
type roster struct{ changes uint64 }

func (r *roster) note() { r.changes++ }

// Roster is a number that changes whenever Instances or Idle do.
func (t *Tracker) Roster() uint64 { return t.roster.changes }

// Pulse is Horizon and Interval in one look.
func (in *Instance) Pulse(now time.Time) (horizon time.Time, interval time.Duration) {
	if in.composition != nil { // Compose has said
		return time.Unix(0, in.horizon), in.composition.interval
	}
	wall := now.UnixNano()
	interval = in.Interval(now)
	// A second more, because the ledger is read on whole seconds.
	limit := min(wall, in.newest+int64(interval)+int64(time.Second))
	for _, c := range in.lineUp {
		limit = min(limit, c.known(wall, in.newest, int64(interval), in.patience))
	}
	if in.slicer != nil {
		limit = in.slicer.judged(limit)
	}
	in.horizon = max(in.horizon, limit)
	return time.Unix(0, in.horizon), interval
}
