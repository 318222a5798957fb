package embedded

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
)

// dispatcherBacklog is how many alerts may wait for the dispatcher before a Put
// waits for it.
const dispatcherBacklog = 256

// store is Alertmanager's store of alerts with one promise more: the inhibitor
// knows the whole of a batch before the dispatcher sees any of it.
//
// By itself the store tells both at once, and each listens in its own time. An
// alert that began longer ago than group_wait is looked at immediately, so that
// after a restart, or whenever samples come late, a warning would now and then
// be notified beside the critical alert that inhibits it.
type store struct {
	*mem.Alerts

	// mu lets one Put or one subscription in at a time, and guards the rest.
	mu         sync.Mutex
	inhibitor  *feed
	dispatcher *feed
	// taken are the alerts of the Put under way, as they were merged.
	taken []*alert.Alert
}

// feed carries alerts to one subscriber; nil has none.
type feed struct {
	alerts chan *provider.Alert
	// done is closed by the subscriber when it ends.
	done chan struct{}
}

// Put stores the alerts. What fires goes before what has ended, so that nothing
// is uninhibited for the moment in which one alert takes over from another.
func (s *store) Put(ctx context.Context, batch ...*alert.Alert) error {
	now := time.Now()
	firing, ended := make([]*alert.Alert, 0, len(batch)), []*alert.Alert(nil)
	for _, a := range batch {
		if a.ResolvedAt(now) {
			ended = append(ended, a)
		} else {
			firing = append(firing, a)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.Alerts.Put(ctx, slices.Concat(firing, ended)...)
	for _, a := range s.taken {
		s.dispatcher.offer(a)
	}
	s.taken = nil
	return err
}

// subscribe replaces the subscriber of to by a new one and returns what it
// should know already. Only the subscriber before it, if any, must have ended.
func (s *store) subscribe(to **feed, backlog int) ([]*alert.Alert, provider.AlertIterator) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pending := s.GetPending()
	defer pending.Close()
	var known []*alert.Alert
	for a := range pending.Next() {
		known = append(known, a.Data)
	}
	*to = &feed{alerts: make(chan *provider.Alert, backlog), done: make(chan struct{})}
	return known, provider.NewAlertIterator((*to).alerts, (*to).done, nil)
}

func (f *feed) offer(a *alert.Alert) {
	if f == nil {
		return
	}
	select {
	case f.alerts <- &provider.Alert{Data: a}:
	case <-f.done:
	}
}

// inhibitorView is the store as the inhibitor has it: without a backlog.
type inhibitorView struct{ *store }

// SlurpAndSubscribe returns the alerts there are and those to come.
func (v inhibitorView) SlurpAndSubscribe(string) ([]*alert.Alert, provider.AlertIterator) {
	return v.subscribe(&v.inhibitor, 0)
}

// dispatcherView is the store as the dispatcher has it.
type dispatcherView struct{ *store }

// SlurpAndSubscribe returns the alerts there are and those to come.
func (v dispatcherView) SlurpAndSubscribe(string) ([]*alert.Alert, provider.AlertIterator) {
	return v.subscribe(&v.dispatcher, dispatcherBacklog)
}

// hooks are called by Alertmanager's store during Put and its upkeep.
type hooks struct {
	*silence.Silencer
	store *store
}

// PostStore tells the inhibitor of the alert as it was stored, twice: that it
// takes the second means that it is done with the first.
func (h hooks) PostStore(a *alert.Alert, existing bool) {
	h.Silencer.PostStore(a, existing)
	h.store.inhibitor.offer(a)
	h.store.inhibitor.offer(a)
	h.store.taken = append(h.store.taken, a)
}
