package alerts

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// holding is a policy of heal, page_fast and page_slow that is told which of
// them burn.
type holding struct {
	*testing.T
	policy Policy
	state  State
	now    time.Time
}

func newHolding(t *testing.T) *holding {
	tiers, _ := Fit(Defaults()[:3], slo.Window{Rolling: month}, 0.001, 0)
	return &holding{T: t, policy: Policy{Tiers: tiers, Gate: DefaultGate(), Budget: 0.001}, now: epoch}
}

// step lets tiers burn a minute later, and wants these to hold since so many
// minutes.
func (h *holding) step(burning [3]bool, want map[string]int) {
	h.Helper()
	h.now = h.now.Add(time.Minute)
	all, none := burns(&h.policy, true), burns(&h.policy, false)
	o := Observation{Data: Live, LastSample: h.now}
	for i := range all {
		o.Burns = append(o.Burns, map[bool]Windows{true: all[i], false: none[i]}[burning[i]])
	}
	h.policy.Step(&h.state, o, h.now)
	h.want(want)
}

func (h *holding) want(want map[string]int) {
	h.Helper()
	got := map[string]int{}
	for _, st := range h.state.Holding(h.policy.Tiers) {
		got[st.Name+" "+string(st.Severity)+" "+st.Tier] = int(st.Since.Sub(epoch) / time.Minute)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		h.Errorf("after %s (-want +got):\n%s", h.now.Sub(epoch), diff)
	}
}

// Each tier holds since it began to, however long the alert of its severity has
// been firing, also over a restart and an edit.
func TestHolding(t *testing.T) {
	const heal, fast, slow = "ErrorBudgetBurn  heal", "ErrorBudgetBurn critical page_fast", "ErrorBudgetBurn critical page_slow"
	h := newHolding(t)
	h.want(map[string]int{})
	h.step([3]bool{}, map[string]int{})
	h.step([3]bool{true, false, false}, map[string]int{heal: 2})
	h.step([3]bool{true, true, false}, map[string]int{heal: 2, fast: 3})
	h.step([3]bool{false, true, true}, map[string]int{fast: 3, slow: 4})
	h.step([3]bool{false, false, true}, map[string]int{slow: 4})
	h.step([3]bool{true, true, true}, map[string]int{heal: 6, fast: 6, slow: 4}) // a fault of its own
	if firing := h.state.Firing(); len(firing) != 2 || firing[0].Since != epoch.Add(3*time.Minute) {
		t.Errorf("the alert has fired since 3 min, and not %+v", firing)
	}

	h.state = reread(t, h.state)
	h.want(map[string]int{heal: 6, fast: 6, slow: 4})
	h.policy.Tiers = []Tier{h.policy.Tiers[2], h.policy.Tiers[0], h.policy.Tiers[1]} // in another order
	h.step([3]bool{true, true, true}, map[string]int{heal: 6, fast: 6, slow: 4})
	h.policy.Tiers = h.policy.Tiers[:2]
	h.step([3]bool{true, true}, map[string]int{heal: 6, slow: 4})
	h.step([3]bool{}, map[string]int{})
	if text, err := json.Marshal(h.state); err != nil || string(text) != "{}" {
		t.Errorf("a quiet state is %s, %v", text, err)
	}
}

// What older versions wrote says only since when the alert fires.
func TestHoldingOfAnOlderVersion(t *testing.T) {
	for name, text := range map[string]string{
		"without the times": `{"tiers":["","holds","holds"],"of":["heal","page_fast","page_slow"],` +
			`"burning":[{"severity":"critical","tier":"page_fast","since":"2026-03-01T00:03:00Z"}]}`,
		"without the names": `{"tiers":["","holds","holds"],` +
			`"burning":[{"severity":"critical","tier":"page_fast","since":"2026-03-01T00:03:00Z"}]}`,
	} {
		h := newHolding(t)
		if err := json.Unmarshal([]byte(text), &h.state); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := map[string]int{"ErrorBudgetBurn critical page_fast": 3, "ErrorBudgetBurn critical page_slow": 3}
		h.want(want)
		h.step([3]bool{false, true, true}, want)
	}
	h := newHolding(t)
	alone := `{"burning":[{"severity":"critical","tier":"page_fast","since":"2026-03-01T00:03:00Z"}],` +
		`"budget":{"severity":"warning","tier":"budget","since":"2026-03-01T00:05:00Z"}}`
	if err := json.Unmarshal([]byte(alone), &h.state); err != nil {
		t.Fatal(err)
	}
	h.want(map[string]int{"ErrorBudgetBurn critical page_fast": 3, "ErrorBudgetExhausted warning budget": 5})
}
