package events

// index finds what may want an event by its service and name, so that a
// thousand SLOs do not cost a thousand looks at each span.
type index[T any] struct {
	byService map[string]shelf[T]
	rest      shelf[T] // of any service
}

// shelf holds what wants one service's events: by their name, and those of any
// name.
type shelf[T any] struct {
	byName map[string][]T
	rest   []T
}

func (x *index[T]) add(p pins, item T) {
	if p.service == "" {
		x.rest.add(p.name, item)
		return
	}
	if x.byService == nil {
		x.byService = map[string]shelf[T]{}
	}
	s := x.byService[p.service]
	s.add(p.name, item)
	x.byService[p.service] = s
}

func (s *shelf[T]) add(name string, item T) {
	if name == "" {
		s.rest = append(s.rest, item)
		return
	}
	if s.byName == nil {
		s.byName = map[string][]T{}
	}
	s.byName[name] = append(s.byName[name], item)
}

// find returns what may want an event, in up to four lists.
func (x *index[T]) find(service, name string) [4][]T {
	s := x.byService[service]
	return [4][]T{s.byName[name], s.rest, x.rest.byName[name], x.rest.rest}
}
