package gate

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// draw takes values out of what a fuzzer, or a seed, gives.
type draw struct {
	data []byte
	rest *rand.Rand // when data is used up; nil: zeros
}

func (d *draw) n(below int) int {
	switch {
	case len(d.data) > 0:
		b := d.data[0]
		d.data = d.data[1:]
		return int(b) % below
	case d.rest != nil:
		return d.rest.IntN(below)
	}
	return 0
}

func pick[T any](d *draw, values ...T) T { return values[d.n(len(values))] }

// share is a number that may be anything.
func (d *draw) share() *float64 {
	if d.n(20) == 0 {
		return pick(d, nil, number(math.NaN()), number(math.Inf(1)), number(-1e300))
	}
	return pick(d, number(0.9), number(0.26), number(0.05), number(0.04), number(0.12), number(-0.3), number(0.03), number(20))
}

func (d *draw) decision() slo.GateDecision {
	return pick(d, slo.GateHold, slo.GateDeny, slo.GateAllow, slo.GateUnknown, "")
}

func (d *draw) budget(i int) Budget {
	b := Budget{
		Service: pick(d, "checkout", "checkout", "payments", "search", ""), SLO: fmt.Sprintf("slo%d", i),
		State:     pick(d, stateOK, stateOK, stateBurning, stateExhausted, stateIdle),
		Remaining: d.share(), ConsumedIn1h: d.share(), Coverage: pick(d, 1, 1, 0.0001, math.NaN()), Window: pick(d, 0, time.Hour, 30*24*time.Hour),
	}
	b.ID = b.Service + ":" + b.SLO
	if d.n(20) == 0 {
		b.State = pick(d, stateNoData, stateUnknown, stateError, "odd", "")
	}
	for _, window := range []time.Duration{time.Hour, 6 * time.Hour, 0}[:2-d.n(20)/19] {
		b.Burns = append(b.Burns, Burn{Window: window, Rate: d.share(), Quiet: d.n(3) == 0})
	}
	for range d.n(3) {
		b.Alerts = append(b.Alerts, Alert{Severity: pick(d, "critical", "warning", "info", "odd"), Tier: "page_fast", Since: noon})
	}
	return b
}

func (d *draw) world() *world {
	w := newWorld()
	p := w.policy
	if d.n(3) == 0 {
		*p = slo.GatePolicy{}
	}
	p.Alerts = pick(d, p.Alerts, nil, map[string]slo.GateDecision{"critical": slo.GateHold})
	p.MaxAge, p.ValidFor, p.IfUnknown = pick(d, time.Minute, time.Minute, time.Minute, 0, -time.Hour), pick(d, 30*time.Second, 0), d.decision()
	for range d.n(2) {
		p.Burn = append(p.Burn, slo.GateBurn{Window: pick(d, time.Hour, 6*time.Hour), Above: pick(d, 14.4, 0.01, math.NaN()), Then: pick(d, slo.GateHold, slo.GateDeny)})
	}
	for range d.n(2) {
		p.Dependencies = append(p.Dependencies, slo.GateDependency{Service: pick(d, "payments", "checkout", "nobody"), As: pick(d, slo.GateHold, slo.GateDeny)})
	}
	if d.n(2) == 0 {
		p.Budget.Hold = &slo.GateLevel{Below: 0.25, ResumeAbove: 0.3}
	}
	w.evidence.Budgets = nil
	for i := range 1 + d.n(3) {
		w.evidence.Budgets = append(w.evidence.Budgets, d.budget(i))
	}
	d.change(w)
	held := d.n(4)
	w.latched = func(id string, of slo.GateDecision) bool { return (len(id)+len(of)+held)%4 == 0 }
	return w
}

// change draws what is known of the change, and who asks when.
func (d *draw) change(w *world) {
	if d.n(3) == 0 {
		w.canary(d.decision()).Evidence = *cmp.Or(d.share(), number(1))
	}
	if d.n(3) == 0 {
		w.deploy().SLOs[0].Consumed = d.share()
	}
	if d.n(8) == 0 {
		w.glass().Until = pick(d, noon, noon.Add(time.Hour))
	}
	w.request = Request{
		Service: pick(d, "checkout", "checkout", "checkout", "payments", "nobody"), SLO: pick(d, "", "", "", "slo1", "slo0"), Version: pick(d, "", "v2", "v3"),
		Kind: pick(d, "", slo.ChangeDeploy, slo.ChangeDeploy, slo.ChangeRollback, "odd"), Environment: pick(d, "", "prod"),
		Now: pick(d, noon, noon, noon.Add(30*time.Second)),
	}
	w.evidence.At = noon
	if d.n(10) == 0 {
		w.request.Now = pick(d, noon.Add(time.Hour), noon.Add(-time.Hour), time.Time{})
		w.evidence.At = pick(d, noon, time.Time{})
	}
}

// sound says what is wrong with a verdict, whatever it is about.
func sound(w *world, v Verdict) error {
	if !slices.Contains([]slo.GateDecision{slo.GateAllow, slo.GateHold, slo.GateDeny, slo.GateUnknown}, v.Decision) {
		return fmt.Errorf("the decision is %q", v.Decision)
	}
	if v.ValidUntil.Before(w.request.Now) || v.ValidUntil.After(w.request.Now.Add(w.policy.ValidFor)) {
		return fmt.Errorf("it is valid until %s, asked at %s", v.ValidUntil, w.request.Now)
	}
	lifted := false
	for _, r := range v.Reasons {
		if r.Text == "" || r.Code == "" || r.Value != nil && (math.IsNaN(*r.Value) || math.IsInf(*r.Value, 0)) {
			return fmt.Errorf("a reason says nothing: %+v", r)
		}
		lifted = lifted || r.Code == CodePasses || r.Code == CodeBreakGlass
	}
	if got := decisionOf(v.Reasons); got != v.Decision || len(v.Reasons) == 0 {
		return fmt.Errorf("%s is not what the reasons say: %s", v.Decision, told(v))
	}
	if v.Decision == slo.GateAllow && !lifted && !w.measured() {
		return fmt.Errorf("what is not known is allowed: %s", told(v))
	}
	return nil
}

