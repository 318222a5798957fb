package demo

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// view is what can be seen at one moment, of the demo's SLOs only.
type view struct {
	cast cast
	slos []status
	// held are the ids of SLOs with a burning page in Alertmanager.
	held map[string]bool
	// action is the newest one of the cast's service; nil: there is none.
	action *action
	// share is what the gateway itself gives v2 of the traffic, 0 to 1.
	share float64
	// served is what the shop served, by SLO id; nil until the shop closed.
	served map[string]counts
}

// newView keeps what concerns the demo.
func newView(c cast, slos []status, deliveries []delivery, now time.Time) view {
	v := view{cast: c, held: make(map[string]bool)}
	for _, s := range slos {
		if slices.Contains(c.slos, s.slo()) {
			v.slos = append(v.slos, s)
		}
	}
	slices.SortFunc(v.slos, func(a, b status) int { return cmp.Compare(a.name(), b.name()) })
	for _, d := range deliveries {
		id := d.Labels["service"] + ":" + d.Labels["slo"]
		if slices.Contains(c.slos, id) && d.page() && (d.EndsAt.IsZero() || d.EndsAt.After(now)) {
			v.held[id] = true
		}
	}
	return v
}

func (d delivery) page() bool {
	return d.Labels["alertname"] == "ErrorBudgetBurn" && d.Labels["severity"] == "critical"
}

// counts are the engine's counts of all groups together, by SLO id.
func (v view) counts() map[string]counts {
	all := make(map[string]counts)
	for _, s := range v.slos {
		all[s.slo()] = all[s.slo()].add(counts{known(s.Good), known(s.Total)})
	}
	return all
}

// known is 0 for a count that the engine has not begun.
func known(n *float64) float64 {
	if n == nil {
		return 0
	}
	return *n
}

// unseen are the SLOs of which the engine has not shown a sample in a snapshot
// newer than since.
func (v view) unseen(since time.Time) []string {
	waiting, shown := make(map[string]bool), make(map[string]bool)
	for _, s := range v.slos {
		shown[s.slo()] = true
		fresh := s.UpdatedAt == nil || s.UpdatedAt.After(since)
		if !fresh || s.State == "unknown" || s.State == "error" {
			waiting[s.slo()] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(v.cast.slos), func(id string) bool { return shown[id] && !waiting[id] })
}

// slo is the id of the SLO, without the group.
func (s status) slo() string { return s.Service + ":" + s.SLO }

// name is the instance as people read it, such as gateway:availability{route="/pay"}.
func (s status) name() string {
	if len(s.Group) == 0 {
		return s.slo()
	}
	var pairs []string
	for _, label := range slices.Sorted(maps.Keys(s.Group)) {
		pairs = append(pairs, label+`="`+s.Group[label]+`"`)
	}
	return s.slo() + "{" + strings.Join(pairs, ",") + "}"
}

// page is the tier that pages somebody for this instance now.
func (s status) page() (tier string, ok bool) {
	for _, a := range s.Alerts {
		if a.Severity == "critical" && a.State == "firing" && strings.HasPrefix(a.Tier, "page_") {
			return a.Tier, true
		}
	}
	return "", false
}

// firing is since when a tier fires for this instance; zero: it does not.
func (s status) firing(tier string) (since time.Time) {
	for _, a := range s.Alerts {
		if a.Tier == tier && a.State == "firing" {
			return a.Since
		}
	}
	return since
}

// healed is the SLO that the playbook is for; the zero status while the engine
// does not show it.
func (v view) healed() status {
	for _, s := range v.slos {
		if s.slo() == v.cast.healed {
			return s
		}
	}
	return status{}
}
