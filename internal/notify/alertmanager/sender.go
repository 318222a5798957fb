package alertmanager

import (
	"context"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// Outgoing is an alert as it is sent, in the words of Alertmanager's API v2.
type Outgoing struct {
	// Labels identify the alert.
	Labels map[string]string `json:"labels"`
	// Annotations explain it to people.
	Annotations map[string]string `json:"annotations,omitempty"`
	// StartsAt is when it began to fire, in UTC.
	StartsAt time.Time `json:"startsAt"`
	// EndsAt is when it ended, or the time until which it holds unless it is
	// sent again; in UTC.
	EndsAt time.Time `json:"endsAt"`
	// GeneratorURL leads to the page of the SLO; may be empty.
	GeneratorURL string `json:"generatorURL,omitempty"`
}

// Sender delivers alerts to one Alertmanager.
type Sender interface {
	// Name tells this sender from the others in logs and metrics; it holds no
	// secret and never changes.
	Name() string
	// Send delivers the batch, which it must not keep or change, and returns
	// soon after ctx ends. A [*Rejection] says that the same batch would be
	// refused again; after any other error it is retried.
	Send(ctx context.Context, batch []Outgoing) error
}

// Rejection is the error of a batch that is not worth sending again.
type Rejection struct {
	// Content is true when something in the batch was refused rather than the
	// request as such: its other alerts may pass without it.
	Content bool
	// Err is the reason.
	Err error
}

// Error returns the reason.
func (r *Rejection) Error() string { return r.Err.Error() }

// Unwrap returns the reason.
func (r *Rejection) Unwrap() error { return r.Err }

// outgoing computes what is sent for the alert at now. A firing alert ends
// lifetime later; each resend moves that end on. Alertmanager refuses an end
// before the beginning, which a clock that was set back in between would make:
// what fires ends lifetime after it began then, and what has ended began when
// it ended.
func outgoing(a alerts.Alert, now time.Time, lifetime time.Duration) Outgoing {
	starts, ends := a.StartsAt, a.ResolvedAt
	switch {
	case a.Firing() && now.Before(starts):
		ends = starts.Add(lifetime)
	case a.Firing():
		ends = now.Add(lifetime)
	case ends.Before(starts):
		starts = ends
	}
	return Outgoing{
		Labels:       a.Labels,
		Annotations:  a.Annotations,
		StartsAt:     starts.UTC(),
		EndsAt:       ends.UTC(),
		GeneratorURL: a.GeneratorURL,
	}
}
