package app

import (
	"cmp"
	"slices"
	"sync"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/notify/alertmanager"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// sight is what remediation sees of the engine. It looks twice a second at all
// instances, so what has not changed since it looked last is used again. The
// zero value has seen nothing.
type sight struct {
	// elsewhere are the alerts that others have raised; nil: nobody has.
	elsewhere func() []remediation.Alert
	// silences are those of the user's own Alertmanagers; nil: they have none.
	silences *alertmanager.Silences

	mu sync.Mutex
	// at is the snapshot that seen is of, line what it holds, place by place.
	at     *engine.Snapshot
	line   []glimpse
	seen   remediation.View
	labels map[raised]map[string]string
}

// glimpse is what was seen of an instance.
type glimpse struct {
	of *engine.Instance
	remediation.Instance
}

// raised is all that the labels of an alert follow from.
type raised struct {
	spec                     *slo.Spec
	id, name, severity, tier string
}

// remedyView is what remediation decides on.
func (a *App) remedyView() remediation.View { return a.sight.view(a.engine.Snapshot()) }

// view is what there is to see at a snapshot; nil: there was none yet.
func (s *sight) view(now *engine.Snapshot) remediation.View {
	s.mu.Lock()
	if now != nil && now != s.at {
		s.look(now)
	}
	v := s.seen
	s.mu.Unlock()
	if s.elsewhere != nil {
		v.Alerts = slices.Concat(v.Alerts, s.elsewhere())
	}
	return v
}

// look sees a new snapshot. Views that were given away are not touched.
func (s *sight) look(now *engine.Snapshot) {
	news := s.at == nil || len(s.line) != len(now.Instances)
	if news {
		s.line = make([]glimpse, len(now.Instances))
	}
	before := s.labels
	s.labels = nil
	var firing []remediation.Alert
	for i, in := range now.Instances {
		news = s.line[i].see(in) || news
		for _, one := range in.Tiers {
			firing = append(firing, s.raise(in, one, before))
		}
	}
	s.at, s.seen.At, s.seen.Alerts = now, now.At, firing
	if news {
		s.seen.Instances = make(map[string]remediation.Instance, len(s.line))
		for _, g := range s.line {
			s.seen.Instances[g.of.ID] = g.Instance
		}
	}
}

// see looks at an instance, and reports whether there is anything new.
func (g *glimpse) see(in *engine.Instance) (news bool) {
	if g.of == in {
		return false
	}
	other := g.of == nil || g.of.ID != in.ID || g.of.Spec != in.Spec
	known, burning := g.Known, g.Burning
	if other {
		g.Labels = in.Spec.Matchable(in.Group)
	}
	g.of, g.Known, g.Burning = in, evident(in), burns(in)
	return other || g.Known != known || g.Burning != burning
}

// evident reports whether there is evidence of an instance, and it is fresh.
func evident(in *engine.Instance) bool {
	switch in.State {
	case engine.StateOK, engine.StateBurning, engine.StateExhausted:
		return true
	}
	return false
}

// burns reports whether an instance is no place to send traffic to: a tier holds
// that may act, or its budget is spent.
func burns(in *engine.Instance) bool {
	return in.State == engine.StateExhausted || slices.ContainsFunc(in.Tiers, func(one engine.AlertStatus) bool {
		small := one.Severity == string(alerts.Warning) || one.Severity == string(alerts.Info)
		return one.Name == alerts.NameBurn && !small
	})
}

// raise is the alert of a tier. Its labels are made once.
func (s *sight) raise(in *engine.Instance, one engine.AlertStatus, before map[raised]map[string]string) remediation.Alert {
	key := raised{in.Spec, in.ID, one.Name, one.Severity, one.Tier}
	labels := before[key]
	if labels == nil {
		labels = labelsOf(in, one)
	}
	if s.labels == nil {
		s.labels = map[raised]map[string]string{}
	}
	s.labels[key] = labels
	return remediation.Alert{
		Fingerprint: in.ID + " " + one.Tier, Labels: labels,
		Since: one.Since, Ours: true, Frozen: one.Frozen,
	}
}

// labelsOf are the labels that Alertmanager sees, and the tier.
func labelsOf(in *engine.Instance, one engine.AlertStatus) map[string]string {
	labels := alerts.Render(
		alerts.Subject{ID: in.ID, Spec: in.Spec, Group: in.Group},
		alerts.Status{Name: one.Name, Severity: alerts.Severity(one.Severity), Tier: one.Tier},
		alerts.Facts{},
	).Labels
	labels["tier"] = one.Tier
	return labels
}

// find is an instance of the newest snapshot; nil if there is none of that id.
func (a *App) find(id string) *engine.Instance {
	now := a.engine.Snapshot()
	if now == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(now.Instances, id, func(in *engine.Instance, id string) int { return cmp.Compare(in.ID, id) })
	if !found {
		return nil
	}
	return now.Instances[i]
}
