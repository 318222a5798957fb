package demo

import "time"

// meter turns the counts of requests of successive views into rates.
//
// It divides by the time between the newest events, not between the looks:
// counts move in steps of a push, and a look falls anywhere between two.
type meter struct {
	counts counts
	at     time.Time
}

// read returns the requests per second and the error ratio since the last
// read; nil where there is nothing to divide by.
func (m *meter) read(v view) (rate, errors *float64) {
	now := v.counts()[v.cast.traffic]
	at := newest(v)
	since, took := now.sub(m.counts), at.Sub(m.at).Seconds()
	first := m.at.IsZero()
	m.counts, m.at = now, at
	if first || took <= 0 {
		return nil, nil
	}
	perSecond := since.total / took
	if since.total <= 0 {
		return &perSecond, nil
	}
	ratio := since.bad() / since.total
	return &perSecond, &ratio
}

// newest is the time of the newest request; zero if there is none.
func newest(v view) (at time.Time) {
	for _, s := range v.slos {
		if s.slo() == v.cast.traffic && s.LastEvent != nil && s.LastEvent.After(at) {
			at = *s.LastEvent
		}
	}
	return at
}
