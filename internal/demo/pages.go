package demo

import (
	"maps"
	"slices"
	"time"
)

// unresolved are the instances whose page has not ended, and the SLOs that
// Alertmanager still holds.
func (s *story) unresolved(v view) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.paged)) {
		if !s.resolved[name] {
			names = append(names, name)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.held)) {
		names = append(names, id+" in Alertmanager")
	}
	return names
}

// notePages tells of pages that begin and end. None is expected; one that comes
// must end.
func (s *story) notePages(now time.Time, v view) {
	for _, i := range v.slos {
		tier, paging := i.page()
		_, told := s.paged[i.name()]
		switch {
		case paging && (!told || s.resolved[i.name()]):
			s.paged[i.name()] = s.incident.since(now)
			delete(s.resolved, i.name())
			s.tell(bad, "PAGE fires after %s: %s, tier %s", seconds(s.incident.since(now)), i.name(), tier)
		case !paging && told && !s.resolved[i.name()]:
			s.resolved[i.name()] = true
			s.tell(good, "the page of %s has ended", i.name())
		}
	}
}
