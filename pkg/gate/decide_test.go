package gate

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// healthy is an SLO with most of its budget left.
func healthy(service, name string) Budget {
	return Budget{
		ID: service + ":" + name, Service: service, SLO: name, State: stateOK,
		Remaining: number(0.84), ConsumedIn1h: number(0.001), Coverage: 1, Window: 30 * 24 * time.Hour,
		Burns:      []Burn{{Window: 5 * time.Minute, Rate: number(0.3)}, {Window: time.Hour, Rate: number(0.4)}},
		LastSample: noon.Add(-time.Second),
	}
}

// world is a question and all that its answer is made of.
type world struct {
	policy   *slo.GatePolicy
	request  Request
	evidence Evidence
	latched  func(string, slo.GateDecision) bool
}

func newWorld() *world {
	return &world{
		policy:   slo.DefaultGatePolicy(),
		request:  Request{Service: "checkout", Now: noon.Add(2 * time.Second)},
		evidence: Evidence{At: noon, Budgets: []Budget{healthy("checkout", "availability"), healthy("checkout", "latency")}},
	}
}

func (w *world) ask() Verdict { return Decide(w.policy, w.request, w.evidence, w.latched) }

// told is what a person reads: the decision, and a line for each reason.
func told(v Verdict) string {
	var b strings.Builder
	b.WriteString(string(v.Decision) + "\n")
	for _, r := range v.Reasons {
		b.WriteString(string(r.Decision) + " " + string(r.Code))
		if r.Overruled {
			b.WriteString(" (overruled)")
		}
		b.WriteString(": " + r.Text + "\n")
	}
	return b.String()
}

