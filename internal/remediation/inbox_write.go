package remediation

import (
	"context"
	"errors"
	"fmt"
)

// together is how many alerts are written at once: those of requests that come
// while the disk is busy are.
const together = 10_000

// company is a request with those that wait beside it.
func (b *Inbox) company(first *taking) []*taking {
	list := []*taking{first}
	for n := len(first.alerts); n < together; n += len(list[len(list)-1].alerts) {
		select {
		case t := <-b.takes:
			list = append(list, t)
		default:
			return list
		}
	}
	return list
}

// maxTurns is how often a write is tried that another engine's has overtaken.
const maxTurns = 5

// take writes down what some requests tell, and answers them.
func (b *Inbox) take(ctx context.Context, list []*taking) {
	var err error
	for range maxTurns {
		p := b.plan(list)
		if err = b.write(ctx, p); err == nil {
			b.answer(list, p)
			return
		}
		if !errors.Is(err, ErrRevision) {
			break
		}
		if err = b.catchUp(ctx); err != nil {
			break
		}
	}
	b.m.trouble.Inc()
	b.log.Error("cannot keep alerts from elsewhere", "requests", len(list), "err", err)
	for _, t := range list {
		t.taken = nil
		t.answer <- fmt.Errorf("%w: %w", ErrBusy, err)
	}
}

// answer tells the senders what became of their alerts.
func (b *Inbox) answer(list []*taking, p *plan) {
	for _, t := range list {
		for outcome, n := range t.taken {
			b.m.alerts.WithLabelValues(string(outcome)).Add(float64(n))
		}
		if refused := t.taken[OutcomeRefused]; refused > 0 {
			t.answer <- fmt.Errorf("%w: %d alerts are kept, and there is no room for %d more that fire", ErrBusy, p.count, refused)
			continue
		}
		t.answer <- nil
	}
}

// write brings a plan to the Store, and then into memory.
func (b *Inbox) write(ctx context.Context, p *plan) error {
	if len(p.writes)+len(p.forget) == 0 {
		return nil
	}
	alerts := make([]Inbound, 0, len(p.writes))
	for _, a := range p.writes {
		alerts = append(alerts, a)
	}
	number, err := b.o.Store.TakeInbound(ctx, b.number, alerts, p.forget)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number = number
	for _, fingerprint := range p.forget {
		b.drop(fingerprint)
	}
	for _, a := range alerts {
		b.put(a)
	}
	return nil
}

// catchUp reads what other engines have written, or what there was before.
func (b *Inbox) catchUp(ctx context.Context) error {
	alerts, number, err := b.o.Store.Inbound(ctx, b.number)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number = number
	for _, a := range alerts {
		b.put(a)
	}
	return nil
}

// look catches up, and forgets what is over.
func (b *Inbox) look(ctx context.Context) {
	err := b.catchUp(ctx)
	if err == nil {
		if gone := b.gone(); len(gone) > 0 {
			err = b.write(ctx, &plan{forget: gone})
		}
	}
	troubled := err != nil && !errors.Is(err, ErrRevision) && ctx.Err() == nil
	if troubled {
		b.m.trouble.Inc()
	}
	if troubled && !b.troubled { // it is tried each second, and said once
		b.log.Error("cannot look after alerts from elsewhere", "err", err)
	}
	b.troubled = troubled
}

// gone are those that need not be known any more.
func (b *Inbox) gone() (list []string) {
	now := b.now()
	for fingerprint, a := range b.kept {
		if b.phase(a, now).gone {
			list = append(list, fingerprint)
		}
	}
	return list
}

// put and drop are called with mu held.
func (b *Inbox) put(a Inbound) {
	b.drop(a.Fingerprint)
	b.kept[a.Fingerprint] = a
	b.bytes += a.size()
}

func (b *Inbox) drop(fingerprint string) {
	if was, there := b.kept[fingerprint]; there {
		b.bytes -= was.size()
		delete(b.kept, fingerprint)
	}
	b.alerts = nil
}
