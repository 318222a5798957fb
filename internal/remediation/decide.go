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

	// What Decide looks up again and again: records by playbook and service, and
	// levels by service.
	of     map[[2]string][]int
	levels map[string]Level
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
	k.index()
	for _, a := range urgent(k.View.Alerts) {
		for _, p := range k.Playbooks {
			if !p.On.Match(a.Labels) {
				continue
			}
			d := k.decide(*a, p)
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
// first. There may be thousands: they are looked at once, and not moved.
func urgent(alerts []Alert) []*Alert {
	rank := map[string]int{"critical": -2, "": -1}
	type place struct {
		rank  int
		alert *Alert
	}
	places := make([]place, 0, len(alerts))
	for i := range alerts {
		if a := &alerts[i]; a.Ended.IsZero() {
			places = append(places, place{rank[a.Severity()], a})
		}
	}
	slices.SortFunc(places, func(x, y place) int {
		return cmp.Or(x.rank-y.rank, x.alert.Since.Compare(y.alert.Since), cmp.Compare(x.alert.Fingerprint, y.alert.Fingerprint))
	})
	list := make([]*Alert, len(places))
	for i, p := range places {
		list[i] = p.alert
	}
	return list
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
	case a.Held != "":
		return a.Held, ""
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

// index files the records: of a storm each alert is decided.
func (k *Known) index() {
	k.of, k.levels = map[[2]string][]int{}, map[string]Level{}
	own := map[string][]Record{}
	for i, r := range k.Records {
		key := [2]string{r.Playbook, r.Service}
		k.of[key] = append(k.of[key], i)
		own[r.Service] = append(own[r.Service], r)
	}
	for service, records := range own {
		k.levels[service] = k.Autonomy[service].After(records)
	}
}

func (k *Known) level(service string) Level {
	if level, found := k.levels[service]; found {
		return level
	}
	return k.Autonomy[service].After(nil)
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
	for _, i := range k.of[[2]string{p.Name, a.Service()}] {
		r := k.Records[i]
		if r.Step >= len(p.Remedies) || r.Drill && r.State.Over() {
			continue // a drill tells nothing about what helps
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
