package remediation

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Storm says when so much happens at once that acting on each service is
// acting on symptoms.
type Storm struct {
	// Services is how many must begin to alert within a minute. 0: 5.
	Services int
	// After is for how long it goes on. 0: five minutes.
	After time.Duration
}

// stormMinute is the time within which the alerts of a storm begin.
const stormMinute = time.Minute

// blows reports whether there is a storm, and what its alerts have in common:
// "label=value", or nothing.
func (s Storm) blows(alerts []Alert, now time.Time) (common string, storm bool) {
	most := cmp.Or(s.Services, 5)
	recent := s.recent(alerts, now)
	for i := range recent {
		services := map[string]bool{}
		j := i
		for ; j < len(recent) && recent[j].Since.Sub(recent[i].Since) <= stormMinute; j++ {
			services[recent[j].Service()] = true
		}
		if len(services) >= most {
			return shared(recent[i:j]), true
		}
		// What began with this one and is not enough is not enough without it:
		// the next start that can be is one whose minute reaches further.
		if j == len(recent) {
			break
		}
	}
	return "", false
}

// recent are the alerts that matter for a storm, one for each service and
// moment, the oldest first.
func (s Storm) recent(alerts []Alert, now time.Time) (list []Alert) {
	from := now.Add(-stormMinute - cmp.Or(s.After, 5*time.Minute))
	for _, a := range alerts {
		wakes := a.Severity() == "critical" || a.Ours && a.Severity() == ""
		if wakes && a.Service() != "" && a.Since.After(from) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b Alert) int { return a.Since.Compare(b.Since) })
	return slices.CompactFunc(list, func(a, b Alert) bool {
		return a.Since.Equal(b.Since) && maps.Equal(a.Labels, b.Labels)
	})
}

// usualLabels say nothing about what services depend on.
var usualLabels = []string{"alertname", "service", "slo", "slo_id", "severity", "tier"}

// shared is the label that most of the alerts have alike, at least four in
// five; of several, the first by name.
func shared(alerts []Alert) (label string) {
	counts := map[string]int{}
	for _, a := range alerts {
		for name, value := range a.Labels {
			if !slices.Contains(usualLabels, name) && value != "" {
				counts[name+"="+value]++
			}
		}
	}
	for _, one := range slices.Sorted(maps.Keys(counts)) {
		if counts[one]*5 >= len(alerts)*4 && counts[one] > counts[label] {
			label = one
		}
	}
	return label
}
