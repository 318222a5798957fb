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
	services, end := map[string]int{}, 0
	for i, first := range recent {
		for ; end < len(recent) && recent[end].Since.Sub(first.Since) <= stormMinute; end++ {
			services[recent[end].Service()]++
		}
		if len(services) >= most {
			return shared(recent[i:end]), true
		}
		service := first.Service()
		if services[service]--; services[service] == 0 {
			delete(services, service)
		}
	}
	return "", false
}

// recent are the alerts that matter for a storm, one for each service and
// moment, the oldest first.
func (s Storm) recent(alerts []Alert, now time.Time) (list []*Alert) {
	from := now.Add(-stormMinute - cmp.Or(s.After, 5*time.Minute))
	for i := range alerts {
		a := &alerts[i]
		if !a.Since.After(from) || a.Held != "" {
			continue
		}
		wakes := a.Severity() == "critical" || a.Ours && a.Severity() == ""
		if wakes && a.Service() != "" {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b *Alert) int { return a.Since.Compare(b.Since) })
	return slices.CompactFunc(list, func(a, b *Alert) bool {
		return a.Since.Equal(b.Since) && maps.Equal(a.Labels, b.Labels)
	})
}

// usualLabels say nothing about what services depend on.
var usualLabels = []string{"alertname", "service", "slo", "slo_id", "severity", "tier"}

// shared is the label that most of the alerts have alike, at least four in
// five; of several, the first by name.
func shared(alerts []*Alert) (label string) {
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
