package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Gate is a gateway with the members v1 and v2, each with half of the traffic at
// first.
type Gate struct {
	mu      sync.Mutex
	weights map[string]int
	writes  int
}

// NewGate returns one that nobody has changed.
func NewGate() *Gate { return &Gate{weights: map[string]int{"v1": 50, "v2": 50}} }

// Writes counts the changes so far.
func (g *Gate) Writes() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.writes
}

// Open makes it a remediation.Gateways with this one gateway.
func (g *Gate) Open(string, json.RawMessage) (string, actuator.Actuator, error) {
	return "edge", g, nil
}

// Guarantees implements actuator.Actuator.
func (g *Gate) Guarantees() actuator.Guarantees {
	return actuator.Guarantees{
		Precondition: actuator.ReadBefore, Window: "between the last look and the write", Survives: true,
		Kinds: []actuator.Kind{actuator.Shift},
	}
}

// Plan implements actuator.Actuator.
func (g *Gate) Plan(_ context.Context, a actuator.Action) (p actuator.Plan, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a.Kind != actuator.Shift {
		return p, fmt.Errorf("plan %s: %w", a.Kind, actuator.ErrUnsupported)
	}
	if _, known := g.weights[a.From]; !known {
		return p, fmt.Errorf("plan %s: %w: no member %s", a.Kind, actuator.ErrMissing, a.From)
	}
	after := map[string]int{"v1": g.weights["v1"], "v2": g.weights["v2"]}
	moved := int(math.Round(float64(after[a.From]) * a.Share))
	after[a.From] -= moved
	after[a.To] += moved
	before := g.live()
	return actuator.Plan{
		Target: "checkout", Before: before, After: value(after), Members: members(after),
		Requests: requests(value(after)), Undo: requests(before.Value),
	}, nil
}

// Read implements actuator.Actuator.
func (g *Gate) Read(context.Context, string) (actuator.Live, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.live(), nil
}

// Write implements actuator.Actuator.
func (g *Gate) Write(_ context.Context, w actuator.Write) (actuator.Exchange, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	live := g.live()
	switch {
	case actuator.Same(live.Value, w.To):
		return actuator.Exchange{Answer: "it is so already"}, nil
	case !actuator.Same(live.Value, w.From.Value):
		return actuator.Exchange{Answer: "conflict"}, fmt.Errorf("write weights: %w: live is %s", actuator.ErrConflict, live.Value)
	}
	g.weights = map[string]int{}
	if err := json.Unmarshal(w.To, &g.weights); err != nil {
		return actuator.Exchange{}, fmt.Errorf("write weights: %w", err)
	}
	g.writes++
	return actuator.Exchange{Requests: requests(w.To), Answer: "200 OK"}, nil
}

// Between implements actuator.Actuator.
func (g *Gate) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	var a, b map[string]int
	if err := json.Unmarshal(from, &a); err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	if err := json.Unmarshal(to, &b); err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	v1 := int(math.Round(float64(a["v1"]) + share*float64(b["v1"]-a["v1"])))
	return value(map[string]int{"v1": v1, "v2": a["v1"] + a["v2"] - v1}), nil
}

func (g *Gate) live() actuator.Live {
	return actuator.Live{Value: value(g.weights), Members: members(g.weights)}
}

func value(weights map[string]int) actuator.Value {
	v, err := actuator.Canonical(weights)
	if err != nil { // a map of numbers always marshals
		panic(err)
	}
	return v
}

func members(weights map[string]int) (list []actuator.Member) {
	sum := max(1, weights["v1"]+weights["v2"])
	for _, name := range []string{"v1", "v2"} {
		healthy := name == "v1"
		list = append(list, actuator.Member{Name: name, Share: float64(weights[name]) / float64(sum), Healthy: &healthy})
	}
	return list
}

func requests(to actuator.Value) []actuator.Request {
	return []actuator.Request{{Line: "PUT http://edge/weights", Headers: []string{"Content-Type: application/json"}, Body: string(to)}}
}
