package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// teller puts the transitions of alerts into the outbox.
type teller struct {
	o     *Options
	m     *metrics
	to    []string
	queue chan transition
	// full says that the log knows of a queue that is full.
	full atomic.Bool

	// The goroutine's own: book is what receivers believe, nil while it was not
	// read; seen is the time of the newest transition; next is when what fires is
	// looked at; failing says that the store takes nothing.
	book    *book
	seen    time.Time
	next    time.Time
	failing bool
}

func newTeller(o *Options, m *metrics, to []string) *teller {
	return &teller{o: o, m: m, to: to, queue: make(chan transition, o.Queue)}
}

// Alert has a transition of an alert told. It waits for nothing and keeps
// nothing of its arguments that may change: it can be an engine's Watch.
func (d *Deliverer) Alert(now time.Time, who alerts.Subject, event alerts.Event, facts alerts.Facts) {
	t := d.teller
	if len(t.to) == 0 {
		return
	}
	one := transition{Alert{who, event.Status, copied(facts)}, now, event.Kind, event.Reason}
	select {
	case t.queue <- one:
		return
	default:
	}
	t.m.dropped.WithLabelValues(queueFull).Inc()
	if !t.full.Swap(true) {
		t.o.Logger.Warn("the queue of alerts for webhooks is full: what still fires is told later")
	}
}

// run tells until soft ends, and then what is in the queue.
func (t *teller) run(soft, hard context.Context) {
	if len(t.to) == 0 {
		return
	}
	look := time.NewTicker(t.o.Poll)
	defer look.Stop()
	for {
		select {
		case first := <-t.queue:
			t.tell(soft, hard, t.batch(first))
		case <-look.C:
			t.recheck(soft, hard)
		case <-soft.Done():
			if len(t.queue) > 0 {
				t.tell(soft, hard, t.batch(<-t.queue))
			}
			return
		}
	}
}

// batch is a transition and all that are behind it.
func (t *teller) batch(first transition) []transition {
	t.full.Store(false)
	list := []transition{first}
	for range len(t.queue) {
		list = append(list, <-t.queue)
	}
	return list
}

// tell tells transitions. What an engine sees that does not lead, another one
// tells.
func (t *teller) tell(soft, hard context.Context, list []transition) {
	if !t.o.Leads() {
		t.book = nil
		return
	}
	for _, one := range list {
		if one.at.After(t.seen) {
			t.seen = one.at
		}
	}
	t.insist(soft, hard, func(p *page) (problems error) {
		for _, one := range list {
			problems = errors.Join(problems, p.take(one))
		}
		return problems
	})
}

// recheck tells what receivers have missed.
func (t *teller) recheck(soft, hard context.Context) {
	switch {
	case t.o.Firing == nil:
		return
	case !t.o.Leads():
		t.book, t.next = nil, time.Time{}
		return
	case t.o.Now().Before(t.next):
		return
	}
	firing, at := t.o.Firing()
	if at.IsZero() || at.Before(t.seen) {
		return // not known yet, or older than what was told
	}
	t.next = t.o.Now().Add(t.o.Recheck)
	t.insist(soft, hard, func(p *page) error { return p.settle(firing, at) })
}

// insist writes a page until the store has it, or the engine ends.
func (t *teller) insist(soft, hard context.Context, write func(*page) error) {
	for tries := 1; ; tries++ {
		err := t.attempt(hard, write)
		if failed := err != nil; failed != t.failing {
			t.failing = failed
			if failed {
				t.o.Logger.Warn("cannot put alerts into the outbox, they wait", "error", err)
			} else {
				t.o.Logger.Info("alerts can be put into the outbox again")
			}
		}
		if err == nil || hard.Err() != nil || !t.o.Leads() {
			return
		}
		if soft.Err() != nil && tries > 1 {
			return // the next engine finds out what fires
		}
		pause(soft, t.o.pause(tries))
	}
}

// chunk bounds the messages of one transaction.
const chunk = 500

// attempt writes a page, puts its events into the outbox, and keeps the book.
// What may be believed is on record before anybody can believe it, so that it
// can be told again, or taken back, whatever happens in between.
func (t *teller) attempt(ctx context.Context, write func(*page) error) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	p, err := newPage(t.o.Source, *t.book)
	if err = errors.Join(err, write(p)); err != nil { // one that cannot be written hurts only itself
		t.o.Logger.Error("an alert is not told", "error", err)
	}
	if p.began || len(p.ending) > 0 {
		if err := t.keep(ctx, p.draft()); err != nil {
			return err
		}
	}
	if err := t.push(ctx, p.events); err != nil {
		return err
	}
	after := p.book()
	if p.changed || len(p.ending) > 0 {
		if err := t.keep(ctx, after); err != nil {
			return err
		}
	}
	t.book = &after
	t.m.dropped.WithLabelValues(tooMany).Add(float64(p.left))
	return nil
}

func (t *teller) push(ctx context.Context, events []telling) error {
	var list []remediation.Message
	for _, e := range events {
		list = append(list, messages(t.to, e.slo, e.id, e.body, e.at)...)
	}
	for part := range slices.Chunk(list, chunk) {
		if err := t.o.Store.Push(ctx, part...); err != nil {
			return err
		}
	}
	return nil
}

// read reads the book, unless this engine is the one who has written it.
func (t *teller) read(ctx context.Context) error {
	if t.book != nil {
		return nil
	}
	text, err := t.o.Store.Setting(ctx, settingBook)
	if err != nil {
		return err
	}
	b, err := readBook(text)
	if err != nil { // somebody else wrote it: what fires is told anew
		t.o.Logger.Error("what receivers know is not known, they are told again", "error", err)
	}
	t.book = &b
	return nil
}

func (t *teller) keep(ctx context.Context, b book) error {
	text, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("write what receivers know: %w", err)
	}
	return t.o.Store.Set(ctx, settingBook, text)
}
