package statetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// inbound is an alert from elsewhere, and the number of its last write.
type inbound struct {
	alert  remediation.Inbound
	number int64
}

// TakeInbound implements remediation.Store.
func (m *Memory) TakeInbound(_ context.Context, seen int64, alerts []remediation.Inbound, forget []string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seen != m.taken {
		return seen, fmt.Errorf("take alerts from elsewhere: %w", remediation.ErrRevision)
	}
	kept := make([]remediation.Inbound, 0, len(alerts))
	for _, a := range alerts {
		if a.Fingerprint == "" {
			return seen, errors.New("take alerts from elsewhere: one has no fingerprint")
		}
		eachTime(reflect.ValueOf(&a).Elem(), func(t *time.Time) { *t = t.UTC().Truncate(time.Microsecond) })
		kept = append(kept, clone(a))
	}
	for _, fingerprint := range forget {
		delete(m.inbound, fingerprint)
	}
	m.taken++
	for _, a := range kept {
		m.inbound[a.Fingerprint] = inbound{a, m.taken}
	}
	return m.taken, nil
}

// Inbound implements remediation.Store.
func (m *Memory) Inbound(_ context.Context, after int64) (alerts []remediation.Inbound, number int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range m.inbound {
		if one.number > after {
			alerts = append(alerts, clone(one.alert))
		}
	}
	return alerts, m.taken, nil
}
