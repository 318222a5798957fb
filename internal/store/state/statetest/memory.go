package statetest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Memory is a Store without a disk, for tests. It is as slow as it is simple.
type Memory struct {
	mu       sync.Mutex
	records  map[string]remediation.Record
	entries  []remediation.Entry // the oldest first
	settings map[string]json.RawMessage
	messages []remediation.Message // in the order of Push; those delivered, too
	inbound  map[string]inbound    // by fingerprint
	taken    int64                 // the number of the last write of those

	lead remediation.Leadership
	// seen is the leadership as it was at since, and has been from then on.
	seen  remediation.Leadership
	since time.Time
}

var _ remediation.Store = (*Memory)(nil)

// NewMemory returns an empty one.
func NewMemory() *Memory {
	return &Memory{records: map[string]remediation.Record{}, settings: map[string]json.RawMessage{}, inbound: map[string]inbound{}}
}

// Reserve implements remediation.Store.
func (m *Memory) Reserve(_ context.Context, r remediation.Record, limits remediation.Limits, along ...remediation.Along) (remediation.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.State = cmp.Or(r.State, remediation.Proposed)
	if r.ID == "" || r.Gateway == "" || r.Target == "" || r.Created.IsZero() || r.State != remediation.Proposed {
		return remediation.Record{}, errors.New("reserve action: it is incomplete, or has begun already")
	}
	r.Revision = 1
	r, err := stored(r)
	if err != nil {
		return remediation.Record{}, err
	}
	if held := m.held(r, limits); held != nil {
		return remediation.Record{}, held
	}
	if _, taken := m.records[r.ID]; taken {
		return remediation.Record{}, errors.New("reserve action: the id is taken")
	}
	if err := m.along(along); err != nil {
		return remediation.Record{}, err
	}
	m.records[r.ID] = r
	return r, nil
}

func (m *Memory) held(r remediation.Record, limits remediation.Limits) error {
	now := limits.Now.UTC().Truncate(time.Microsecond)
	if limits.Now.IsZero() {
		now = r.Created
	}
	held := func(reason remediation.Reason, by string, until time.Time) error {
		return &remediation.Held{Reason: reason, By: by, Until: until}
	}
	if r.Epoch < m.lead.Epoch {
		return held(remediation.HeldNotLeading, "", time.Time{})
	}
	all := m.newest(func(remediation.Record) bool { return true })
	for _, o := range all {
		if o.Alert == r.Alert && o.Since.Equal(r.Since) && o.Playbook == r.Playbook && o.Step == r.Step {
			return held(remediation.HeldDecided, o.ID, time.Time{})
		}
	}
	if _, taken := m.records[r.ID]; taken {
		return nil // which is an error of another kind
	}
	target := func(o remediation.Record) bool { return o.Gateway == r.Gateway && o.Target == r.Target }
	open, hour, serviceHour := 0, []time.Time{}, []time.Time{}
	for _, o := range all {
		if target(o) && !o.State.Over() {
			return held(remediation.HeldBusyTarget, o.ID, time.Time{})
		}
		if !o.State.Over() {
			open++
		}
		if o.Created.After(now.Add(-time.Hour)) && !o.Drill {
			hour = append(hour, o.Created)
			if o.Service == r.Service {
				serviceHour = append(serviceHour, o.Created)
			}
		}
	}
	all = slices.DeleteFunc(all, func(o remediation.Record) bool { return o.Drill })
	for _, same := range []func(remediation.Record) bool{
		func(o remediation.Record) bool { return o.Service == r.Service }, target,
	} {
		for _, o := range all {
			newer := slices.ContainsFunc(all, func(n remediation.Record) bool {
				return (n.Service == r.Service || target(n)) && n.Created.After(o.Created)
			})
			if limits.Cooldown > 0 && same(o) && !newer && o.Created.After(now.Add(-limits.Cooldown)) {
				return held(remediation.HeldCooldown, o.ID, o.Created.Add(limits.Cooldown))
			}
		}
	}
	switch {
	case limits.MaxOpen > 0 && open >= limits.MaxOpen:
		return held(remediation.HeldOpen, "", time.Time{})
	case limits.MaxPerHour > 0 && len(hour) >= limits.MaxPerHour:
		return held(remediation.HeldHour, "", hour[limits.MaxPerHour-1].Add(time.Hour))
	case limits.MaxPerServiceHour > 0 && len(serviceHour) >= limits.MaxPerServiceHour:
		return held(remediation.HeldServiceHour, "", serviceHour[limits.MaxPerServiceHour-1].Add(time.Hour))
	}
	return nil
}

