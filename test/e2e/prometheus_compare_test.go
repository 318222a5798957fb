package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// reading is what the engine said about one SLO or one group of it.
type reading struct {
	slo, group string
	detail     apitypes.Detail
	// counting: a sample set may have been on its way. Windows do not read it
	// then; what was counted since the start holds what of it is in.
	counting bool
}

// readAll asks for everything.
func (w *watcher) readAll(ctx context.Context) ([]reading, error) {
	list, err := w.engine.SLOs(ctx, client.Filter{Service: "scraped"})
	if err != nil {
		return nil, err
	}
	var all []reading
	for _, slo := range list {
		detail, err := w.engine.SLO(ctx, slo.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, reading{slo: slo.Name, group: slo.Group["route"], detail: detail})
	}
	return all, nil
}

// compareAll wants every figure to be the truth at its own time, those that
// the engine gave on the way included.
func (w *watcher) compareAll(t *testing.T) {
	t.Helper()
	lab.Eventually(t, 20*time.Second, func() error {
		readings, err := w.readAll(t.Context())
		if err != nil {
			return err
		}
		return errors.Join(w.differences(t.Context(), readings), w.complete(t.Context(), readings))
	})
	if err := w.differences(t.Context(), w.live); err != nil {
		t.Errorf("while it counted: %v", err)
	}
}

// differences are the figures that are not what Prometheus has stored.
func (w *watcher) differences(ctx context.Context, readings []reading) error {
	truths, err := w.known(ctx)
	if err != nil {
		return err
	}
	var wrong []string
	for _, r := range readings {
		wrong = append(wrong, r.check(truths)...)
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%d figures of %d readings are not what Prometheus stored:\n%s",
		len(wrong), len(readings), strings.Join(wrong[:min(len(wrong), 30)], "\n"))
}

// complete wants the engine to have a reading of everything that has events,
// of the windows that people look at, and to have read nearly all it has.
func (w *watcher) complete(ctx context.Context, readings []reading) error {
	truths, err := w.known(ctx)
	if err != nil {
		return err
	}
	for name, es := range truths {
		i := slices.IndexFunc(readings, func(r reading) bool { return r.slo+r.group == name })
		if i < 0 && len(es) > 0 {
			return fmt.Errorf("the engine has no %s", name)
		}
		if i >= 0 {
			err = errors.Join(err, readings[i].fresh("1m"), readings[i].fresh("5m"))
		}
	}
	return err
}

// fresh wants a window that ends near the newest sample.
func (r reading) fresh(window string) error {
	for _, in := range r.detail.Windows {
		if in.Window != window {
			continue
		}
		if behind := r.detail.LastSample.Sub(in.WindowEnd.Time); behind > 5*time.Second {
			return fmt.Errorf("%s %s: window %s ends %s before the newest sample", r.slo, r.group, window, behind)
		}
		return nil
	}
	return fmt.Errorf("%s %s has no window %s", r.slo, r.group, window)
}

// compareDriven wants the counts since the start to be what the target knows
// to have happened.
func (w *watcher) compareDriven(t *testing.T, g *target) {
	t.Helper()
	lab.Eventually(t, 20*time.Second, func() error {
		readings, err := w.readAll(t.Context())
		if err != nil {
			return err
		}
		got := map[string]tally{}
		for _, r := range readings {
			got[r.slo+r.group] = tally{*r.detail.SinceStart.GoodEvents, *r.detail.SinceStart.TotalEvents}
		}
		return differencesDriven(g, got)
	})
}

func differencesDriven(g *target, got map[string]tally) (err error) {
	for _, slo := range scraped {
		for group := range slo.truths {
			if slo.driven == nil {
				continue
			}
			g.do(func() {
				if got, want := got[slo.name+group], slo.driven(g, group); got != want {
					err = errors.Join(err, fmt.Errorf("%s %s: good %v of %v since start, the target counted %v of %v",
						slo.name, group, got.good, got.total, want.good, want.total))
				}
			})
		}
	}
	return err
}

// known computes the truth about every SLO and group.
func (w *watcher) known(ctx context.Context) (map[string]events, error) {
	all := map[string]events{}
	for _, s := range scraped {
		for group, compute := range s.truths {
			es, err := compute(ctx, w.source)
			if err != nil {
				return nil, err
			}
			all[s.name+group] = es
		}
	}
	return all, nil
}

// check compares what the engine said with the truth at that time: up to the
// newest sample that it had.
func (r reading) check(truths map[string]events) (wrong []string) {
	es, ok := truths[r.slo+r.group]
	if !ok {
		return []string{fmt.Sprintf("%s has a group %q", r.slo, r.group)}
	}
	last := model.TimeFromUnixNano(r.detail.LastSample.UnixNano())
	see := func(what string, start, end model.Time, c apitypes.Counts) {
		want, got := es.between(start, end), tally{*c.GoodEvents, *c.TotalEvents}
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s %s: %s: good %v of %v, want %v of %v, in (%s, %s], newest sample %s",
				r.slo, r.group, what, got.good, got.total, want.good, want.total, clock(start), clock(end), clock(last)))
		}
	}
	if !r.counting {
		see("since start", 0, last, *r.detail.SinceStart)
	}
	for _, in := range r.detail.Windows {
		see(in.Window, model.TimeFromUnixNano(in.WindowStart.UnixNano()), min(last, model.TimeFromUnixNano(in.WindowEnd.UnixNano())), in.Counts)
	}
	return wrong
}

// clock is a time as a message says it.
func clock(t model.Time) string { return t.Time().UTC().Format("15:04:05.000") }
