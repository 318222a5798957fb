package alertmanager

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
)

// SilencesOptions are what [Silences] are made of; the zero value of a field
// takes the default that is named.
type SilencesOptions struct {
	// Remotes are the Alertmanagers that are asked; their names differ.
	Remotes []*Remote
	// Every is the time between two questions; default 10 s.
	Every time.Duration
	// Timeout bounds one question; default 5 s.
	Timeout time.Duration
	// Logger takes what goes wrong; nil: nothing is logged.
	Logger *slog.Logger
	// Registerer takes the metrics; nil: they are not registered.
	Registerer prometheus.Registerer
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Silences knows what the user's own Alertmanagers mute: it asks them for their
// silences now and then and matches these itself, so that an alert that nobody
// has sent yet has an answer too. What one said last holds while it is away.
//
// Inhibition is a matter of rules that Alertmanager does not tell. Which alerts
// it inhibits it does: so one that it has not seen is not known to be inhibited,
// and one that it has, within Every.
type Silences struct {
	options SilencesOptions
	log     *slog.Logger
	began   time.Time
	asked   []*asked
}

// asked is one Alertmanager.
type asked struct {
	remote *Remote
	said   atomic.Pointer[mutes] // nil: nothing yet
	// Of the goroutine that asks: what went wrong at the last question.
	failed bool
	doubts string
}

const (
	// staleAfter is after how many questions without an answer what was said is
	// called stale.
	staleAfter = 3
	// firstAnswer is how long everything counts as muted after a start while
	// nobody has answered: what people have silenced must not be touched because
	// we were too early.
	firstAnswer = 30 * time.Second
)

// NewSilences returns one that asks nobody before Run.
func NewSilences(o SilencesOptions) (*Silences, error) {
	o.Every, o.Timeout = cmp.Or(o.Every, 10*time.Second), cmp.Or(o.Timeout, 5*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Silences{options: o, log: o.Logger.With("component", "silences"), began: o.Now()}
	for _, r := range o.Remotes {
		s.asked = append(s.asked, &asked{remote: r})
	}
	return s, s.register()
}

// Run asks all of them, each beside the others, until ctx is done.
func (s *Silences) Run(ctx context.Context) error {
	var asking sync.WaitGroup
	for _, a := range s.asked {
		asking.Go(func() {
			defer a.remote.Close()
			s.listen(ctx, a)
		})
	}
	asking.Wait()
	<-ctx.Done()
	return nil
}

func (s *Silences) listen(ctx context.Context, a *asked) {
	tick := time.NewTicker(s.options.Every)
	defer tick.Stop()
	for {
		s.ask(ctx, a)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// ask asks one of them; an error is told when it begins and when it ends.
func (s *Silences) ask(ctx context.Context, a *asked) {
	limit, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	said, doubts, err := a.remote.mutes(limit, s.options.Now())
	switch {
	case ctx.Err() != nil:
		return
	case err != nil && !a.failed:
		s.log.Warn("an Alertmanager does not tell its silences: those known hold", "alertmanager", a.remote.Name(), "err", err)
	case err == nil && a.failed:
		s.log.Info("an Alertmanager tells its silences again", "alertmanager", a.remote.Name())
	}
	if a.failed = err != nil; a.failed {
		return
	}
	a.said.Store(said)
	if before := a.doubts; doubts != before && doubts != "" {
		s.log.Warn("silences that cannot be read are left out", "alertmanager", a.remote.Name(), "silences", doubts)
	}
	a.doubts = doubts
}

// MutedBy reports whether one of them mutes an alert with these labels now, as
// far as is known, and by what. There need be no such alert.
func (s *Silences) MutedBy(labels map[string]string) (by string, muted bool) {
	now, set, answered := s.options.Now(), labelSet(labels), len(s.asked) == 0
	for _, a := range s.asked {
		said := a.said.Load()
		if said == nil {
			continue
		}
		answered = true
		if by, muted := said.by(set, now); muted {
			return by, true
		}
	}
	if !answered && now.Sub(s.began).Abs() < firstAnswer {
		return "not known yet: no Alertmanager has told its silences", true
	}
	return "", false
}

// labelSet leaves out empty values, which mean the same as no label.
func labelSet(labels map[string]string) model.LabelSet {
	set := make(model.LabelSet, len(labels))
	for name, value := range labels {
		if value != "" {
			set[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	return set
}
