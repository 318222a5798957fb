package webhook

import (
	"context"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// counting is the time between two counts of the outbox.
const counting = 5 * time.Second

// watch counts what waits and what is dead, and ends what nobody will fetch.
func (d *Deliverer) watch(ctx context.Context) {
	every := time.NewTicker(counting)
	defer every.Stop()
	shown := map[string]bool{}
	for {
		d.count(ctx, shown)
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// count shows the backlog; shown are the receivers that have one, or had.
func (d *Deliverer) count(ctx context.Context, shown map[string]bool) {
	backlog, err := d.o.Store.Backlog(ctx)
	if err != nil {
		return // the lanes say so
	}
	for name := range shown {
		if !slices.ContainsFunc(backlog, func(b remediation.Backlog) bool { return b.To == name }) {
			d.m.backlog(remediation.Backlog{To: name})
		}
	}
	for _, b := range backlog {
		d.m.backlog(b)
		shown[b.To] = true
		known := slices.ContainsFunc(d.o.Receivers, func(r Receiver) bool { return r.Name == b.To })
		if !known && b.Waiting > 0 && d.o.Leads() {
			d.bury(ctx, b.To)
		}
	}
}

// bury ends messages for a receiver that is not in the configuration any more,
// when they are as old as one may become. Until then it may come back.
func (d *Deliverer) bury(ctx context.Context, to string) {
	now := d.o.Now()
	list, err := d.o.Store.Pull(ctx, to, now, 100)
	if err != nil {
		return
	}
	for _, m := range list {
		if now.Sub(begun(m)) >= d.o.GiveUp {
			d.settleDead(ctx, m, "no receiver of this name is configured")
		}
	}
}

// begun is since when a message is to be delivered.
func begun(m remediation.Message) time.Time {
	if m.Revived.After(m.Made) {
		return m.Revived
	}
	return m.Made
}
