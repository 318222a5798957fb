package slo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/alertmanager/pkg/labels"
)

const goodGatePolicy = `apiVersion: slo-engine.dev/v1
kind: GatePolicy
metadata: {name: production}
spec:
  select: ['service=~"checkout|payments"']
  environments: [prod, prod-eu]
  budget: {hold: {below: 25%, resumeAbove: 30%}, deny: {below: -5%, resumeAbove: 10%}}
  consumedIn1h: {hold: 2%, deny: 5%}
  burn: [{window: 1h, above: 14.4, then: deny}, {window: 6h, above: 6, then: hold}]
  alerts: {critical: deny, warning: hold, info: allow}
  dependencies: [{service: payments, as: hold}]
  passes: [rollback, scale_up]
  ifUnknown: hold
  maxAge: 2m
  validFor: 45s
  canary: {by: release, minEvents: 100, falseDenials: 0.5%, margin: 50%, within: 20m, atEnd: allow}
  deploy: {watch: 2h, maxConsumed: 10%, minEvents: 20}
`

// payments is an SLO of the service that checkout depends on.
var payments = strings.NewReplacer("name: checkout-availability", "name: settled", "service: checkout", "service: payments").Replace(goodRatio)

// loadGatePolicies reads policies; SLOs of checkout and payments are beside them.
func loadGatePolicies(text string) (list []*GatePolicy, problems []string) {
	_, found := Loader{GatePolicies: &list}.Load(File{Name: "f.yaml", Data: []byte(goodRatio + "\n---\n" + payments + "\n---\n" + text)})
	for _, p := range found {
		problems = append(problems, fmt.Sprintf("%s: %s: %s; %s", p.Severity, p.Field, p.Message, p.Fix))
	}
	return list, problems
}

// samePolicies compares policies but for where they stand.
var samePolicies = cmp.Options{
	cmpopts.IgnoreTypes(Origin{}),
	cmp.Comparer(func(a, b *labels.Matcher) bool { return a.String() == b.String() }),
	cmpopts.EquateEmpty(),
}

func TestGatePolicyReads(t *testing.T) {
	list, problems := loadGatePolicies(goodGatePolicy)
	if problems != nil || len(list) != 1 {
		t.Fatalf("got %d, %q", len(list), problems)
	}
	selects, err := ParseMatchers(`service=~"checkout|payments"`)
	if err != nil {
		t.Fatal(err)
	}
	want := &GatePolicy{
		Name: "production", Select: selects, Environments: []string{"prod", "prod-eu"},
		Budget:       GateLevels{Hold: &GateLevel{0.25, 0.3}, Deny: &GateLevel{-0.05, 0.1}},
		ConsumedIn1h: GateSpending{0.02, 0.05},
		Burn:         []GateBurn{{time.Hour, 14.4, GateDeny}, {6 * time.Hour, 6, GateHold}},
		Alerts:       map[string]GateDecision{"critical": GateDeny, "warning": GateHold, "info": GateAllow},
		Dependencies: []GateDependency{{"payments", GateHold}},
		Passes:       []ChangeKind{ChangeRollback, ChangeScaleUp}, IfUnknown: GateHold,
		MaxAge: 2 * time.Minute, ValidFor: 45 * time.Second,
		Canary: &GateCanary{By: "release", MinEvents: 100, FalseDenials: 0.005, Margin: 0.5, Within: 20 * time.Minute, AtEnd: GateAllow},
		Deploy: &GateDeploy{Watch: 2 * time.Hour, MaxConsumed: 0.1, MinEvents: 20},
	}
	if diff := cmp.Diff(want, list[0], samePolicies); diff != "" {
		t.Error(diff)
	}
	if o := list[0].Origin; o.File != "f.yaml" || o.Document != 3 {
		t.Errorf("it stands at %+v", o)
	}
}

