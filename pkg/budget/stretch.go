package budget

import "time"

// Stretch makes the ledger read windows up to longest, if it could not. What it
// has counted stays, as far back as it reached; what is older than that is not
// known, and Coverage says so. It never makes a ledger shorter.
func (l *Ledger) Stretch(longest time.Duration) {
	if longest <= l.longest {
		return
	}
	old := l.rings[len(l.rings)-1]
	if old.known != wholePast {
		l.observed.trim((old.known - 1) * old.slot) // what base reads
	}
	rings := New(longest).rings
	for i := range rings {
		if i < len(l.rings) {
			r := l.rings[i]
			r.limit = rings[i].limit
			rings[i] = r
			continue
		}
		rings[i].copy(&old, l)
	}
	l.rings, l.longest = rings, longest
	l.changes, l.late = l.changes+1, l.late+1 // panels must look again
}

// copy makes an empty ring hold what a finer one does.
func (r *ring) copy(fine *ring, l *Ledger) {
	if fine.n == 0 {
		return
	}
	r.base, r.known = fine.base, fine.known
	if fine.known != wholePast {
		r.known = ceilDiv(fine.known*fine.slot, r.slot)
	}
	r.first = ceilDiv(fine.first*fine.slot, r.slot)
	for edge := r.first; edge <= ceilDiv(fine.last()*fine.slot, r.slot); edge++ {
		r.push(edge, fine.at(edge*r.slot/fine.slot, l.total))
	}
}

// trim forgets what lies before t.
func (c *coverage) trim(t int64) {
	for len(c.spans) > 0 && c.spans[0].to <= t {
		c.spans = c.spans[1:]
	}
	if len(c.spans) > 0 {
		c.spans[0].from = max(c.spans[0].from, t)
	}
}
