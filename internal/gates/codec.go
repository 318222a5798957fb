package gates

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
)

// page is a verdict as it is kept: all of it, where a verdict's own JSON leaves out
// what its readers are shown in other words.
type page struct {
	gate.Verdict
	Burns    []burn
	Evidence evidence
}

type evidence struct {
	gate.Evidence
	Budgets []held
}

type held struct {
	gate.Budget
	Window time.Duration `json:"window,omitempty"`
	Burns  []burn        `json:"burn_rates,omitempty"`
}

type burn struct {
	Window time.Duration `json:"window"`
	Rate   *float64      `json:"rate"`
	Quiet  bool          `json:"quiet,omitempty"`
}

// Encode is the verdict as JSON, for a Store.
func Encode(v gate.Verdict) ([]byte, error) {
	p := page{Verdict: v, Burns: burnsIn(v.Burns), Evidence: evidence{Evidence: v.Evidence}}
	for _, b := range v.Evidence.Budgets {
		p.Evidence.Budgets = append(p.Evidence.Budgets, held{Budget: b, Window: b.Window, Burns: burnsIn(b.Burns)})
	}
	p.Evidence.Canaries = make([]gate.Canary, len(v.Evidence.Canaries))
	for i, c := range v.Evidence.Canaries {
		c.Evidence, c.Limit = finite(c.Evidence), finite(c.Limit)
		p.Evidence.Canaries[i] = c
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode verdict %s: %w", v.ID, err)
	}
	return text, nil
}

// Decode is a verdict that Encode wrote.
func Decode(text []byte) (gate.Verdict, error) {
	var p page
	if err := json.Unmarshal(text, &p); err != nil {
		return gate.Verdict{}, fmt.Errorf("decode verdict: %w", err)
	}
	v := p.Verdict
	v.Burns, v.Evidence = burnsOut(p.Burns), p.Evidence.Evidence
	for _, b := range p.Evidence.Budgets {
		b.Budget.Window, b.Budget.Burns = b.Window, burnsOut(b.Burns)
		v.Evidence.Budgets = append(v.Evidence.Budgets, b.Budget)
	}
	return v, nil
}

func burnsIn(list []gate.Burn) []burn {
	out := make([]burn, len(list))
	for i, b := range list {
		out[i] = burn(b)
	}
	return out
}

func burnsOut(list []burn) []gate.Burn {
	out := make([]gate.Burn, len(list))
	for i, b := range list {
		out[i] = gate.Burn(b)
	}
	return out
}

// finite is a number that JSON can say.
func finite(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return min(max(f, -math.MaxFloat64), math.MaxFloat64)
}
