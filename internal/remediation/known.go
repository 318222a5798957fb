package remediation

import (
	"context"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// lookBack is how far back records count for a decision: a week, so that a level of
// autonomy is not given back by a quiet weekend.
const lookBack = 7 * 24 * time.Hour

// known gathers what a decision is made of; without an alert that concerns a
// playbook that is nothing.
func (r *Runner) known(ctx context.Context, view View, playbooks []*slo.Remediation, open []Record) (k Known, err error) {
	k = Known{Now: r.now(), View: view, Playbooks: playbooks, Mode: r.o.Mode, Storm: r.o.Storm, Muted: r.o.Muted, Autonomy: map[string]Autonomy{}}
	concerned := map[string]bool{}
	for _, a := range view.Alerts {
		if slices.ContainsFunc(playbooks, func(p *slo.Remediation) bool { return p.On.Match(a.Labels) }) {
			concerned[a.Service()] = true
		}
	}
	if len(concerned) == 0 {
		k.Playbooks = nil
		return k, nil
	}
	if k.Paused, err = r.paused(ctx); err != nil {
		return k, err
	}
	recent, err := r.lately(ctx, k.Now)
	if err != nil {
		return k, err
	}
	for service := range concerned {
		if k.Autonomy[service], err = r.settled(ctx, service); err != nil {
			return k, err
		}
	}
	k.Records = slices.Clone(open)
	for _, rec := range recent {
		if rec.State.Over() || !slices.ContainsFunc(open, func(one Record) bool { return one.ID == rec.ID }) {
			k.Records = append(k.Records, rec)
		}
	}
	return k, err
}

// stale is for how long what other engines and people wrote may not be seen.
const stale = 2 * time.Second

// lately are the records of the last week. While an alert fires they are asked
// for twice a second, and seldom change. Only Tick calls it.
func (r *Runner) lately(ctx context.Context, now time.Time) ([]Record, error) {
	r.mu.Lock()
	writes := r.writes
	r.mu.Unlock()
	if r.recent.writes == writes && now.Sub(r.recent.at).Abs() < stale {
		return r.recent.records, nil
	}
	list, err := r.o.Store.Find(ctx, Query{Since: now.Add(-lookBack)})
	if err == nil {
		r.recent.records, r.recent.writes, r.recent.at = list, writes, now
		r.recent.autonomy = map[string]Autonomy{}
	}
	return list, err
}

// settled is what people have set for a service, as of lately.
func (r *Runner) settled(ctx context.Context, service string) (a Autonomy, err error) {
	a, known := r.recent.autonomy[service]
	if !known {
		if a, err = r.autonomy(ctx, service); err == nil {
			r.recent.autonomy[service] = a
		}
	}
	return a, err
}