// measured recounts, by other means, whether there is anything to allow something by.
func (w *world) measured() bool {
	at, now := w.evidence.At, w.request.Now
	if at.IsZero() || now.Sub(at).Abs() > w.policy.MaxAge {
		return false
	}
	mine := 0
	for _, b := range w.evidence.Budgets {
		if b.Service != w.request.Service || w.request.SLO != "" && b.SLO != w.request.SLO {
			continue
		}
		mine++
		live := slices.Contains([]string{stateOK, stateBurning, stateExhausted}, b.State)
		if !live && b.State != stateIdle {
			return false
		}
		if live && w.policy.ConsumedIn1h.Hold > 0 && !known(b.ConsumedIn1h) || live && w.policy.Budget.Deny != nil && !known(b.Remaining) {
			return false
		}
	}
	return mine > 0
}

// FuzzDecide asks about any evidence.
func FuzzDecide(f *testing.F) {
	for seed := range uint64(40) {
		data := make([]byte, 120)
		rng := rand.New(rand.NewPCG(seed, 1))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := (&draw{data: data}).world()
		v := w.ask()
		if err := sound(w, v); err != nil {
			t.Error(err)
		}
		if joined := Join(v, v); joined.Decision != v.Decision {
			t.Errorf("joined with itself: %s, not %s", joined.Decision, v.Decision)
		}
	})
}

// Random worlds, changed in ways of which it is known what they may do.
func TestMetamorphic(t *testing.T) {
	counts := map[slo.GateDecision]int{}
	for seed := range uint64(10_000) {
		w := (&draw{rest: rand.New(rand.NewPCG(seed, 7))}).world()
		v := w.ask()
		counts[v.Decision]++
		if err := sound(w, v); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for name, changed := range map[string]*world{
			"more budget": w.with(moreBudget), "fewer alerts": w.with(fewerAlerts), "less spent": w.with(lessSpent), "slower": w.with(slower),
		} {
			if after := changed.ask(); gravity(after.Decision) > gravity(v.Decision) {
				t.Fatalf("seed %d: %s made it graver:\n%s\nit was\n%s", seed, name, told(after), told(v))
			}
		}
		for name, changed := range map[string]*world{"another order": w.with(reversed), "an unrelated budget": w.with(unrelated)} {
			if diff := gocmp.Diff(all(v), all(changed.ask())); diff != "" {
				t.Fatalf("seed %d: %s changed it: %s", seed, name, diff)
			}
		}
	}
	for d, n := range counts {
		if n < 300 {
			t.Errorf("only %d of %s: the worlds are too much alike", n, d)
		}
	}
}

// all is everything that is answered, as text.
func all(v Verdict) string {
	text := fmt.Sprintln(told(v), v.Leading, v.ValidUntil, v.At)
	for _, r := range v.Reasons {
		text += fmt.Sprintln(r.SLO, r.Service, r.Window, value(r.Value), value(r.Threshold))
	}
	return text
}

func value(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// with is the same world but for what change does to a copy of it.
func (w *world) with(change func(e *Evidence)) *world {
	out := *w
	out.evidence.Budgets = slices.Clone(w.evidence.Budgets)
	for i := range out.evidence.Budgets {
		b := &out.evidence.Budgets[i]
		b.Alerts, b.Burns = slices.Clone(b.Alerts), slices.Clone(b.Burns)
	}
	change(&out.evidence)
	return &out
}

func moreBudget(e *Evidence) {
	for i := range e.Budgets {
		if b := &e.Budgets[i]; known(b.Remaining) {
			b.Remaining = number(*b.Remaining + 0.2)
		}
	}
}

func fewerAlerts(e *Evidence) {
	for i := range e.Budgets {
		if b := &e.Budgets[i]; len(b.Alerts) > 0 {
			b.Alerts = b.Alerts[1:]
		}
	}
}

func lessSpent(e *Evidence) {
	for i := range e.Budgets {
		if b := &e.Budgets[i]; known(b.ConsumedIn1h) {
			b.ConsumedIn1h = number(*b.ConsumedIn1h / 3)
		}
	}
}

func slower(e *Evidence) {
	for i := range e.Budgets {
		for k, burn := range e.Budgets[i].Burns {
			if known(burn.Rate) {
				e.Budgets[i].Burns[k].Rate = number(*burn.Rate / 3)
			}
		}
	}
}

func reversed(e *Evidence) { slices.Reverse(e.Budgets) }

func unrelated(e *Evidence) {
	e.Budgets = slices.Insert(e.Budgets, 0, Budget{ID: "others:slo1", Service: "others", SLO: "slo1", State: stateError, Remaining: number(-9)})
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		for _, name := range []string{"allow", "deny"} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				w := newWorld()
				w.policy.Burn = []slo.GateBurn{{Window: time.Hour, Above: 14.4, Then: slo.GateDeny}}
				w.evidence.Budgets = nil
				for i := range n {
					w.evidence.Budgets = append(w.evidence.Budgets, healthy("checkout", fmt.Sprintf("slo%d", i)))
				}
				if name == "deny" {
					for i := range w.evidence.Budgets {
						w.evidence.Budgets[i].ConsumedIn1h = number(0.3)
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					if v := w.ask(); string(v.Decision) != name {
						b.Fatal(told(v))
					}
				}
			})
		}
	}
}
