package remediation

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// lookBack is how far back records count for a decision: a week, so that a level of
// autonomy is not given back by a quiet weekend.
const lookBack = 7 * 24 * time.Hour

// decide decides about all alerts that a playbook is for, and begins what is
// to be done.
func (r *Runner) decide(ctx context.Context, view View, open []Record) {
	playbooks := r.o.Playbooks()
	known, err := r.known(ctx, view, playbooks, open)
	if err != nil {
		r.trouble("read what is known", err)
		return
	}
	decisions := Decide(known)
	for _, d := range decisions {
		if d.Reason != "" {
			r.holdBack(ctx, d, d.Reason, d.Note)
			continue
		}
		if r.due(d) {
			r.job(ctx, d.effort(), func() { r.propose(ctx, d) })
		}
	}
	r.prune(decisions)
}

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
	for service := range concerned {
		if k.Autonomy[service], err = r.autonomy(ctx, service); err != nil {
			return k, err
		}
	}
	recent, err := r.lately(ctx, k.Now)
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
	}
	return list, err
}

// due reports whether a decision that was held back lately is tried again.
func (r *Runner) due(d Decision) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.now().Before(r.later[d.key()])
}

// holdBack notes why nothing is done, once for each reason.
func (r *Runner) holdBack(ctx context.Context, d Decision, reason Reason, note string) {
	if reason == ReasonInProgress || reason == ReasonHolding || reason == HeldDecided {
		return // the action's own record says it all
	}
	r.mu.Lock()
	said := r.said[d.key()] == reason
	r.said[d.key()] = reason
	r.mu.Unlock()
	if said {
		return
	}
	r.m.held.WithLabelValues(string(reason)).Inc()
	data, _ := json.Marshal(map[string]any{
		"playbook": d.Playbook.Name, "step": d.Step, "note": note, "alert": d.Alert.Fingerprint, "labels": d.Alert.Labels,
	})
	err := r.o.Store.Append(ctx, Entry{
		At: r.now(), Who: self, What: "held_back", Service: d.Alert.Service(), SLO: d.Alert.SLO(), Reason: reason, Data: data,
	})
	if err != nil {
		r.trouble("write the audit", err)
	}
	r.log.Info("remediation held back", "playbook", d.Playbook.Name, "service", d.Alert.Service(), "reason", reason, "note", note)
}

