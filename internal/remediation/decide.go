package remediation

import (
	"cmp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Mode is what the engine as a whole may do.
type Mode string

// The modes.
const (
	ModeOff     Mode = "off"
	ModeDryRun  Mode = "dry_run"
	ModeEnforce Mode = "enforce"
)

// Known is all that a decision is made of.
type Known struct {
	Now       time.Time
	View      View
	Playbooks []*slo.Remediation
	// Records are those that have not ended, and those of the last day.
	Records []Record
	Mode    Mode
	// Paused is who pulled the kill switch; empty: nobody.
	Paused string
	// Autonomy is what people have set, by service; nothing is Auto.
	Autonomy map[string]Autonomy
	Storm    Storm
	Muted    Muted
}

// Decision is what becomes of an alert by a playbook.
type Decision struct {
	Alert    Alert
	Playbook *slo.Remediation
	// Step is the number of the action that is next.
	Step int
	// Reason says why it is not done; empty: it is, if the gateway allows.
	Reason Reason
	Note   string
	// Approval says that a person must say yes; DryRun that nothing is written.
	Approval, DryRun bool
}

// Remedy is the action that is next.
func (d Decision) Remedy() slo.Remedy { return d.Playbook.Remedies[d.Step] }

// key tells decisions apart.
func (d Decision) key() string {
	return d.Alert.Fingerprint + " " + d.Alert.Since.UTC().Format(time.RFC3339Nano) + " " + d.Playbook.Name
}

// effort is what the decision acts on: it is done once at a time, however many
// alerts ask for it.
func (d Decision) effort() string {
	return d.Playbook.Name + " " + d.Alert.Service() + " " + d.Alert.Labels[d.Remedy().MemberLabel]
}

// Decide says what is to be done about each alert that a playbook is for, the
// most urgent first, or why nothing is.
func Decide(k Known) (list []Decision) {
	storm, stormy := k.Storm.blows(k.View.Alerts, k.Now)
	begun := map[string]bool{}
	for _, a := range urgent(k.View.Alerts) {
		for _, p := range k.Playbooks {
			if !p.On.Match(a.Labels) {
				continue
			}
			d := k.decide(a, p)
			switch {
			case d.Reason == "" && stormy:
				d.Reason, d.Note = ReasonStorm, storm
			case d.Reason == "" && begun[d.effort()]:
				d.Reason = ReasonRepresented
			case d.Reason == "":
				begun[d.effort()] = true
			}
			list = append(list, d)
		}
	}
	return list
}

// urgent are the alerts that fire: the critical ones first, the older ones
// first.
func urgent(alerts []Alert) []Alert {
	alerts = slices.DeleteFunc(slices.Clone(alerts), func(a Alert) bool { return !a.Ended.IsZero() })
	rank := map[string]int{"critical": -2, "": -1}
	slices.SortStableFunc(alerts, func(a, b Alert) int {
		return cmp.Or(rank[a.Severity()]-rank[b.Severity()], a.Since.Compare(b.Since), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return alerts
}

// decide goes from what holds all actions to what holds this one.
func (k *Known) decide(a Alert, p *slo.Remediation) Decision {
	d := Decision{Alert: a, Playbook: p, Approval: p.Approval, DryRun: p.DryRun || k.Mode != ModeEnforce}
	if d.Reason, d.Note = k.alert(a); d.Reason != "" {
		return d
	}
	if d.Step, d.Reason, d.Note = k.step(a, p); d.Reason != "" {
		return d
	}
	if d.Reason = grade(a, d.Remedy()); d.Reason != "" {
		return d
	}
	if label := d.Remedy().MemberLabel; label != "" && a.Labels[label] == "" {
		d.Reason, d.Note = ReasonNoMember, label
		return d
	}
	switch level := k.level(a.Service()); {
	case level == Advise:
		d.Reason = ReasonAdvise
	case level == Ask:
		d.Approval = true
	}
	return d
}

// alert is what can be said of an alert whatever the playbook.
func (k *Known) alert(a Alert) (Reason, string) {
	if _, here := k.View.Instances[a.Labels["slo_id"]]; here && !a.Ours {
		return ReasonOwnAlert, a.Labels["slo_id"]
	}
	instance := k.View.Instances[a.SLO()]
	switch {
	case k.Mode == ModeOff || k.Mode == "":
		return ReasonOff, ""
	case k.Paused != "":
		return ReasonPaused, k.Paused
	case a.Frozen || a.Ours && !instance.Known:
		return ReasonNoEvidence, ""
	}
	if k.Muted != nil {
		if by, muted := k.Muted(asCritical(a)); muted {
			return ReasonMuted, by
		}
	}
	return "", ""
}

// asCritical are the labels that the critical alert has, or would have: heal is
// silenced with it.
func asCritical(a Alert) map[string]string {
	if !a.Ours {
		return a.Labels
	}
	labels := map[string]string{}
	for name, value := range a.Labels {
		labels[name] = value
	}
	delete(labels, "tier")
	labels["severity"] = "critical"
	return labels
}

// grade says what a severity has no power for. What wakes nobody is the heal
// tier, of ours: it may do what can be undone, as all actions here can.
func grade(a Alert, r slo.Remedy) Reason {
	small := r.Kind == slo.RemedySampling || r.Kind == slo.RemedyBreaker && r.Weak
	switch severity := a.Severity(); {
	case severity == "critical", severity == "" && a.Ours:
		return ""
	case severity == "warning" && small:
		return ""
	case severity == "warning":
		return ReasonWarning
	}
	return ReasonInfo
}

func (k *Known) level(service string) Level {
	var own []Record
	for _, r := range k.Records {
		if r.Service == service {
			own = append(own, r)
		}
	}
	return k.Autonomy[service].After(own)
}

// step finds the action that is next: the first; after one that did not help,
// the one after it.
func (k *Known) step(a Alert, p *slo.Remediation) (int, Reason, string) {
	last := k.last(a, p)
	if last == nil {
		return 0, "", ""
	}
	next := min(last.Step+1, len(p.Remedies)-1)
	more := last.Step+1 < len(p.Remedies)
	helps := more && p.Remedies[next].AfterSuccess
	switch {
	case last.State == Holding && last.Relapses == 0 && helps:
		return next, "", ""
	case last.State == Holding:
		return last.Step, ReasonHolding, last.ID
	case !last.State.Over():
		return last.Step, ReasonInProgress, last.ID
	case failed(*last) && more && !helps:
		return next, "", ""
	case failed(*last):
		return last.Step, ReasonAllTried, last.ID
	case last.Alert == a.Fingerprint && last.Since.Equal(a.Since):
		return last.Step, HeldDecided, last.ID
	}
	return 0, "", ""
}

// failed reports whether an action ended without having helped, so that
// another one may.
func failed(r Record) bool {
	return r.State == Failed || r.State == Undone && r.Effect != ReasonHelped && r.Effect != "" && r.Asked == ""
}

// last is the newest record of what the alert is part of: of the playbook for
// this service, begun by the same alert, or not ended, or not long ago.
func (k *Known) last(a Alert, p *slo.Remediation) (last *Record) {
	for i, r := range k.Records {
		if r.Playbook != p.Name || r.Service != a.Service() || r.Step >= len(p.Remedies) {
			continue
		}
		if label := p.Remedies[r.Step].MemberLabel; label != "" && member(r) != a.Labels[label] {
			continue
		}
		same := r.Alert == a.Fingerprint && r.Since.Equal(a.Since)
		recent := !r.State.Over() || k.Now.Sub(r.Updated) < p.Guards.Cooldown
		if (same || recent) && (last == nil || r.Created.After(last.Created)) {
			last = &k.Records[i]
		}
	}
	return last
}

// member is whom an action is about.
func member(r Record) string { return cmp.Or(r.Action.Member, r.Action.From) }
