package statetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// MemoryGates is a gates.Store without a disk, for tests.
type MemoryGates struct {
	mu       sync.Mutex
	away     error
	latches  map[latchName]gates.Latch
	verdicts map[string]gates.Told
	glasses  map[string]gate.Glass
	mended   map[string]bool
	deploys  map[string]gate.Deploy
}

type latchName struct {
	policy, slo string
	decision    slo.GateDecision
}

var _ gates.Store = (*MemoryGates)(nil)

// NewMemoryGates returns an empty one.
func NewMemoryGates() *MemoryGates {
	return &MemoryGates{
		latches: map[latchName]gates.Latch{}, verdicts: map[string]gates.Told{}, glasses: map[string]gate.Glass{},
		mended: map[string]bool{}, deploys: map[string]gate.Deploy{},
	}
}

// Fail has every call fail with err from now on; nil: it works again.
func (m *MemoryGates) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = err
}

// enter locks it, and says how it fails.
func (m *MemoryGates) enter(ctx context.Context) (leave func(), err error) {
	m.mu.Lock()
	if err = ctx.Err(); err == nil {
		err = m.away
	}
	return m.mu.Unlock, err
}

// Latches implements gates.Store.
func (m *MemoryGates) Latches(ctx context.Context) ([]gates.Latch, error) {
	leave, err := m.enter(ctx)
	defer leave()
	list := slices.SortedFunc(maps.Values(m.latches), func(a, b gates.Latch) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.SLO, b.SLO), cmp.Compare(a.Decision, b.Decision))
	})
	return list, err
}

// SetLatches implements gates.Store.
func (m *MemoryGates) SetLatches(ctx context.Context, hold, end []gates.Latch) error {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return err
	}
	for _, one := range end {
		delete(m.latches, latchName{one.Policy, one.SLO, one.Decision})
	}
	for _, one := range hold {
		one.Since = exactly(one.Since)
		m.latches[latchName{one.Policy, one.SLO, one.Decision}] = one
	}
	return nil
}

func exactly(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// TellVerdicts implements gates.Store. Verdicts go through their text, as in a
// database.
func (m *MemoryGates) TellVerdicts(ctx context.Context, told []gates.Told) error {
	leave, err := m.enter(ctx)
	defer leave()
	for _, one := range told {
		if err != nil {
			break
		}
		err = m.tell(one)
	}
	return err
}

func (m *MemoryGates) tell(one gates.Told) error {
	one.First, one.Last = exactly(one.First), exactly(one.Last)
	if had, twice := m.verdicts[one.ID]; twice {
		had.Count += one.Count
		if one.First.Before(had.First) {
			had.First = one.First
		}
		if one.Last.After(had.Last) {
			had.Last = one.Last
		}
		m.verdicts[one.ID] = had
		return nil
	}
	text, err := gates.Encode(one.Verdict)
	if err != nil {
		return err
	}
	if one.Verdict, err = gates.Decode(text); err == nil {
		m.verdicts[one.ID] = one
	}
	return err
}

// Verdict implements gates.Store.
func (m *MemoryGates) Verdict(ctx context.Context, id string) (gates.Told, error) {
	leave, err := m.enter(ctx)
	defer leave()
	told, found := m.verdicts[id]
	if err == nil && !found {
		err = gates.ErrUnknown
	}
	return told, err
}

// FindVerdicts implements gates.Store.
func (m *MemoryGates) FindVerdicts(ctx context.Context, q gates.VerdictQuery) (list []gates.Told, err error) {
	leave, err := m.enter(ctx)
	defer leave()
	for _, one := range m.verdicts {
		if (q.Service == "" || one.Request.Service == q.Service) && (q.Decision == "" || one.Decision == q.Decision) && !one.Last.Before(q.Since) {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b gates.Told) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.ID, b.ID)) })
	return list[:min(len(list), cmp.Or(q.Limit, 100))], err
}

// BreakGlass implements gates.Store.
func (m *MemoryGates) BreakGlass(ctx context.Context, g gate.Glass) error {
	leave, err := m.enter(ctx)
	defer leave()
	if _, had := m.glasses[g.ID]; err == nil && !had {
		g.At, g.Until = exactly(g.At), exactly(g.Until)
		m.glasses[g.ID] = g
	}
	return err
}

// MendGlass implements gates.Store.
func (m *MemoryGates) MendGlass(ctx context.Context, id, _ string, _ time.Time) error {
	leave, err := m.enter(ctx)
	defer leave()
	if _, had := m.glasses[id]; err == nil && !had {
		err = gates.ErrUnknown
	}
	if err == nil {
		m.mended[id] = true
	}
	return err
}

// BrokenGlasses implements gates.Store.
func (m *MemoryGates) BrokenGlasses(ctx context.Context, at time.Time) (list []gate.Glass, err error) {
	leave, err := m.enter(ctx)
	defer leave()
	for id, g := range m.glasses {
		if !m.mended[id] && g.Until.After(at) {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b gate.Glass) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return list, err
}

// MarkDeploy implements gates.Store.
func (m *MemoryGates) MarkDeploy(ctx context.Context, d gate.Deploy) (gate.Deploy, error) {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return gate.Deploy{}, err
	}
	if had, twice := m.deploys[d.ID]; twice {
		return had, nil
	}
	d.At = exactly(d.At)
	m.deploys[d.ID] = d
	return d, nil
}

// BurnDeploys implements gates.Store.
func (m *MemoryGates) BurnDeploys(ctx context.Context, burned map[string][]gate.DeployBurn) error {
	leave, err := m.enter(ctx)
	defer leave()
	for id, slos := range burned {
		if d, had := m.deploys[id]; err == nil && had {
			d.SLOs = slices.Clone(slos)
			m.deploys[id] = d
		}
	}
	return err
}

// FindDeploys implements gates.Store.
func (m *MemoryGates) FindDeploys(ctx context.Context, q gates.DeployQuery) (list []gate.Deploy, err error) {
	leave, err := m.enter(ctx)
	defer leave()
	for _, d := range m.deploys {
		if (q.Service == "" || d.Service == q.Service) && !d.At.Before(q.Since) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b gate.Deploy) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	return list[:min(len(list), cmp.Or(q.Limit, 100))], err
}

// SweepGates implements gates.Store.
func (m *MemoryGates) SweepGates(ctx context.Context, before time.Time, most int) error {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return err
	}
	maps.DeleteFunc(m.verdicts, func(_ string, t gates.Told) bool { return t.Last.Before(before) })
	maps.DeleteFunc(m.glasses, func(_ string, g gate.Glass) bool { return g.Until.Before(before) })
	maps.DeleteFunc(m.deploys, func(_ string, d gate.Deploy) bool { return d.At.Before(before) })
	if most <= 0 {
		return nil
	}
	grave := func(t gates.Told) int {
		if t.Decision == slo.GateAllow || t.Decision == slo.GateUnknown {
			return 0
		}
		return 1
	}
	list := slices.SortedFunc(maps.Values(m.verdicts), func(a, b gates.Told) int {
		return cmp.Or(cmp.Compare(grave(a), grave(b)), a.Last.Compare(b.Last), cmp.Compare(a.ID, b.ID))
	})
	for _, t := range list[:max(0, len(list)-most)] {
		delete(m.verdicts, t.ID)
	}
	return nil
}
