package remediation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// weights are the value of the gate's only target.
type weights map[string]int

func (w weights) value() actuator.Value {
	v, err := actuator.Canonical(w)
	if err != nil {
		panic(err)
	}
	return v
}

func weightsOf(v actuator.Value) (w weights) {
	if err := json.Unmarshal(v, &w); err != nil {
		panic(err)
	}
	return w
}

// change is what somebody did to the gate.
type change struct {
	at       time.Time
	by       string // the action, or "person"
	from, to string
	share    float64 // of v2
}

// gate is a gateway with two members, v1 and v2.
type gate struct {
	now func() time.Time

	mu      sync.Mutex
	value   actuator.Value
	version int
	changes []change
	// compare makes it refuse writes over another value.
	compare bool
	// fault, if not nil, is asked before each call.
	fault func(call string) (late time.Duration, err error)
	late  []lateWrite
	deaf  bool // says yes and does nothing
}

type lateWrite struct {
	at time.Time
	w  actuator.Write
}

func newGate(now func() time.Time) *gate {
	return &gate{now: now, value: weights{"v1": 50, "v2": 50}.value()}
}

func (g *gate) Guarantees() actuator.Guarantees {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.compare {
		return actuator.Guarantees{Precondition: actuator.Compare}
	}
	return actuator.Guarantees{Precondition: actuator.ReadBefore}
}

func (g *gate) Plan(_ context.Context, a actuator.Action) (p actuator.Plan, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settle()
	if g.fault != nil {
		if _, err := g.fault("plan"); err != nil {
			return p, err
		}
	}
	w := weightsOf(g.value)
	if _, known := w[a.From]; !known {
		return p, fmt.Errorf("plan %s: %w: no member %s", a.Kind, actuator.ErrMissing, a.From)
	}
	moved := int(math.Round(float64(w[a.From]) * a.Share))
	w[a.From] -= moved
	w[a.To] += moved
	after := w.value()
	return actuator.Plan{
		Target: "checkout", Before: g.live(), After: after, Members: members(after),
		Requests: []actuator.Request{{Line: "set weights " + string(after)}},
		Undo:     []actuator.Request{{Line: "set weights " + string(g.value)}},
	}, nil
}

func members(v actuator.Value) (list []actuator.Member) {
	w := weightsOf(v)
	for _, name := range []string{"v1", "v2"} {
		list = append(list, actuator.Member{Name: name, Share: float64(w[name]) / 100})
	}
	return list
}

func (g *gate) live() actuator.Live {
	live := actuator.Live{Value: g.value, Members: members(g.value)}
	if g.compare {
		live.Version = fmt.Sprint(g.version)
	}
	return live
}

func (g *gate) Read(context.Context, string) (live actuator.Live, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settle()
	if g.fault != nil {
		if _, err := g.fault("read"); err != nil {
			return live, err
		}
	}
	return g.live(), nil
}

func (g *gate) Write(_ context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settle()
	if g.fault != nil {
		late, err := g.fault("write")
		if late > 0 { // it arrives all the same
			g.late = append(g.late, lateWrite{g.now().Add(late), w})
		}
		if err != nil {
			return x, err
		}
	}
	if g.deaf {
		return actuator.Exchange{Answer: "ok"}, nil
	}
	return actuator.Exchange{Answer: "ok"}, g.put(w)
}

// put writes as the gate's precondition allows.
func (g *gate) put(w actuator.Write) error {
	switch {
	case actuator.Same(g.value, w.To):
		return nil
	case !actuator.Same(g.value, w.From.Value), g.compare && w.From.Version != fmt.Sprint(g.version):
		return fmt.Errorf("write: %w", actuator.ErrConflict)
	}
	g.set(w.Action, w.To)
	return nil
}

func (g *gate) set(by string, to actuator.Value) {
	g.changes = append(g.changes, change{g.now(), by, string(g.value), string(to), float64(weightsOf(to)["v2"]) / 100})
	g.value, g.version = to, g.version+1
}

// settle lets what was late arrive.
func (g *gate) settle() {
	kept := g.late[:0]
	for _, l := range g.late {
		if l.at.After(g.now()) {
			kept = append(kept, l)
			continue
		}
		_ = g.put(l.w)
	}
	g.late = kept
}

func (g *gate) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	a, b, w := weightsOf(from), weightsOf(to), weights{}
	for name := range a {
		w[name] = a[name] + int(math.Round(float64(b[name]-a[name])*share))
	}
	return w.value(), nil
}

// person changes it by hand.
func (g *gate) person(w weights) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.set("person", w.value())
}

func (g *gate) current() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settle()
	return string(g.value)
}

// shareAt is v2's share of the traffic at a time.
func (g *gate) shareAt(t time.Time) float64 {
	share := 0.5
	for _, c := range g.changes {
		if !c.at.After(t) {
			share = c.share
		}
	}
	return share
}
