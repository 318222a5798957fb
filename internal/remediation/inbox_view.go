package remediation

import (
	"cmp"
	"slices"
	"time"
)

// doubtful is how old the last word about an alert may be when an engine begins,
// for it to start an action: it may have ended while nobody listened.
const doubtful = 10 * time.Minute

// Alerts are what others raise, for a View; with those that ended not long ago.
// The list is shared: nobody changes it.
func (b *Inbox) Alerts(now time.Time) []Alert {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.alerts == nil || now.Before(b.made) || !b.next.IsZero() && !now.Before(b.next) {
		b.view(now)
	}
	return b.alerts
}

// view makes the list. It is called with mu held.
func (b *Inbox) view(now time.Time) {
	b.alerts, b.made, b.next = make([]Alert, 0, len(b.kept)), now, time.Time{}
	for _, a := range b.kept {
		p := b.phase(a, now)
		if p.gone {
			continue
		}
		if b.next.IsZero() || p.next.Before(b.next) {
			b.next = p.next
		}
		one := Alert{
			Fingerprint: a.Fingerprint, Labels: a.Labels, Since: a.StartsAt, Ended: p.ended, Frozen: p.stale, Held: a.Reason,
		}
		if one.Held == "" && a.Heard.Before(b.began.Add(-doubtful)) {
			one.Held = ReasonNotRepeated
		}
		b.alerts = append(b.alerts, one)
	}
}

// List is all that is kept, by fingerprint.
func (b *Inbox) List() []Inbound {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Inbound, 0, len(b.kept))
	for _, a := range b.kept {
		list = append(list, a)
	}
	slices.SortFunc(list, func(x, y Inbound) int { return cmp.Compare(x.Fingerprint, y.Fingerprint) })
	return list
}

// counts are how many fire, how many have ended, and what they take.
func (b *Inbox) counts() (firing, ended, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.kept {
		if a.EndsAt.IsZero() {
			firing++
		}
	}
	return firing, len(b.kept) - firing, b.bytes
}
