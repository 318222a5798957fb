package remediation

import "time"

// Inbound is an alert that somebody else raised, as it was told to us.
type Inbound struct {
	// Fingerprint is that of its labels.
	Fingerprint string            `json:"fingerprint"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	// StartsAt is when it began; EndsAt when it ended, zero while it fires.
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at,omitzero"`
	// Until is by when whoever raised it wanted to tell it again; zero: they did
	// not say.
	Until time.Time `json:"until,omitzero"`
	// Heard is when we were told last, of one that has ended when we were told so,
	// and From by whom.
	Heard        time.Time `json:"heard"`
	From         string    `json:"from,omitempty"`
	GeneratorURL string    `json:"generator_url,omitempty"`
	// Reason says why it starts no action: alert_too_old, alert_in_future or
	// never_fired; empty: it may.
	Reason Reason `json:"reason,omitempty"`
}

// phase is how an alert stands at a time.
type phase struct {
	// stale says that it was to be told again, and was not.
	stale bool
	// ended is since when it is over for us; zero: it fires.
	ended time.Time
	// gone says that it need not be known any more.
	gone bool
	// next is when that changes; zero: never.
	next time.Time
}

// phase of an alert of which nothing is heard for too long is stale, for a
// while, and then over: it is not known whether it goes on.
func (a Inbound) phase(now time.Time, staleAfter, keep time.Duration) phase {
	ended := a.Heard
	if a.EndsAt.IsZero() {
		deadline := a.Until
		if deadline.IsZero() {
			deadline = a.Heard.Add(staleAfter)
		}
		ended = deadline.Add(keep)
		switch {
		case now.Before(deadline):
			return phase{next: deadline}
		case now.Before(ended):
			return phase{stale: true, next: ended}
		}
	}
	over := ended.Add(keep)
	return phase{ended: ended, gone: !now.Before(over), next: over}
}

// size is about how many bytes it takes to keep.
func (a Inbound) size() int {
	n := 400 + len(a.Fingerprint) + len(a.From) + len(a.GeneratorURL)
	for _, set := range []map[string]string{a.Labels, a.Annotations} {
		for name, value := range set {
			n += len(name) + len(value) + 64
		}
	}
	return n
}
