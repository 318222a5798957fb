package sli

import "time"

// NoticeBothForms marks an instance whose histogram arrives both classic and
// native: the form seen first is counted, for as long as it comes.
const NoticeBothForms Reason = "both_histogram_forms"

// formOf is the form of a histogram that a role belongs to: roleBucket stands
// for the classic one, with its _count.
func formOf(r role) role {
	if r == roleCounter {
		return roleBucket
	}
	return r
}

// form reports whether a part of a histogram is counted: a histogram that is
// sent both as classic and as native counts once, as what was seen first.
func (p *program) form(key histogramKey, r role) bool {
	if _, known := p.forms[key]; !known {
		p.forms[key] = formOf(r)
	}
	return p.forms[key] == formOf(r)
}

// rival is a part of a histogram that is not counted because the other form is.
type rival struct {
	program *program
	part    histogramKey
	role    role
}

// declined notes a rival.
func (t *Tracker) declined(s *series, r rival) {
	if t.rivals == nil {
		t.rivals = map[uint32][]rival{}
	}
	t.rivals[s.number] = append(t.rivals[s.number], r)
}

// formSilent is how long the form that is counted must be silent before the
// other one is: somebody has changed how the histogram is scraped.
const formSilent = 5 * time.Minute

// succeed has rivals that still come counted in place of what does not. They
// begin with their next sample.
func (t *Tracker) succeed(now time.Time) {
	if len(t.rivals) == 0 {
		return
	}
	limit := seconds(now.Add(-formSilent).UnixNano())
	living, waiting := map[histogramKey]bool{}, map[rival]bool{}
	for s := range t.series.all() {
		if s.touched < limit {
			continue
		}
		for b := s.bindings(); b != nil; b = b.next() {
			if b.also != nil {
				living[b.histogram()] = true
			}
		}
		for _, r := range t.rivals[s.number] {
			waiting[r] = true
		}
	}
	changed := false
	for r := range waiting {
		if !living[r.part] {
			r.program.forms[r.part] = formOf(r.role)
			delete(r.program.classics, r.part) // made of series that are bound anew
			changed = true
		}
	}
	if changed {
		t.rebind()
	}
}
