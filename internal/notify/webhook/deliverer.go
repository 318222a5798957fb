package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Deliverer delivers the outbox. Its methods may be called by several
// goroutines, Alert also before Run.
type Deliverer struct {
	o       Options
	m       *metrics
	lanes   []*lane
	teller  *teller
	started atomic.Bool
}

// New makes a Deliverer that does nothing before Run. The error names each
// receiver that cannot be, and what is wrong with it; it repeats no secret.
func New(o Options) (*Deliverer, error) {
	o.setDefaults()
	if o.Store == nil {
		return nil, errors.New("set up webhooks: there is no store")
	}
	d := &Deliverer{o: o, m: newMetrics()}
	var problems []error
	names := map[string]bool{}
	for _, r := range o.Receivers {
		l, err := newLane(r, &d.o, d.m)
		if err == nil && names[r.Name] {
			err = errors.New("is there twice")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("set up webhook %q: %w", r.Name, err))
			continue
		}
		names[r.Name] = true
		d.lanes = append(d.lanes, l)
	}
	d.teller = newTeller(&d.o, d.m, d.Receivers(Alerts))
	return d, errors.Join(append(problems, d.m.register(o.Registerer))...)
}

// Receivers are the names of those who want to be told of alert, action or gate.
func (d *Deliverer) Receivers(kind string) (names []string) {
	for _, r := range d.o.Receivers {
		if r.wants(kind) {
			names = append(names, r.Name)
		}
	}
	return names
}

// Run delivers until ctx ends, and then what is due, for a bounded time. A
// Deliverer runs once.
func (d *Deliverer) Run(ctx context.Context) error {
	if d.started.Swap(true) {
		return errors.New("run webhooks: they ran before; create another deliverer")
	}
	hard, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	soft, end := context.WithCancel(hard)
	defer end()
	var telling, delivering sync.WaitGroup
	telling.Go(func() { d.teller.run(ctx, hard) })
	delivering.Go(func() { d.watch(soft) })
	for _, l := range d.lanes {
		delivering.Go(func() { l.run(soft, hard) })
	}
	<-ctx.Done()
	defer time.AfterFunc(d.o.DrainTimeout, cut).Stop()
	telling.Wait() // what it puts into the outbox is to be delivered, too
	end()
	delivering.Wait()
	return nil
}

// Push puts an event for all who want to be told of its kind into the outbox.
// The id is the event's; pushing it again changes nothing. Events of one key are
// delivered in the order in which they were pushed.
func (d *Deliverer) Push(ctx context.Context, kind, key, id string, event json.RawMessage) error {
	return d.o.Store.Push(ctx, messages(d.Receivers(kind), key, id, event, d.o.Now())...)
}

func messages(to []string, key, id string, event json.RawMessage, made time.Time) (list []remediation.Message) {
	for _, name := range to {
		list = append(list, remediation.Message{ID: id + "-" + name, To: name, Key: key, Body: event, Made: made, Due: made})
	}
	return list
}

// settleDead keeps a message as dead.
func (d *Deliverer) settleDead(ctx context.Context, m remediation.Message, why string) {
	m.Fate, m.Problem, m.Due = remediation.DeadEnd, why, d.o.Now()
	if err := d.o.Store.Settle(ctx, m); err != nil {
		d.o.Logger.Warn("cannot settle a message", "message", m.ID, "error", err)
		return
	}
	d.o.Logger.Error("a message is dead", "receiver", m.To, "message", m.ID, "problem", why)
}
