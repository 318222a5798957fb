package remediation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

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
	var held []heldBack
	for _, d := range decisions {
		if d.Reason != "" {
			held = append(held, heldBack{d, d.Reason, d.Note})
			continue
		}
		if r.due(d) {
			r.job(ctx, d.effort(), func() { r.propose(ctx, d) })
		}
	}
	r.holdBack(ctx, held...)
	r.prune(decisions)
}

// due reports whether a decision that was held back lately is tried again.
func (r *Runner) due(d Decision) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.now().Before(r.later[d.key()])
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
		r.holdBack(ctx, heldBack{d, reason, note})
		return
	}
	r.tell(rec)
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
	limits := r.limits(d)
	if d.Step > 0 {
		limits.Cooldown = 0
	}
	along := append(r.messages(rec), entry(limits.Now, self, deed{"reserved", rec.Plan}, rec))
	rec, err := r.o.Store.Reserve(ctx, rec, limits, along...)
	if err == nil {
		r.mu.Lock()
		r.fresh[rec.ID] = true
		r.writes++
		delete(r.said, d.key())
		r.mu.Unlock()
	}
	return rec, err
}

// limits are those of a playbook, and of all.
func (r *Runner) limits(d Decision) Limits {
	return Limits{
		Now: r.now(), Cooldown: d.Playbook.Guards.Cooldown, MaxOpen: r.o.MaxOpen,
		MaxPerHour: r.o.MaxPerHour, MaxPerServiceHour: d.Playbook.Guards.MaxPerHour,
	}
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

// newest are the parts of a playbook's window that are looked at for what
// happens now: an eighth of it, a quarter, a half, all.
var newest = []time.Duration{8, 4, 2, 1}

// reading is what happens now: the events of the newest part of the playbook's
// window that has enough of them. A fault is seconds old when it is acted on, and
// what was before it says nothing about how large it is.
func (r *Runner) reading(t Terms) (now Reading) {
	if t.Proof == "" {
		return Reading{}
	}
	for _, part := range newest {
		now = r.o.Events.Since(t.Proof, time.Time{}, t.Window/part, t.By)
		if now.Total >= max(t.MinEvents, 1) {
			break
		}
	}
	return now
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
	if reason, note = guard(d.Playbook, *a, plan, r.o.View()); reason == "" {
		reason, note = affordable(d.Playbook, *a, plan.Before.Members, reading)
	}
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
	case m.Kind == slo.RemedyWebhook || m.Kind == slo.RemedySampling:
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
