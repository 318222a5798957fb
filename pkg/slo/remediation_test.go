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

const goodRemediation = `apiVersion: slo-engine.dev/v1
kind: Remediation
metadata: {name: checkout-back-to-stable}
spec:
  on: ['service="checkout"', 'tier=~"heal|page_fast"']
  actions:
    - haproxy: {socket: /run/haproxy.sock, backend: checkout, shift: {from: v2, to: v1, percent: auto, by: version}}
    - kong: {url: 'http://127.0.0.1:8001', breaker: {dependency: recommendations}}
      weak: true
      after: helped
  guards: {cooldown: 10m, maxPerHour: 3, maxShift: 100%, maxBudgetAtStake: 20%, minHealthy: 1, requireHealthy: ['slo="payments-availability"']}
  approval: none
  verify: {burnBelow: 1, window: 30s, within: 2m, minEvents: 50}
  lease: 30m
  undo: {when: resolved, after: 5m, steps: [25%, 50%, 100%], every: 1m}
  ifEngineDies: keep
`

// loadRemediations reads playbooks; the SLO of service checkout is beside them.
func loadRemediations(l Loader, text string) (list []*Remediation, problems []string) {
	l.Remediations = &list
	_, found := l.Load(File{Name: "f.yaml", Data: []byte(goodRatio + "\n---\n" + text)})
	for _, p := range found {
		problems = append(problems, fmt.Sprintf("%s: %s: %s", p.Severity, p.Field, p.Message))
	}
	return list, problems
}

func TestRemediationReads(t *testing.T) {
	list, problems := loadRemediations(Loader{}, goodRemediation)
	if problems != nil || len(list) != 1 {
		t.Fatalf("got %d, %q", len(list), problems)
	}
	r := list[0]
	if got, _ := r.Remedies[0].Settings.Text(); string(got) != `{"backend":"checkout","socket":"/run/haproxy.sock"}` {
		t.Errorf("settings are %s", got)
	}
	want := Remedy{Gateway: "haproxy", Kind: RemedyShift, From: "v2", To: "v1", By: "version"}
	if diff := cmp.Diff(want, r.Remedies[0], cmpopts.IgnoreTypes(Settings{})); diff != "" {
		t.Error(diff)
	}
	if second := r.Remedies[1]; !second.Weak || !second.AfterSuccess || second.Kind != RemedyBreaker {
		t.Errorf("the second is %+v", second)
	}
	if r.Lease != 30*time.Minute || r.Undo.Steps[0] != 0.25 || r.Guards.MaxPerHour != 3 || r.Guards.MaxBudgetAtStake != 0.2 || r.Proof.MinEvents != 50 {
		t.Errorf("got %+v", r)
	}
}

// Where nobody acts, its user is told before the incident.
func TestRemediationThatNobodyActsOn(t *testing.T) {
	_, problems := Loader{}.Load(File{Name: "f.yaml", Data: []byte(goodRatio + "\n---\n" + goodRemediation)})
	if len(problems) != 1 || problems[0].Severity != Warning || !strings.Contains(problems[0].Message, "nothing acts on it") {
		t.Errorf("problems %v", problems)
	}
}

func TestRemediationUsual(t *testing.T) {
	list, problems := loadRemediations(Loader{}, `apiVersion: slo-engine.dev/v1
kind: Remediation
metadata: {name: x}
spec:
  on: ['service="checkout"']
  actions: [{webhook: {url: 'https://hook.example'}}]`)
	if problems != nil {
		t.Fatal(problems)
	}
	r := list[0]
	if diff := cmp.Diff(usualGuards, r.Guards); diff != "" {
		t.Error(diff)
	}
	if r.Proof != usualProof || r.Lease != usualLease || r.Approval || r.UndoIfEngineDies || r.Undo.AtLeaseEnd {
		t.Errorf("got %+v", r)
	}
}

func TestRemediationEncodes(t *testing.T) {
	list, _ := loadRemediations(Loader{}, goodRemediation)
	text, err := EncodeRemediations(list)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := loadRemediations(Loader{}, string(text))
	if problems != nil {
		t.Fatalf("%q of\n%s", problems, text)
	}
	same := cmp.Options{
		cmpopts.IgnoreTypes(Origin{}),
		cmp.Comparer(func(a, b Settings) bool {
			x, _ := a.Text()
			y, _ := b.Text()
			return string(x) == string(y)
		}),
		cmp.Comparer(func(a, b *labels.Matcher) bool { return a.String() == b.String() }),
	}
	if diff := cmp.Diff(list, again, same); diff != "" {
		t.Error(diff)
	}
}

