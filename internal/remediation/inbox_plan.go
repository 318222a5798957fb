package remediation

import "slices"

// plan is what is to be written so that some requests can be answered.
type plan struct {
	b *Inbox
	// writes are by fingerprint; forget makes room for them.
	writes    map[string]Inbound
	forget    []string
	forgotten map[string]bool
	// count and bytes are of all that is kept then.
	count, bytes int
	// ended are those that may be forgotten, the oldest last; nil: not looked for
	// yet.
	ended []Inbound
}

// plan merges what requests tell into what is known, and changes nothing of it.
// Only Run's goroutine writes what it reads.
func (b *Inbox) plan(list []*taking) *plan {
	p := &plan{b: b, writes: map[string]Inbound{}, forgotten: map[string]bool{}, count: len(b.kept), bytes: b.bytes}
	now := b.now()
	for _, t := range list {
		t.taken = Taken{}
		for _, told := range t.alerts {
			told.Heard = now
			t.taken[p.take(told)]++
		}
	}
	return p
}

// take notes one alert.
func (p *plan) take(told Inbound) Outcome {
	was, known := p.writes[told.Fingerprint]
	if !known && !p.forgotten[told.Fingerprint] {
		was, known = p.b.kept[told.Fingerprint]
	}
	over := known && !p.b.phase(was, told.Heard).ended.IsZero()
	next, outcome, write := merge(was, known, over, told, p.b.o.MaxAge)
	switch {
	case !write:
		return outcome
	case known:
		p.bytes -= was.size()
	case p.room(next.size()):
		p.count++
	case next.Reason == ReasonNeverFired:
		return outcome // and nobody needs to know
	default:
		return OutcomeRefused
	}
	p.bytes += next.size()
	p.writes[told.Fingerprint] = next
	return outcome
}

// room makes room for one more, if it can: what ended first goes first.
func (p *plan) room(size int) bool {
	for p.count+1 > p.b.o.Max || p.bytes+size > p.b.o.MaxBytes {
		if p.ended == nil {
			p.ended = p.b.finished()
		}
		if len(p.ended) == 0 {
			return false
		}
		last := len(p.ended) - 1
		oldest := p.ended[last]
		p.ended = p.ended[:last]
		if _, written := p.writes[oldest.Fingerprint]; written {
			continue // it fires again, or is in use
		}
		p.forget, p.forgotten[oldest.Fingerprint] = append(p.forget, oldest.Fingerprint), true
		p.count, p.bytes = p.count-1, p.bytes-oldest.size()
	}
	return true
}

// finished are those that have ended, the oldest last; never nil.
func (b *Inbox) finished() []Inbound {
	list, now := []Inbound{}, b.now()
	for _, a := range b.kept {
		if !b.phase(a, now).ended.IsZero() {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(x, y Inbound) int { return y.Heard.Compare(x.Heard) })
	return list
}