func TestDecide(t *testing.T) {
	const good = `allow
allow good: all 2 SLOs that were looked at are within their thresholds: 84 % of checkout:availability's error budget is left, the least
`
	for name, c := range map[string]struct {
		change func(w *world, b *Budget)
		want   string
	}{
		"good": {func(*world, *Budget) {}, good},
		"one SLO asked about": {func(w *world, b *Budget) { b.Remaining = number(-1); w.request.SLO = "latency" }, `allow
allow good: the one SLO that was looked at is within its thresholds: 84 % of checkout:latency's error budget is left
`},
		"an SLO that is not": {func(w *world, b *Budget) { w.request.SLO = "latncy" }, `unknown
unknown unknown_service: checkout has no SLO that is called latncy
`},
		"a service that is not": {func(w *world, b *Budget) { w.request.Service = "chekout" }, `unknown
unknown unknown_service: no SLO of chekout is known
`},
		"before the first look": {func(w *world, b *Budget) { w.evidence = Evidence{} }, `unknown
unknown no_evidence: the engine has only begun: it has not looked at any budget yet
`},
		"stale": {func(w *world, b *Budget) { w.request.Now = noon.Add(61 * time.Second); b.Remaining = number(-1) }, `unknown
unknown stale: what is known is of 2026-03-01T12:00:00Z, 1m1s ago: more than 1m
`},
		"as old as it may be": {func(w *world, b *Budget) { w.request.Now = noon.Add(time.Minute) }, good},
		"the clock was set back": {func(w *world, b *Budget) { w.request.Now = noon.Add(-61 * time.Second) }, `unknown
unknown stale: what is known is of 2026-03-01T12:00:00Z, 1m1s ahead of the clock: more than 1m
`},
		"the clock is a little behind": {func(w *world, b *Budget) { w.request.Now = noon.Add(-time.Minute) }, good},
		"cold start": {func(w *world, b *Budget) { *b = Budget{ID: b.ID, Service: b.Service, SLO: b.SLO, State: stateUnknown} }, `unknown
unknown cold_start: nothing has been seen of checkout:availability yet
`},
		"no data": {func(w *world, b *Budget) { b.State = stateNoData }, `unknown
unknown no_data: the samples of checkout:availability have stopped: the last is of 2026-03-01T11:59:59Z
`},
		"no data, ever": {func(w *world, b *Budget) { b.State, b.LastSample = stateNoData, time.Time{} }, `unknown
unknown no_data: the samples of checkout:availability have stopped
`},
		"no data, and nothing left": {func(w *world, b *Budget) { b.State, b.Remaining = stateNoData, number(-0.2) }, `deny
deny budget_remaining: -20 % of checkout:availability's error budget is left, less than 0 %
unknown no_data: the samples of checkout:availability have stopped: the last is of 2026-03-01T11:59:59Z
`},
		"quarantined": {func(w *world, b *Budget) { *b = Budget{ID: b.ID, Service: b.Service, SLO: b.SLO, State: stateError} }, `unknown
unknown faulty: the document of checkout:availability is faulty and not measured
`},
		"idle": {func(w *world, b *Budget) { b.State, b.Remaining, b.ConsumedIn1h, b.Burns = stateIdle, nil, nil, nil }, `allow
allow good: the one SLO that was looked at is within its thresholds: 84 % of checkout:latency's error budget is left
allow idle: checkout:availability had no events: nothing of its error budget is spent
`},
		"all idle": {func(w *world, b *Budget) {
			b.State = stateIdle
			w.evidence.Budgets = w.evidence.Budgets[:1]
		}, `allow
allow idle: checkout:availability had no events: nothing of its error budget is spent
`},
		"idle for half an hour since it began": {func(w *world, b *Budget) {
			b.State, b.Remaining, b.ConsumedIn1h, b.Coverage = stateIdle, nil, nil, 0.5/(30*24)
		}, `unknown
unknown cold_start: checkout:availability has had no events since it began to be observed, less than an hour ago
`},
		"idle for all of a short window": {func(w *world, b *Budget) {
			b.State, b.Remaining, b.ConsumedIn1h, b.Window = stateIdle, nil, nil, 10*time.Minute
			w.evidence.Budgets = w.evidence.Budgets[:1]
		}, `allow
allow idle: checkout:availability had no events: nothing of its error budget is spent
`},
		"a state nobody knows": {func(w *world, b *Budget) { b.State = "fine" }, `unknown
unknown not_known: checkout:availability is in a state that is not known: "fine"
`},
		"what is left is not known": {func(w *world, b *Budget) { b.Remaining = nil }, `unknown
unknown not_known: how much of checkout:availability's error budget is left is not known yet
`},
		"the last hour is not known": {func(w *world, b *Budget) { b.ConsumedIn1h = nil }, `unknown
unknown not_known: how much of checkout:availability's error budget was spent in the last hour is not known until an hour has been observed
`},
		"nothing left": {func(w *world, b *Budget) { b.Remaining = number(-0.0004) }, `deny
deny budget_remaining: -0.04 % of checkout:availability's error budget is left, less than 0 %
`},
		"on the level": {func(w *world, b *Budget) { b.Remaining = number(0) }, `allow
allow good: all 2 SLOs that were looked at are within their thresholds: 0 % of checkout:availability's error budget is left, the least
`},
		"recovering": {func(w *world, b *Budget) { b.Remaining = number(0.08); w.holds(b.ID, slo.GateDeny) }, `deny
deny budget_remaining: 8 % of checkout:availability's error budget is left; it was less than 0 %, and must be 10 % again
`},
		"recovered": {func(w *world, b *Budget) { b.Remaining = number(0.1); w.holds(b.ID, slo.GateDeny) }, `allow
allow good: all 2 SLOs that were looked at are within their thresholds: 10 % of checkout:availability's error budget is left, the least
`},
		"recovery not known": {func(w *world, b *Budget) {
			b.State, b.Remaining, b.ConsumedIn1h = stateUnknown, nil, nil
			w.holds(b.ID, slo.GateDeny)
		}, `deny
deny budget_remaining: less than 0 % of checkout:availability's error budget was left, and that there is 10 % again is not known
unknown cold_start: nothing has been seen of checkout:availability yet
`},
		"less than a quarter": {func(w *world, b *Budget) {
			b.Remaining = number(0.2)
			w.policy.Budget.Hold = &slo.GateLevel{Below: 0.25, ResumeAbove: 0.3}
		}, `hold
hold budget_remaining: 20 % of checkout:availability's error budget is left, less than 25 %
`},
		"deny and hold alike": {func(w *world, b *Budget) {
			b.Remaining = number(-2)
			w.policy.Budget.Hold = &slo.GateLevel{Below: 0.25, ResumeAbove: 0.3}
		}, `deny
deny budget_remaining: -200 % of checkout:availability's error budget is left, less than 0 %
`},
		"a hard hour": {func(w *world, b *Budget) { b.ConsumedIn1h = number(0.071) }, `deny
deny budget_consumed_1h: 7.1 % of checkout:availability's error budget was spent in the last hour, more than 5 %
`},
		"a hair too much": {func(w *world, b *Budget) { b.ConsumedIn1h = number(0.0500001) }, `deny
deny budget_consumed_1h: 5.00001 % of checkout:availability's error budget was spent in the last hour, more than 5 %
`},
		"just not too much": {func(w *world, b *Budget) { b.ConsumedIn1h = number(0.05) }, `hold
hold budget_consumed_1h: 5 % of checkout:availability's error budget was spent in the last hour, more than 2 %
`},
		"burns": {func(w *world, b *Budget) {
			b.Burns[1].Rate = number(20.25)
			w.policy.Burn = []slo.GateBurn{{Window: time.Hour, Above: 14.4, Then: slo.GateDeny}, {Window: 5 * time.Minute, Above: 0.2, Then: slo.GateHold}}
			w.evidence.Budgets = w.evidence.Budgets[:1]
		}, `deny
deny burn_rate: checkout:availability burns at 20.2 over 1h, more than 14.4
hold burn_rate: checkout:availability burns at 0.3 over 5m, more than 0.2
`},
		"burns just as much as it may": {func(w *world, b *Budget) {
			b.Burns[1].Rate = number(14.4)
			w.policy.Burn = []slo.GateBurn{{Window: time.Hour, Above: 14.4, Then: slo.GateDeny}}
			w.evidence.Budgets = w.evidence.Budgets[:1]
		}, `allow
allow good: the one SLO that was looked at is within its thresholds: 84 % of checkout:availability's error budget is left
`},
		"a number that is none": {func(w *world, b *Budget) { b.Remaining, b.ConsumedIn1h = number(math.Inf(1)), number(math.NaN()) }, `unknown
unknown not_known: how much of checkout:availability's error budget is left is not known yet
unknown not_known: how much of checkout:availability's error budget was spent in the last hour is not known until an hour has been observed
`},
		"burns not known": {func(w *world, b *Budget) {
			b.Burns[1].Rate = nil
			w.policy.Burn = []slo.GateBurn{{Window: time.Hour, Above: 14.4, Then: slo.GateDeny}, {Window: 6 * time.Hour, Above: 6, Then: slo.GateHold}}
			w.evidence.Budgets = w.evidence.Budgets[:1]
		}, `unknown
unknown not_known: the burn rate of checkout:availability over 1h is not known
unknown not_known: the burn rate of checkout:availability over 6h is not known
`},
		"nothing to burn": {func(w *world, b *Budget) {
			b.Burns[1] = Burn{Window: time.Hour, Quiet: true}
			w.policy.Burn = []slo.GateBurn{{Window: time.Hour, Above: 14.4, Then: slo.GateDeny}}
			w.evidence.Budgets = w.evidence.Budgets[:1]
		}, `allow
allow good: the one SLO that was looked at is within its thresholds: 84 % of checkout:availability's error budget is left
allow idle: checkout:availability had no events in the last 1h: nothing burns
`},
		"alerts": {func(w *world, b *Budget) {
			b.State = stateBurning
			b.Alerts = []Alert{{"warning", "ticket_fast", noon.Add(-time.Hour)}, {"critical", "page_fast", noon.Add(-time.Minute)}, {"info", "budget", noon}}
		}, `deny
deny alert_firing: a critical alert of checkout:availability fires since 2026-03-01T11:59:00Z (page_fast)
hold alert_firing: a warning alert of checkout:availability fires since 2026-03-01T11:00:00Z (ticket_fast)
`},
		"a dependency denies": {func(w *world, b *Budget) { w.dependency(slo.GateDeny).Remaining = number(-0.1) }, `deny
deny budget_remaining: -10 % of payments:settle's error budget is left, less than 0 %; checkout depends on payments
`},
		"a dependency holds": {func(w *world, b *Budget) { w.dependency(slo.GateHold).Remaining = number(-0.1) }, `hold
hold budget_remaining: -10 % of payments:settle's error budget is left, less than 0 %; checkout depends on payments
`},
		"a dependency is not known": {func(w *world, b *Budget) { w.dependency(slo.GateDeny).State = stateNoData }, `unknown
unknown no_data: the samples of payments:settle have stopped: the last is of 2026-03-01T11:59:59Z; checkout depends on payments
`},
		"a dependency that holds is not known": {func(w *world, b *Budget) { w.dependency(slo.GateHold).State = stateNoData }, `hold
hold no_data: the samples of payments:settle have stopped: the last is of 2026-03-01T11:59:59Z; checkout depends on payments
`},
		"a dependency without SLO": {func(w *world, b *Budget) { w.dependency(slo.GateDeny).Service = "payment" }, `unknown
unknown unknown_service: no SLO of payments is known; checkout depends on payments
`},
		"it depends on itself": {func(w *world, b *Budget) {
			w.policy.Dependencies = []slo.GateDependency{{Service: "checkout", As: slo.GateHold}}
		}, good},
		"others do not matter": {func(w *world, b *Budget) {
			w.evidence.Budgets = append(w.evidence.Budgets, Budget{ID: "x:y", Service: "x", State: stateError})
		}, good},
		"a rollback": {func(w *world, b *Budget) { b.Remaining = number(-0.1); w.request.Kind = slo.ChangeRollback }, `allow
allow change_passes: a rollback passes whatever is left of the error budget
deny budget_remaining (overruled): -10 % of checkout:availability's error budget is left, less than 0 %
`},
		"a rollback beside what is idle": {func(w *world, b *Budget) {
			b.Remaining, w.request.Kind = number(-0.1), slo.ChangeRollback
			w.evidence.Budgets[1].State = stateIdle
		}, `allow
allow change_passes: a rollback passes whatever is left of the error budget
deny budget_remaining (overruled): -10 % of checkout:availability's error budget is left, less than 0 %
allow idle: checkout:latency had no events: nothing of its error budget is spent
`},
		"a rollback of what is not known": {func(w *world, b *Budget) { w.evidence = Evidence{}; w.request.Kind = slo.ChangeRollback }, `allow
allow change_passes: a rollback passes whatever is left of the error budget
unknown no_evidence (overruled): the engine has only begun: it has not looked at any budget yet
`},
		"a kind that does not pass": {func(w *world, b *Budget) {
			b.Remaining, w.request.Kind, w.policy.Passes = number(-0.1), slo.ChangeScaleUp, []slo.ChangeKind{slo.ChangeRollback}
		}, `deny
deny budget_remaining: -10 % of checkout:availability's error budget is left, less than 0 %
`},
		"glass": {func(w *world, b *Budget) { b.Remaining = number(-0.1); w.glass() }, `allow
allow break_glass: alice broke the glass at 2026-03-01T11:00:00Z, until 2026-03-01T13:00:00Z: the fix for the outage
deny budget_remaining (overruled): -10 % of checkout:availability's error budget is left, less than 0 %
`},
		"glass elsewhere":              {func(w *world, b *Budget) { w.glass().Service = "payments" }, good},
		"glass in another environment": {func(w *world, b *Budget) { w.glass().Environment = "staging" }, good},
		"glass that is over":           {func(w *world, b *Budget) { w.glass().Until = w.request.Now }, good},
		"a worse candidate": {func(w *world, b *Budget) { w.canary(slo.GateDeny).Evidence = 140 }, `deny
deny canary: canary in checkout:availability: v2 is worse
`},
		"a candidate that cannot be told": {func(w *world, b *Budget) { w.canary(slo.GateHold).Note = "12 of 50 events of v2" }, `hold
hold canary: canary in checkout:availability: 12 of 50 events of v2
`},
		"a candidate that is not seen": {func(w *world, b *Budget) { w.canary(slo.GateUnknown) }, `hold
hold canary: canary in checkout:availability: nothing is seen of v2 yet
`},
		"a good candidate": {func(w *world, b *Budget) { w.canary(slo.GateAllow) }, `allow
allow canary: canary in checkout:availability: v2 is no worse
` + strings.TrimPrefix(good, "allow\n")},
		"a candidate that nobody compares": {func(w *world, b *Budget) { w.canary(slo.GateDeny).SLO = "payments:settle" }, `hold
hold canary: v2 is not compared in any SLO of checkout yet
`},
		"a canary of another SLO": {func(w *world, b *Budget) { w.canary(slo.GateDeny); w.request.SLO = "latency" }, `hold
hold canary: v2 is not compared in any SLO of checkout yet
`},
		"a canary nobody asks about": {func(w *world, b *Budget) { w.canary(slo.GateDeny); w.request.Version = "" }, good},
		"a deploy that burns": {func(w *world, b *Budget) { w.deploy() }, `deny
deny deploy_burn: 7 % of checkout:availability's error budget was spent since v2 was deployed at 2026-03-01T11:40:00Z, more than 5 %
`},
		"that very version":          {func(w *world, b *Budget) { w.deploy(); w.request.Version = "v2" }, "deny\n"},
		"another version":            {func(w *world, b *Budget) { w.deploy(); w.request.Version = "v3" }, good},
		"a deploy of long ago":       {func(w *world, b *Budget) { w.deploy().At = noon.Add(-time.Hour) }, good},
		"too few events since":       {func(w *world, b *Budget) { w.deploy().SLOs[0].Events = 49 }, good},
		"a deploy that burns little": {func(w *world, b *Budget) { w.deploy().SLOs[0].Consumed = number(0.05) }, good},
		"not known since":            {func(w *world, b *Budget) { w.deploy().SLOs[0].Consumed = nil }, good},
		"an SLO nobody asks about":   {func(w *world, b *Budget) { w.deploy().SLOs[0].SLO = "payments:settle" }, good},
		"a deploy nobody watches":    {func(w *world, b *Budget) { w.deploy(); w.policy.Deploy = nil }, good},
		"all at once": {func(w *world, b *Budget) {
			w.deploy()
			b.State, b.Remaining, b.ConsumedIn1h, b.Alerts = stateNoData, number(-0.1), number(0.03), []Alert{{"critical", "page_fast", noon}}
			w.dependency(slo.GateDeny).Remaining = number(-3)
			w.evidence.Budgets[0] = *b // the list was moved
			w.evidence.Budgets[1].State = stateIdle
		}, `deny
deny budget_remaining: -10 % of checkout:availability's error budget is left, less than 0 %
deny alert_firing: a critical alert of checkout:availability fires since 2026-03-01T12:00:00Z (page_fast)
deny deploy_burn: 7 % of checkout:availability's error budget was spent since v2 was deployed at 2026-03-01T11:40:00Z, more than 5 %
deny budget_remaining: -300 % of payments:settle's error budget is left, less than 0 %; checkout depends on payments
unknown no_data: the samples of checkout:availability have stopped: the last is of 2026-03-01T11:59:59Z
hold budget_consumed_1h: 3 % of checkout:availability's error budget was spent in the last hour, more than 2 %
allow idle: checkout:latency had no events: nothing of its error budget is spent
`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			c.change(w, &w.evidence.Budgets[0])
			v := w.ask()
			got := told(v)
			if c.want == "deny\n" {
				got = string(v.Decision) + "\n"
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An answer is not used longer than what it is made of.
func TestValidUntil(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world)
		want   time.Duration // after noon
	}{
		"usual":                  {func(*world) {}, 30 * time.Second},
		"the clock is behind":    {func(w *world) { w.request.Now = noon.Add(-10 * time.Second) }, 20 * time.Second},
		"older than the answer":  {func(w *world) { w.request.Now = noon.Add(40 * time.Second) }, 40 * time.Second},
		"nothing is known":       {func(w *world) { w.evidence = Evidence{} }, 32 * time.Second},
		"the glass ends":         {func(w *world) { w.glass().Until = noon.Add(12 * time.Second) }, 12 * time.Second},
		"the glass ends later":   {func(w *world) { w.glass() }, 30 * time.Second},
		"a glass of others":      {func(w *world) { g := w.glass(); g.Service, g.Until = "x", noon.Add(12*time.Second) }, 30 * time.Second},
		"the comparison ends":    {func(w *world) { w.canary(slo.GateHold).Until = noon.Add(9 * time.Second) }, 9 * time.Second},
		"the comparison is over": {func(w *world) { w.canary(slo.GateHold).Until = noon }, 30 * time.Second},
		"nobody compares":        {func(w *world) { w.canary(slo.GateHold).Until, w.request.Version = noon.Add(9*time.Second), "" }, 30 * time.Second},
	} {
		w := newWorld()
		c.change(w)
		if got := w.ask().ValidUntil.Sub(noon); got != c.want {
			t.Errorf("%s: %s after noon, not %s", name, got, c.want)
		}
	}
}

// The numbers are those of the service's own SLO with the least left.
func TestLeading(t *testing.T) {
	w := newWorld()
	w.dependency(slo.GateHold).Remaining = number(-1)
	w.evidence.Budgets[0].Remaining = nil
	if v := w.ask(); v.Leading != "checkout:latency" || *v.Remaining != 0.84 || *v.ConsumedIn1h != 0.001 || len(v.Burns) != 2 {
		t.Errorf("leads %s: %v", v.Leading, v)
	}
	w.evidence.Budgets[1].Remaining = number(math.NaN())
	if v := w.ask(); v.Leading != "" || v.Remaining != nil || v.Burns != nil {
		t.Errorf("leads %s: %v", v.Leading, v)
	}
}

// Without a policy the usual one holds, and a request without kind is a deploy.
func TestUsualPolicy(t *testing.T) {
	w := newWorld()
	w.evidence.Budgets[0].Remaining = number(-0.1)
	with := w.ask()
	w.policy = nil
	if without := w.ask(); told(without) != told(with) || without.IfUnknown != slo.GateAllow || without.Request.Kind != slo.ChangeDeploy {
		t.Errorf("told %s, not %s", told(without), told(with))
	}
}

// holds says that a level held before.
func (w *world) holds(id string, d slo.GateDecision) {
	w.latched = func(name string, of slo.GateDecision) bool { return name == id && of == d }
}

// dependency makes checkout depend on payments, and returns what is known of that.
func (w *world) dependency(as slo.GateDecision) *Budget {
	w.policy.Dependencies = []slo.GateDependency{{Service: "payments", As: as}}
	w.evidence.Budgets = append(w.evidence.Budgets, healthy("payments", "settle"))
	return &w.evidence.Budgets[2]
}

func (w *world) glass() *Glass {
	w.evidence.Glass = &Glass{Service: "checkout", Reason: "the fix for the outage", By: "alice", At: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}
	return w.evidence.Glass
}

func (w *world) canary(d slo.GateDecision) *Canary {
	w.policy.Canary = &slo.GateCanary{By: "version"}
	w.request.Version = "v2"
	w.evidence.Canaries = []Canary{{SLO: "checkout:availability", By: "version", Candidate: Side{Version: "v2"}, Decision: d, Limit: 100}}
	return &w.evidence.Canaries[0]
}

func (w *world) deploy() *Deploy {
	w.policy.Deploy = &slo.GateDeploy{Watch: time.Hour, MaxConsumed: 0.05, MinEvents: 50}
	w.evidence.Deploy = &Deploy{
		Service: "checkout", Version: "v2", At: noon.Add(-20 * time.Minute),
		SLOs: []DeployBurn{{SLO: "checkout:availability", Events: 50, Consumed: number(0.07)}},
	}
	return w.evidence.Deploy
}

// Numbers are short, and tell what they are compared with.
func TestNumbersInText(t *testing.T) {
	for _, c := range []struct {
		share float64
		want  string
	}{
		{0.071, "7.1 %"}, {0, "0 %"}, {math.Copysign(0, -1), "0 %"}, {-0.2, "-20 %"}, {1, "100 %"}, {0.84123, "84.1 %"}, {0.0000012, "0.00012 %"}, {0.000000123456, "0.0000123 %"},
		{12.34567, "1235 %"}, {-1e20, "-10000000000000000000000 %"}, {9.999, "1000 %"}, {0.9999, "100 %"},
	} {
		if got := percent(c.share); got != c.want {
			t.Errorf("%v is %q, not %q", c.share, got, c.want)
		}
	}
	for _, c := range [][4]any{{0.05, 0.05, "5 %", "5 %"}, {0.0500001, 0.05, "5.00001 %", "5 %"}, {0.9999, 1.0, "99.99 %", "100 %"}, {20.0, 20.00001, "2000 %", "2000.001 %"}} {
		if a, b := apart(c[0].(float64), c[1].(float64)); a != c[2] || b != c[3] {
			t.Errorf("%v and %v are %q and %q", c[0], c[1], a, b)
		}
	}
}