// What is left out is as in the policy for those who have none; a section that is
// written stands as it is written.
func TestGatePolicyUsual(t *testing.T) {
	usual := DefaultGatePolicy()
	for name, c := range map[string]struct {
		text string
		want func(p *GatePolicy)
	}{
		"select alone":    {"", func(p *GatePolicy) {}},
		"all null":        {"budget: null\n  alerts: null\n  passes: null\n  canary: null\n  maxAge: null", func(p *GatePolicy) {}},
		"levels":          {"budget: {hold: {below: 25%}}", func(p *GatePolicy) { p.Budget = GateLevels{Hold: &GateLevel{0.25, 0.25}} }},
		"no levels":       {"budget: {}", func(p *GatePolicy) { p.Budget = GateLevels{} }},
		"bare numbers":    {"budget: {deny: {below: 0, resumeAbove: 0.1}}", func(p *GatePolicy) {}},
		"one of spending": {"consumedIn1h: {deny: 10%}", func(p *GatePolicy) { p.ConsumedIn1h = GateSpending{Deny: 0.1} }},
		"no alerts":       {"alerts: {}", func(p *GatePolicy) { p.Alerts = map[string]GateDecision{} }},
		"nothing passes":  {"passes: []", func(p *GatePolicy) { p.Passes = nil }},
		"a canary":        {"canary: {}", func(p *GatePolicy) { p.Canary = &usualCanary }},
		"a watch":         {"deploy: {minEvents: 0}", func(p *GatePolicy) { d := usualDeploy; d.MinEvents = 0; p.Deploy = &d }},
	} {
		list, problems := loadGatePolicies("apiVersion: slo-engine.dev/v1\nkind: GatePolicy\nmetadata: {name: x}\nspec:\n  select: ['service=\"checkout\"']\n  " + c.text)
		if problems != nil || len(list) != 1 {
			t.Errorf("%s: got %d, %q", name, len(list), problems)
			continue
		}
		want := *usual
		c.want(&want)
		want.Name, want.Select = "x", list[0].Select
		if diff := cmp.Diff(&want, list[0], samePolicies); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestGatePolicyEncodes(t *testing.T) {
	bare := strings.NewReplacer("name: production", "name: bare", "  environments: [prod, prod-eu]\n", "").Replace(goodGatePolicy)
	for _, line := range []string{"budget", "consumedIn1h", "burn", "dependencies", "canary"} {
		from := strings.Index(bare, "  "+line+":")
		bare = bare[:from] + bare[from+strings.Index(bare[from:], "\n")+1:]
	}
	none := strings.NewReplacer("name: bare", "name: none", "alerts: {critical: deny, warning: hold, info: allow}", "alerts: {}\n  budget: {}\n  consumedIn1h: {}", "passes: [rollback, scale_up]", "passes: []").Replace(bare)
	list, problems := loadGatePolicies(goodGatePolicy + "---\n" + bare + "---\n" + none)
	if len(list) != 3 {
		t.Fatal(problems)
	}
	text, err := EncodeGatePolicies(list)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := loadGatePolicies(string(text))
	if problems != nil {
		t.Fatalf("%q of\n%s", problems, text)
	}
	if diff := cmp.Diff(list, again, samePolicies); diff != "" {
		t.Errorf("%s of\n%s", diff, text)
	}
	list[2].Alerts, list[2].Passes = nil, nil // as code writes it
	if text, _ = EncodeGatePolicies(list[2:]); !strings.Contains(string(text), "alerts: {}\n") || !strings.Contains(string(text), "passes: []\n") {
		t.Errorf("none are written\n%s", text)
	}
	if text, err := EncodeGatePolicies(nil); text != nil || err != nil {
		t.Errorf("of none: %q, %v", text, err)
	}
}

// TestGatePolicyProblems states, for one change of a good policy, what is said.
// What is refused is not handed out; what is only warned of is.
func TestGatePolicyProblems(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no select":           {`['service=~"checkout|payments"']`, `[]`, `error: spec.select: selects nothing; write matchers such as ['service="checkout"']`},
		"select missing":      {`  select: ['service=~"checkout|payments"']`, ``, `error: spec.select: is missing; write matchers such as ['service=~"checkout|payments"']`},
		"select broken":       {`'service=~"checkout|payments"'`, `'service=~"("', 'slo="x"'`, `error: spec.select[0]: parse matcher`},
		"selects nobody":      {`checkout|payments"`, `chekout"`, "warning: spec.select: selects no SLO"},
		"name":                {"name: production", "name: a/b", `error: metadata.name: "a/b" is not a name`},
		"unknown field":       {"maxAge", "max_age", "error: spec.max_age: unknown field"},
		"unknown level":       {"hold: {below", "halt: {below", "error: spec.budget.halt: unknown field"},
		"no environments":     {"[prod, prod-eu]", "[]", "error: spec.environments: is empty; write an environment, or remove it for all"},
		"environment twice":   {"[prod, prod-eu]", "[prod, prod]", `error: spec.environments[1]: "prod" is there already; remove it`},
		"environment no name": {"[prod, prod-eu]", "[prod, '']", "error: spec.environments[1]: is empty"},
		"no percentage":       {"below: 25%", "below: quarter", `error: spec.budget.hold.below: "quarter" is not a percentage; write 25%`},
		"percent forgotten":   {"below: 25%", "below: 20", `error: spec.budget.hold.below: "20" is not a percentage; write 20%`},
		"comma":               {"below: -5%", "below: '-2,5%'", `error: spec.budget.deny.below: "-2,5%" is not a percentage; write -2.5%`},
		"below missing":       {"deny: {below: -5%, ", "deny: {", "error: spec.budget.deny.below: is missing; write a percentage such as 25%"},
		"never allows":        {"below: 25%, resumeAbove: 30%", "below: 120%, resumeAbove: 120%", "error: spec.budget.hold.below: 120% is more than there ever is: nothing could ever ship"},
		"never stops":         {"below: -5%", "below: -1001%", "error: spec.budget.deny.below: -1001% is less than -1000%: nothing would ever be stopped; write more"},
		"never resumes":       {"resumeAbove: 30%", "resumeAbove: 110%", "error: spec.budget.hold.resumeAbove: 110% is more than there ever is: what was stopped once would never go on"},
		"resumes before":      {"resumeAbove: 30%", "resumeAbove: 20%", "error: spec.budget.hold.resumeAbove: 20% is less than below, which is 25%; write at least 25%, or remove it for just that"},
		"hold under deny":     {"below: 25%, resumeAbove: 30%", "below: -5%, resumeAbove: 30%", "error: spec.budget.hold.below: -5% is not more than deny.below, which is -5%: nothing would ever be held"},
		"deny resumes later":  {"resumeAbove: 10%", "resumeAbove: 40%", "error: spec.budget.deny.resumeAbove: 40% is more than hold.resumeAbove, which is 30%"},
		"spent nothing":       {"hold: 2%", "hold: 0%", `error: spec.consumedIn1h.hold: "0%" is not a share of the error budget, above 0% and at most 100%`},
		"spent too much":      {"deny: 5%", "deny: 500%", `error: spec.consumedIn1h.deny: "500%" is not a share of the error budget`},
		"spent hold":          {"hold: 2%", "hold: 5%", "error: spec.consumedIn1h.hold: 5% is not less than deny, which is 5%: nothing would ever be held"},
		"window":              {"window: 6h", "window: 4h", "error: spec.burn[1].window: 4h is not a window that SLOs show; write one of 30s, 1m, 5m, 30m, 1h, 2h, 6h, 1d, 3d"},
		"window missing":      {"{window: 6h, ", "{", "error: spec.burn[1].window: is missing; write a duration such as 1h"},
		"window of the SLO":   {"window: 6h, above: 6", "window: 3d, above: 6", ""},
		"burn 0":              {"above: 6", "above: 0", "error: spec.burn[1].above: must be above 0: whatever happens is more than that"},
		"burn nan":            {"above: 6", "above: .nan", "error: spec.burn[1].above: must be above 0"},
		"burn inf":            {"above: 6", "above: .inf", "error: spec.burn[1].above: must be above 0"},
		"burn then":           {"then: hold", "then: allow", `error: spec.burn[1].then: "allow" is not a decision against a change; known here: hold, deny`},
		"burn then missing":   {", then: hold", "", "error: spec.burn[1].then: is missing; write hold or deny"},
		"burn twice":          {"{window: 6h, above: 6, then: hold}", "{window: 1h, above: 6, then: deny}", "error: spec.burn[1]: says no more than spec.burn[0], of the same window and decision"},
		"burn hold":           {"window: 6h, above: 6", "window: 1h, above: 14.4", "error: spec.burn[1].above: 14.4 is not less than where deny begins, 14.4: nothing would ever be held"},
		"burn never":          {"above: 14.4", "above: 2000", "warning: spec.burn[0].above: nothing burns faster than 2000 with the objective of checkout:checkout-availability, payments:settled"},
		"severity":            {"critical: deny", "criticl: deny", `error: spec.alerts.criticl: "criticl" is not the severity of an alert; did you mean "critical"?`},
		"severity none":       {"info: allow", "none: hold", `error: spec.alerts.none: "none" is not the severity of an alert`},
		"alert unknown":       {"warning: hold", "warning: unknown", `error: spec.alerts.warning: "unknown" is not what a gate can say here`},
		"alerts upside down":  {"critical: deny", "critical: hold", ""},
		"warning graver":      {"critical: deny, warning: hold", "critical: hold, warning: deny", "error: spec.alerts.warning: deny is more than what a graver alert means; write critical: deny too"},
		"warning alone":       {"critical: deny, warning", "warning", "error: spec.alerts.warning: hold is more than what a graver alert means; write critical: hold too"},
		"dependency":          {"service: payments, as", "service: paymnts, as", `warning: spec.dependencies[0].service: no SLO is of a service "paymnts": what it means for others is never known; did you mean "payments"?`},
		"dependency as":       {"as: hold", "as: allow", `error: spec.dependencies[0].as: "allow" is not a decision against a change`},
		"dependency twice":    {"as: hold}", "as: hold}, {service: payments, as: deny}", `error: spec.dependencies[1].service: "payments" is there already; keep one of them`},
		"dependency no name":  {"service: payments, as", "service: '', as", "error: spec.dependencies[0].service: is empty"},
		"pass":                {"scale_up]", "scaleUp]", `error: spec.passes[1]: "scaleUp" is not a kind of change; did you mean "scale_up"?`},
		"all pass":            {"scale_up]", "deploy]", "error: spec.passes[1]: lets every deploy pass: nothing would ever be held or denied"},
		"pass twice":          {"scale_up]", "rollback]", `error: spec.passes[1]: "rollback" is there already; remove it`},
		"if unknown":          {"ifUnknown: hold", "ifUnknown: unknown", `error: spec.ifUnknown: "unknown" is not what a gate can say here; known here: allow, hold, deny`},
		"max age":             {"maxAge: 2m", "maxAge: 1s", "error: spec.maxAge: 1s is shorter than the 5s that it takes; write at least 5s"},
		"max age long":        {"maxAge: 2m", "maxAge: 2h", "error: spec.maxAge: 2h is more than the 1h allowed; write less"},
		"valid for":           {"validFor: 45s", "validFor: 0s", "error: spec.validFor: 0s is shorter than the 1s that it takes"},
		"canary label":        {"by: release", "by: app/release", `error: spec.canary.by: "app/release" is not a label that tells versions apart; write a label of the SLO's series, such as version`},
		"canary buckets":      {"by: release", "by: le", `error: spec.canary.by: "le" is not a label`},
		"canary events":       {"minEvents: 100", "minEvents: 0", "error: spec.canary.minEvents: must be a number of events, at least 1; write 50"},
		"false denials":       {"falseDenials: 0.5%", "falseDenials: 0%", "error: spec.canary.falseDenials: must be above 0% and below 100%; write 1%"},
		"false denials all":   {"falseDenials: 0.5%", "falseDenials: 100%", "error: spec.canary.falseDenials: must be above 0% and below 100%"},
		"margin":              {"margin: 50%", "margin: -1%", "error: spec.canary.margin: must be at least 0%"},
		"within":              {"within: 20m", "within: 1s", "error: spec.canary.within: 1s is shorter than the 10s that it takes"},
		"at end":              {"atEnd: allow", "atEnd: deny", `error: spec.canary.atEnd: "deny" is not what can be said of a candidate that is neither better nor worse; known here: allow, hold`},
		"watch":               {"watch: 2h", "watch: 30d", "error: spec.deploy.watch: 30d is more than the 7d allowed"},
		"max consumed":        {"maxConsumed: 10%", "maxConsumed: 0%", `error: spec.deploy.maxConsumed: "0%" is not a share of the error budget`},
		"deploy events":       {"minEvents: 20", "minEvents: -1", "error: spec.deploy.minEvents: must be a number of events, at least 0"},
		"a list":              {"budget: {hold: {below: 25%, resumeAbove: 30%}, deny: {below: -5%, resumeAbove: 10%}}", "budget: [hold]", "error: spec.budget: must be a mapping of fields, not a list"},
	} {
		text := strings.Replace(goodGatePolicy, c.old, c.new, 1)
		list, problems := loadGatePolicies(text)
		found := strings.Join(problems, "\n")
		if !strings.Contains(found, c.want) || c.want == "" && found != "" || text == goodGatePolicy {
			t.Errorf("%s: got\n%s\nwant %s", name, found, c.want)
		}
		if sound := len(list) == 1; sound != !strings.HasPrefix(c.want, "error") {
			t.Errorf("%s: handed out: %v", name, sound)
		}
		errors := strings.Count(found, "error:")
		if errors > 1 && !strings.Contains(name, "missing") && name != "unknown field" {
			t.Errorf("%s: %d errors of one slip:\n%s", name, errors, found)
		}
	}
}

// A policy without a threshold is refused: who wrote it believes to be guarded.
func TestGatePolicyWithoutThreshold(t *testing.T) {
	const nothing = `apiVersion: slo-engine.dev/v1
kind: GatePolicy
metadata: {name: x}
spec: {select: [service="checkout"], budget: {}, consumedIn1h: {}, alerts: {critical: allow}}`
	list, problems := loadGatePolicies(nothing)
	if len(list) != 0 || len(problems) != 2 || !strings.HasPrefix(problems[0], "error: spec: can never hold or deny anything") && !strings.HasPrefix(problems[1], "error: spec: can never hold or deny anything") {
		t.Errorf("got %d, %q", len(list), problems)
	}
	for _, one := range []string{"budget: {deny: {below: 0%}}", "consumedIn1h: {deny: 5%}", "alerts: {critical: hold}", "canary: {}", "deploy: {}", "burn: [{window: 1h, above: 1, then: hold}]"} {
		key, _, _ := strings.Cut(one, ":")
		text := strings.NewReplacer(key+": {}", one, key+": {critical: allow}", one).Replace(nothing)
		if text == nothing {
			text = strings.Replace(nothing, "}}", "}, "+one+"}", 1)
		}
		if list, problems := loadGatePolicies(text); len(list) != 1 || problems != nil {
			t.Errorf("%s: got %d, %q", one, len(list), problems)
		}
	}
}

// SLOs of which a threshold makes no sense are named.
func TestGatePolicyThatDoesNotSuit(t *testing.T) {
	short := strings.NewReplacer("name: checkout-availability", "name: short", "window: 30d", "window: 1h").Replace(goodRatio)
	list, problems := loadGatePolicies(goodGatePolicy + "---\n" + short)
	want := []string{
		"warning: spec.burn[0].window: 1h is not shorter than the window of checkout:short: the burn rate is not known, and neither is the answer; write a shorter window, or a policy of their own for them",
		"warning: spec.burn[1].window: 6h is not shorter than the window of checkout:short: the burn rate is not known, and neither is the answer; write a shorter window, or a policy of their own for them",
	}
	if diff := cmp.Diff(want, problems); diff != "" || len(list) != 1 {
		t.Errorf("%d handed out: %s", len(list), diff)
	}
}

// What is left of broken matchers would select more than was meant.
func TestGatePolicyWithBrokenMatcher(t *testing.T) {
	_, problems := loadGatePolicies(strings.Replace(goodGatePolicy, `'service=~"checkout|payments"'`, `'service="checkout"', 'slo=~"("'`, 1))
	if len(problems) != 1 || !strings.HasPrefix(problems[0], "error: spec.select[1]: parse matcher") {
		t.Errorf("got %q", problems)
	}
}

// The SLOs of a faulty policy go on with the usual one, and are named.
func TestGatePolicyFaulty(t *testing.T) {
	_, problems := loadGatePolicies(strings.Replace(goodGatePolicy, "maxAge: 2m", "maxAge: 0s", 1))
	if len(problems) != 2 || !strings.Contains(strings.Join(problems, "\n"), "SLOs go on as if the document were not there: checkout:checkout-availability, payments:settled") {
		t.Errorf("got %q", problems)
	}
}

func TestGatePolicyTwice(t *testing.T) {
	list, problems := loadGatePolicies(goodGatePolicy + "---\n" + goodGatePolicy)
	if len(list) != 1 || len(problems) != 1 || !strings.Contains(problems[0], "another GatePolicy is called") {
		t.Errorf("got %d, %q", len(list), problems)
	}
}

// Several policies are handed out by name, whatever stands first.
func TestGatePoliciesByName(t *testing.T) {
	list, problems := loadGatePolicies(strings.Replace(goodGatePolicy, "production", "staging", 1) + "---\n" + goodGatePolicy)
	if problems != nil || len(list) != 2 || list[0].Name != "production" || list[1].Name != "staging" {
		t.Errorf("got %v, %q", list, problems)
	}
}

func TestGatePolicySelects(t *testing.T) {
	list, _ := loadGatePolicies(strings.Replace(goodGatePolicy, `['service=~"checkout|payments"']`, `['service="checkout"', 'route=~"/pay.*"']`, 1))
	specs, _ := Load("f.yaml", []byte(goodRatio))
	if len(list) != 1 || len(specs) != 1 {
		t.Fatalf("%d policies, %d SLOs", len(list), len(specs))
	}
	for route, want := range map[string]bool{"/pay/card": true, "/cart": false, "": false} {
		if got := list[0].Selects(specs[0], map[string]string{"route": route}); got != want {
			t.Errorf("%q: %v", route, got)
		}
	}
	if (&GatePolicy{}).Selects(specs[0], nil) {
		t.Error("no matcher selects something")
	}
}

func TestPercentRoundTrip(t *testing.T) {
	for text, want := range map[string]float64{
		"25%": 0.25, " 25 %": 0.25, "-5%": -0.05, "0": 0, "-0%": 0, "0.1": 0.1, "1": 1, "150%": 1.5, "-1200%": -12, "0.00000000000000000001%": 1e-22, "0.1234567890123456789": 0.1234567890123456789,
	} {
		got, ok := parsePercent(text)
		if !ok || got != want {
			t.Errorf("%q reads as %v, %v", text, got, ok)
		}
		if again, ok := parsePercent(writePercent(got)); !ok || again != got {
			t.Errorf("%q is written %s, which reads as %v", text, writePercent(got), again)
		}
	}
	for _, text := range []string{"", "%", "-", "--5%", "1e3%", "0x1%", "25", "-1.5", "1/2", "½", "25%%", "nan", "∞"} {
		if got, ok := parsePercent(text); ok {
			t.Errorf("%q reads as %v", text, got)
		}
	}
}

// FuzzGatePolicy reads any text: what is sound writes and reads back the same.
func FuzzGatePolicy(f *testing.F) {
	f.Add(goodGatePolicy)
	for _, odd := range []string{"budget: []", "budget: {hold: 1}", "budget: {hold: {below: .nan}}", "consumedIn1h: 5%", "burn: [{}]", "burn: [null]", "burn: [{window: 1h, above: .nan, then: x}]",
		"alerts: [critical]", "alerts: {critical: null}", "alerts: {? [a] : deny}", "dependencies: [payments]", "passes: rollback", "passes: [null]", "canary: true", "canary: {by: ''}",
		"canary: {margin: 1e9}", "deploy: {maxConsumed: 0.0000001%}", "environments: prod", "environments: [[]]", "maxAge: -1m", "validFor: 1h1ms", "ifUnknown: {}", "<<: {budget: {}}",
		"budget: &a {hold: *a}", "budget: {deny: {below: -99999999999999999999%}}", "consumedIn1h: {deny: 0.00000000000000000001%}"} {
		f.Add("apiVersion: slo-engine.dev/v1\nkind: GatePolicy\nmetadata: {name: x}\nspec:\n  select: [a=b]\n  " + odd + "\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		var list, again []*GatePolicy
		Loader{GatePolicies: &list}.Load(File{Name: "f.yaml", Data: []byte(text)})
		written, err := EncodeGatePolicies(list)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		_, problems := Loader{GatePolicies: &again}.Load(File{Name: "f.yaml", Data: written})
		if diff := cmp.Diff(list, again, samePolicies); diff != "" {
			t.Errorf("%q was written as %s: %v\n%s", text, written, problems, diff)
		}
	})
}
