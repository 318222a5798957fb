package scaler

import "errors"

// Status is a scaler as it is at one time.
type Status struct {
	Spec *Spec
	// Number is what autoscalers are told, if Missing is nil.
	Number  Number
	Missing *Missing
	// Readings are all inputs that the scaler has, those too that are not in the
	// sum.
	Readings map[Input]Reading
	// Leaks are the suspected ones, by pod.
	Leaks []Leak
}

// Status is that of all scalers, in their order.
func (s *Scalers) Status() []Status {
	list := make([]Status, len(s.list))
	for i, one := range s.list {
		list[i] = one.status()
	}
	return list
}

func (s *scaler) status() Status {
	status := Status{Spec: &s.Spec, Readings: s.readings(s.of.options.Now())}
	var err error
	status.Number, err = s.Count(status.Readings)
	_ = errors.As(err, &status.Missing)
	for input := range s.queries() {
		if _, polled := status.Readings[input]; !polled {
			status.Readings[input] = Reading{}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status.Leaks = sorted(s.leaks)
	return status
}

func (s Status) lacks() []Lack {
	if s.Missing == nil {
		return nil
	}
	return s.Missing.Lacks
}