// prune forgets what was said of alerts that are gone.
func (r *Runner) prune(decisions []Decision) {
	keep := make(map[string]bool, len(decisions))
	for _, d := range decisions {
		keep[d.key()] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.said {
		if !keep[key] {
			delete(r.said, key)
			delete(r.later, key)
		}
	}
}

// propose asks the gateway what an action would change, holds that against the
// guards, and reserves the action.
func (r *Runner) propose(ctx context.Context, d Decision) {
	rec, reason, note := r.draft(ctx, d)
	var held *Held
	if reason == "" {
		var err error
		rec, err = r.reserve(ctx, d, rec)
		switch {
		case errors.As(err, &held):
			reason, note = held.Reason, held.Error()
		case err != nil:
			r.trouble("reserve action", err)
			reason, note = HeldStoreTrouble, err.Error()
		}
	}
	if reason == HeldNotLeading {
		r.standDown()
	}
	if reason != "" {
		r.postpone(d, held)
		r.holdBack(ctx, d, reason, note)
		return
	}
	r.tell(ctx, rec)
	r.drive(ctx, rec)
}

// patience is how long what a gateway or a limit held back is let alone.
const patience = 3 * time.Second

func (r *Runner) postpone(d Decision, held *Held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.later[d.key()] = now.Add(patience)
	if held != nil && held.Until.After(r.later[d.key()]) {
		r.later[d.key()] = earlier(held.Until, now.Add(10*patience))
	}
}

// reserve takes the record in, unless a limit forbids it. Further actions of a
// playbook go on with what the first one began: they have no cooldown.
func (r *Runner) reserve(ctx context.Context, d Decision, rec Record) (Record, error) {
	limits := Limits{
		Now: r.now(), Cooldown: d.Playbook.Guards.Cooldown, MaxOpen: r.o.MaxOpen,
		MaxPerHour: r.o.MaxPerHour, MaxPerServiceHour: d.Playbook.Guards.MaxPerHour,
	}
	if d.Step > 0 {
		limits.Cooldown = 0
	}
	rec, err := r.o.Store.Reserve(ctx, rec, limits, entry(limits.Now, self, deed{"reserved", rec.Plan}, rec))
	if err == nil {
		r.mu.Lock()
		r.fresh[rec.ID] = true
		r.writes++
		delete(r.said, d.key())
		r.mu.Unlock()
	}
	return rec, err
}

// draft is the record of an action, or why it is not one.
func (r *Runner) draft(ctx context.Context, d Decision) (rec Record, reason Reason, note string) {
	remedy := d.Remedy()
	settings, err := remedy.Settings.Text()
	if err != nil {
		return rec, ReasonGateway, err.Error()
	}
	name, a, err := r.o.Gateways.Open(remedy.Gateway, settings)
	if err != nil {
		return rec, ReasonGateway, err.Error()
	}
	t := terms(d.Playbook, d.Step, d.Alert.SLO())
	reading := r.reading(t)
	if reason := stillSo(t, d.Alert, reading); reason != "" {
		return rec, reason, ""
	}
	action := action(d)
	plan, reason, note := r.fitted(ctx, d, gateway{a, r}, &action, reading)
	if reason != "" {
		return rec, reason, note
	}
	at := r.now()
	e := evidence(reading, d.Alert)
	if remedy.Kind == slo.RemedyShift {
		e.Predicted = predicted(reading, action)
	}
	text, _ := json.Marshal(e)
	t.Approval = d.Approval
	return Record{
		ID: r.o.NewID(at), Playbook: d.Playbook.Name, Step: d.Step, SLO: d.Alert.SLO(), Service: d.Alert.Service(),
		Tier: d.Alert.Tier(), Severity: d.Alert.Severity(), Alert: d.Alert.Fingerprint, Since: d.Alert.Since,
		Gateway: name, Target: plan.Target, Action: action, Kind: remedy.Gateway, Settings: settings, Terms: t,
		State: Proposed, Reason: ReasonReserved, DryRun: d.DryRun, Plan: &plan, Evidence: text,
		Created: at, Updated: at, Entered: at, Next: at, Epoch: r.epoch(),
	}, "", ""
}

// reading is what happens now, as far as the playbook's window reaches.
func (r *Runner) reading(t Terms) Reading {
	if t.Proof == "" {
		return Reading{}
	}
	return r.o.Events.Since(t.Proof, time.Time{}, t.Window, t.By)
}

// stillSo asks whether it happens now: a long window that drains is no reason to
// act.
func stillSo(t Terms, a Alert, reading Reading) Reason {
	burn, known := reading.Burn()
	switch {
	case t.Proof == "" || !a.Ours && !known:
		return ""
	case !known:
		return ReasonNoEvidence
	case burn < t.BurnBelow:
		return ReasonDrains
	}
	return ""
}

// fitted is the plan of an action that is as large as it must be.
func (r *Runner) fitted(ctx context.Context, d Decision, g gateway, a *actuator.Action, reading Reading) (plan actuator.Plan, reason Reason, note string) {
	remedy, guards := d.Remedy(), d.Playbook.Guards
	plan, err := g.plan(ctx, *a)
	if err != nil {
		return plan, planReason(err), err.Error()
	}
	share, reason := fit(remedy, *a, plan.Before.Members, reading, d.Playbook.Proof.BurnBelow, guards.MaxShift)
	if reason != "" {
		return plan, reason, ""
	}
	if share > 0 && share != a.Share {
		a.Share = share
		if plan, err = g.plan(ctx, *a); err != nil {
			return plan, planReason(err), err.Error()
		}
	}
	reason, note = guard(d.Playbook, *a, plan, r.o.View())
	return plan, reason, note
}

func planReason(err error) Reason {
	if errors.Is(err, ErrNotLeading) {
		return HeldNotLeading
	}
	return reasonOf(err)
}

// action is what is asked of the gateway, as large as it can be.
func action(d Decision) actuator.Action {
	m := d.Remedy()
	a := actuator.Action{
		Kind: kinds[m.Kind], From: m.From, To: m.To, Member: m.Member, Route: m.Route,
		Dependency: m.Dependency, PerSecond: m.PerSecond, Status: m.Status,
	}
	switch named := d.Alert.Labels[m.MemberLabel]; {
	case m.Kind == slo.RemedyShift:
		a.Share = 1
		if m.Share > 0 {
			a.Share = m.Share
		}
		if m.MemberLabel != "" {
			a.From = named
		}
	case m.MemberLabel != "":
		a.Member = named
	case m.Kind == slo.RemedyWebhook:
		a.Event, _ = json.Marshal(map[string]any{
			"playbook": d.Playbook.Name, "service": d.Alert.Service(), "labels": d.Alert.Labels, "since": d.Alert.Since,
		})
	}
	return a
}

// kinds are the words of documents in those of gateways.
var kinds = map[string]actuator.Kind{
	slo.RemedyShift: actuator.Shift, slo.RemedyEject: actuator.Eject, slo.RemedyDrain: actuator.Drain,
	slo.RemedyRateLimit: actuator.RateLimit, slo.RemedyClose: actuator.CloseRoute, slo.RemedyBreaker: actuator.Breaker,
	slo.RemedyWebhook: actuator.Notify, slo.RemedySampling: "sampling",
}

// predicted is the burn rate that a shift leaves.
func predicted(r Reading, a actuator.Action) float64 {
	source, takers := parts(r, a.From, a.To)
	ef, _ := source.Ratio()
	et, known := takers.Ratio()
	e, _ := r.Ratio()
	if !known || r.Budget <= 0 {
		return 0
	}
	return max(0, e-a.Share*source.Total/r.Total*(ef-et)) / r.Budget
}