func TestRemediationProblems(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no selector":      {`['service="checkout"', 'tier=~"heal|page_fast"']`, `[]`, "error: spec.on: selects nothing"},
		"all":              {`['service="checkout"', 'tier=~"heal|page_fast"']`, `['service=~".*"']`, "error: spec.on: selects everything"},
		"all healthy":      {`'slo="payments-availability"'`, `'team!="x"'`, "error: spec.guards.requireHealthy: selects everything"},
		"nobody":           {`service="checkout"`, `service="chekout"`, "warning: spec.on: no SLO's alert starts it"},
		"gateway":          {"- haproxy:", "- haprxy:", `error: spec.actions[0]: "haprxy" is not a gateway`},
		"two":              {"weak: true", "haproxy: {}", "error: spec.actions[1]: names kong and haproxy"},
		"no deed":          {"breaker: {dependency: recommendations}", "x: 1", "error: spec.actions[1]: does not say what is done"},
		"unknown in deed":  {"dependency: recommendations", "dependency: r, stats: 1", "error: spec.actions[1].kong.breaker.stats: unknown field"},
		"to itself":        {"to: v1", "to: v2", "error: spec.actions[0].haproxy.shift.to: is where the traffic comes from"},
		"no from":          {"from: v2, ", "", "error: spec.actions[0].haproxy.shift.from: is missing"},
		"share":            {"percent: auto", "percent: 120%", `error: spec.actions[0].haproxy.shift.percent: "120%" is not a share of the traffic, above 0% and at most 100%`},
		"at stake":         {"maxBudgetAtStake: 20%", "maxBudgetAtStake: 0%", `error: spec.guards.maxBudgetAtStake: "0%" is not a share of the error budget, above 0% and at most 100%`},
		"old spelling":     {"maxPerHour", "max_per_hour", "error: spec.guards.max_per_hour: unknown field"},
		"steps":            {"[25%, 50%, 100%]", "[50%, 25%, 100%]", "error: spec.undo.steps[1]: is not more than the step before"},
		"steps end":        {"[25%, 50%, 100%]", "[25%, 50%]", "error: spec.undo.steps: does not end at 100%: something of the action would stay"},
		"approval":         {"approval: none", "approval: maybe", `error: spec.approval: "maybe" is not how an action is approved`},
		"within":           {"within: 2m", "within: 20s", "error: spec.verify.within: 20s is over before a window of 30s is full"},
		"burn":             {"burnBelow: 1", "burnBelow: 0", "error: spec.verify.burnBelow: must be above 0"},
		"lease":            {"lease: 30m", "lease: 1s", "error: spec.lease: 1s is shorter than the 10s that it takes"},
		"weak, no breaker": {"breaker: {dependency: recommendations}", "close: {route: /r}", "error: spec.actions[1].weak: is said of what is no breaker"},
		"status":           {"dependency: recommendations", "dependency: r, status: 42", "error: spec.actions[1].kong.breaker.status: 42 is not a status"},
		"first after":      {"by: version}}", "by: version}}\n      after: helped", "error: spec.actions[0].after: there is no action before the first"},
		"no number":        {"backend: checkout", "backend: .nan", "error: spec.actions[0]: has a setting that is no"},
		"hook cannot":      {"- kong: {url", "- webhook: {url", "error: spec.actions[1]: a webhook knows no breaker"},
	} {
		text := strings.Replace(goodRemediation, c.old, c.new, 1)
		list, problems := loadRemediations(Loader{}, text)
		found := strings.Join(problems, "\n")
		if !strings.Contains(found, c.want) || text == goodRemediation {
			t.Errorf("%s: got\n%s\nwant %s", name, found, c.want)
		}
		if sound := len(list) == 1; sound != strings.HasPrefix(c.want, "warning") {
			t.Errorf("%s: handed out: %v", name, sound)
		}
	}
}

// The gateway's own settings are read later, and told of with the same paths.
func TestRemediationSettings(t *testing.T) {
	var config struct {
		Socket  string `yaml:"socket"`
		Backend string `yaml:"backend" need:"a backend"`
	}
	l := Loader{Remedy: func(r Remedy) []Problem {
		if r.Gateway != "haproxy" {
			return nil
		}
		return r.Settings.Check(&config)
	}}
	if _, problems := loadRemediations(l, goodRemediation); problems != nil || config.Backend != "checkout" {
		t.Errorf("got %q, %+v", problems, config)
	}
	list, problems := loadRemediations(l, strings.Replace(goodRemediation, "socket:", "sockt:", 1))
	if want := []string{"error: spec.actions[0].haproxy.sockt: unknown field"}; !cmp.Equal(problems[len(problems)-1:], want) || len(list) != 0 {
		t.Errorf("got %q", problems)
	}
}

func TestRemediationTwice(t *testing.T) {
	list, problems := loadRemediations(Loader{}, goodRemediation+"---\n"+goodRemediation)
	if len(list) != 1 || len(problems) != 1 || !strings.Contains(problems[0], "another Remediation is called") {
		t.Errorf("got %d, %q", len(list), problems)
	}
}

// FuzzRemediation reads any text: what is sound writes and reads back the same.
func FuzzRemediation(f *testing.F) {
	f.Add(goodRemediation)
	for _, odd := range []string{"actions: [{}]", "actions: [[]]", "actions: [{haproxy: []}]", "actions: [{haproxy: null}]", "actions: [{haproxy: {shift: 1}}]",
		"actions: [{haproxy: {shift: {}, eject: {}}}]", "actions: [{<<: {haproxy: {}}}]", "actions: [{weak: 1, after: x}]", "actions: [{webhook: {a: {b: [1]}}}]",
		"actions: [{? [a] : b}]", "actions: [{kong: {a: .nan, close: {route: /}}}]", "actions: [{kong: {a: {1: 2}, close: {route: /}}}]"} {
		f.Add("apiVersion: slo-engine.dev/v1\nkind: Remediation\nmetadata: {name: x}\nspec:\n  on: [a=b]\n  " + odd + "\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		var list, again []*Remediation
		Loader{Remediations: &list}.Load(File{Name: "f.yaml", Data: []byte(text)})
		written, err := EncodeRemediations(list)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		_, problems := Loader{Remediations: &again}.Load(File{Name: "f.yaml", Data: written})
		if len(again) != len(list) {
			t.Errorf("%q was written as %s: %v", text, written, problems)
		}
	})
}