// Update implements remediation.Store.
func (m *Memory) Update(_ context.Context, r remediation.Record, along ...remediation.Along) (remediation.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := stored(r)
	if err != nil {
		return remediation.Record{}, err
	}
	was, there := m.records[r.ID]
	moved := was.State != r.State && !was.State.May(r.State)
	fixed := func(r remediation.Record) string {
		return fmt.Sprintf("%q", []any{r.Gateway, r.Target, r.Alert, r.Playbook, r.Service, r.Step, r.Drill, r.Since, r.Created})
	}
	switch {
	case !there:
		err = remediation.ErrNotFound
	case r.Epoch < m.lead.Epoch:
		err = remediation.ErrNotLeading
	case r.Revision != was.Revision:
		err = remediation.ErrRevision
	case moved || fixed(r) != fixed(was):
		err = errors.New("what was reserved does not change, and states move as they may")
	default:
		err = m.along(along)
	}
	if err != nil {
		return remediation.Record{}, fmt.Errorf("update action: %w", err)
	}
	r.Revision++
	m.records[r.ID] = r
	return clone(r), nil
}

// Get implements remediation.Store.
func (m *Memory) Get(_ context.Context, id string) (remediation.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, there := m.records[id]
	if !there {
		return remediation.Record{}, fmt.Errorf("get action: %w", remediation.ErrNotFound)
	}
	return clone(r), nil
}

// Find implements remediation.Store.
func (m *Memory) Find(_ context.Context, q remediation.Query) ([]remediation.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.newest(func(r remediation.Record) bool {
		return (!q.Open || !r.State.Over()) && (len(q.States) == 0 || slices.Contains(q.States, r.State)) &&
			wanted(q.Service, r.Service) && wanted(q.Gateway, r.Gateway) && wanted(q.Target, r.Target) &&
			!r.Created.Before(q.Since.Truncate(time.Microsecond))
	})
	return first(found, q.Limit), nil
}

// newest are copies of the records that match, the newest first.
func (m *Memory) newest(match func(remediation.Record) bool) []remediation.Record {
	var found []remediation.Record
	for _, r := range m.records {
		if match(r) {
			found = append(found, clone(r))
		}
	}
	slices.SortFunc(found, func(a, b remediation.Record) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	return found
}

// Append implements remediation.Store.
func (m *Memory) Append(_ context.Context, entries ...remediation.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.append(entries)
}

// along writes what goes with a record, all or nothing.
func (m *Memory) along(along []remediation.Along) error {
	entries, messages := remediation.Sorted(along)
	was := len(m.entries)
	err := m.append(entries)
	if err == nil {
		err = m.push(messages)
	}
	if err != nil {
		m.entries = m.entries[:was]
	}
	return err
}

func (m *Memory) append(entries []remediation.Entry) error {
	var more []remediation.Entry
	for _, e := range entries {
		e.At = e.At.UTC().Truncate(time.Microsecond)
		e, err := copied(e)
		if err != nil {
			return err
		}
		more = append(more, e)
	}
	m.entries = append(m.entries, more...)
	return nil
}

// Entries implements remediation.Store.
func (m *Memory) Entries(_ context.Context, q remediation.EntryQuery) ([]remediation.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []remediation.Entry
	for _, e := range slices.Backward(m.entries) {
		if wanted(q.Action, e.Action) && wanted(q.Service, e.Service) && !e.At.Before(q.Since.Truncate(time.Microsecond)) {
			found = append(found, clone(e))
		}
	}
	return first(found, q.Limit), nil
}

// Setting implements remediation.Store.
func (m *Memory) Setting(_ context.Context, name string) (json.RawMessage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.settings[name]), nil
}

// Set implements remediation.Store.
func (m *Memory) Set(_ context.Context, name string, value json.RawMessage, entries ...remediation.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	compact, err := copied(value)
	if name == "" || err != nil {
		return fmt.Errorf("set %q: no name, or no JSON: %w", name, err)
	}
	if err := m.append(entries); err != nil {
		return err
	}
	m.settings[name] = compact
	if value == nil {
		delete(m.settings, name)
	}
	return nil
}

// Close implements remediation.Store.
func (m *Memory) Close() error { return nil }

// wanted reports whether a value is the wanted one; an empty wish is for any.
func wanted(want, is string) bool { return want == "" || want == is }

// first are as many as a query may have.
func first[T any](all []T, limit int) []T {
	if limit <= 0 {
		limit = 1000
	}
	return all[:min(limit, len(all))]
}

// stored is a record as a store gives it back.
func stored(r remediation.Record) (remediation.Record, error) {
	eachTime(reflect.ValueOf(&r).Elem(), func(t *time.Time) { *t = t.UTC().Truncate(time.Microsecond) })
	return copied(r)
}

// eachTime visits the times of a struct, and of those within it.
func eachTime(v reflect.Value, visit func(*time.Time)) {
	for _, field := range v.Fields() {
		if t, ok := field.Addr().Interface().(*time.Time); ok {
			visit(t)
		} else if field.Kind() == reflect.Struct {
			eachTime(field, visit)
		}
	}
}

// copied is v as it is after a trip through JSON.
func copied[T any](v T) (out T, err error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return out, err
	}
	return out, json.Unmarshal(bytes.ToValidUTF8(b.Bytes(), []byte("\ufffd")), &out)
}

// clone is a copy of what has made the trip before.
func clone[T any](v T) T {
	out, err := copied(v)
	if err != nil {
		panic(err)
	}
	return out
}
