package flagger

import (
	"slices"
	"strings"
	"testing"

	flaggerv1 "github.com/fluxcd/flagger/pkg/apis/flagger/v1beta1"
	"github.com/fluxcd/flagger/pkg/controller"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/gated"
)

// passes says of each hook in which services' cases it succeeds, which for rollback
// means: take it back. What is unknown is what the default policy makes of it, allow,
// where a failure would count against the canary.
var passes = map[flaggerv1.HookType][]string{
	flaggerv1.ConfirmRolloutHook:         {gated.Allowed},
	flaggerv1.ConfirmTrafficIncreaseHook: {gated.Allowed},
	flaggerv1.ConfirmPromotionHook:       {gated.Allowed},
	flaggerv1.PreRolloutHook:             {gated.Allowed, gated.Silent},
	flaggerv1.RolloutHook:                {gated.Allowed, gated.Held, gated.Silent},
	flaggerv1.PostRolloutHook:            {gated.Allowed, gated.Held, gated.Denied, gated.Silent},
	flaggerv1.RollbackHook:               {gated.Denied},
}

// phases are those that Flagger's scheduler sends with each hook: not its name.
var phases = map[flaggerv1.HookType][]flaggerv1.CanaryPhase{
	flaggerv1.ConfirmRolloutHook:         {flaggerv1.CanaryPhaseInitialized, flaggerv1.CanaryPhaseWaiting},
	flaggerv1.ConfirmTrafficIncreaseHook: {flaggerv1.CanaryPhaseProgressing},
	flaggerv1.ConfirmPromotionHook:       {flaggerv1.CanaryPhaseProgressing},
	flaggerv1.PreRolloutHook:             {flaggerv1.CanaryPhaseProgressing},
	flaggerv1.RolloutHook:                {flaggerv1.CanaryPhaseProgressing},
	flaggerv1.PostRolloutHook:            {flaggerv1.CanaryPhaseSucceeded, flaggerv1.CanaryPhaseFailed},
	flaggerv1.RollbackHook:               {flaggerv1.CanaryPhaseProgressing, flaggerv1.CanaryPhaseWaiting, flaggerv1.CanaryPhaseWaitingPromotion},
}

func TestEachHookWithEachDecision(t *testing.T) {
	e := gated.Start(t)
	for kind, succeeds := range passes {
		for _, service := range []string{gated.Allowed, gated.Held, gated.Denied, gated.Silent} {
			for _, phase := range phases[kind] {
				err := controller.CallWebhook(canaryOf(service), phase, hookOf(e.URL, kind, nil))
				if want := slices.Contains(succeeds, service); (err == nil) != want {
					t.Errorf("%s of %s in phase %s: %v, want success: %v", kind, service, phase, err, want)
				}
				if err != nil {
					oneLine(t, string(kind)+" of "+service, err.Error())
				}
			}
		}
	}
}

// What the engine answers becomes Flagger's event: one line that says what the gate
// says, why, and where to read more.
func TestRefusalsSayWhy(t *testing.T) {
	e := gated.Start(t)
	for service, words := range map[string][]string{
		gated.Held:     {"hold", "3 %", "2 %", "/api/v1/gate/verdicts/"},
		gated.Denied:   {"deny", "-25 %", "/api/v1/gate/verdicts/"},
		gated.Silent:   {"unknown", "stopped", "/api/v1/gate/verdicts/"},
		"nobody-knows": {"unknown", "no SLO of nobody-knows is known", "/api/v1/gate/verdicts/"},
	} {
		err := controller.CallWebhook(canaryOf(service), flaggerv1.CanaryPhaseWaiting, hookOf(e.URL, flaggerv1.ConfirmRolloutHook, nil))
		if err == nil {
			t.Errorf("%s passes", service)
			continue
		}
		for _, word := range words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q does not say %q", service, err, word)
			}
		}
	}
}

// A policy that makes a hold or a deny of what is unknown has the say where Flagger
// counts failures; it never rolls back by itself.
func TestUnknownIsWhatThePolicyMakesOfIt(t *testing.T) {
	selected, err := slo.ParseMatchers(`service="` + gated.Silent + `"`)
	if err != nil {
		t.Fatal(err)
	}
	policy := *slo.DefaultGatePolicy()
	policy.Name, policy.Select, policy.Environments, policy.IfUnknown = "careful", selected, []string{"prod"}, slo.GateDeny
	e := gated.Start(t, &policy)
	for kind, want := range map[flaggerv1.HookType]bool{
		flaggerv1.ConfirmRolloutHook: false, flaggerv1.PreRolloutHook: false, flaggerv1.RolloutHook: false, flaggerv1.RollbackHook: false,
	} {
		hook := hookOf(e.URL, kind, map[string]string{"environment": "prod"})
		if err := controller.CallWebhook(canaryOf(gated.Silent), flaggerv1.CanaryPhaseProgressing, hook); (err == nil) != want {
			t.Errorf("%s: %v, want success: %v", kind, err, want)
		}
	}
}

// The webhooks of deploy/ name the hook that they are, and ask about their service.
func TestDeployedWebhooks(t *testing.T) {
	e := gated.Start(t)
	canary := deployed(t, e.URL)
	if len(canary.Spec.Analysis.Webhooks) == 0 {
		t.Fatal("no webhooks")
	}
	for _, hook := range canary.Spec.Analysis.Webhooks {
		for _, service := range []string{gated.Allowed, gated.Held, gated.Denied, gated.Silent} {
			(*hook.Metadata)["service"] = service
			err := controller.CallWebhook(*canary, flaggerv1.CanaryPhaseProgressing, hook)
			if want := slices.Contains(passes[hook.Type], service); (err == nil) != want {
				t.Errorf("%s (%s) of %s: %v, want success: %v", hook.Name, hook.Type, service, err, want)
			}
		}
	}
}

// The event webhook is told much, and asks nothing.
func TestEventsAreTaken(t *testing.T) {
	e := gated.Start(t)
	canary := canaryOf(gated.Denied)
	hook := hookOf(e.URL, flaggerv1.EventHook, map[string]string{"service": gated.Denied})
	if err := controller.CallEventWebhook(&canary, hook, "Advance checkout.shop canary weight 10", "Normal"); err != nil {
		t.Error(err)
	}
}

// An engine that is away fails all hooks alike: what waits goes on waiting, and
// nothing is rolled back.
func TestEngineAway(t *testing.T) {
	e := gated.Start(t)
	e.Leave()
	for kind := range passes {
		err := controller.CallWebhook(canaryOf(gated.Allowed), flaggerv1.CanaryPhaseProgressing, hookOf(e.URL, kind, nil))
		if err == nil || !strings.Contains(err.Error(), "giving up after 1 attempt") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A webhook that says nothing of which hook it is fails with a message that says
// what to write: taken for another, it could roll back what may go on.
func TestMistakesAreExplained(t *testing.T) {
	e := gated.Start(t)
	for url, words := range map[string]string{
		"":                                "?hook=confirm-rollout",
		"?hook=rolback":                   "did you mean \"rollback\"",
		"?hook=rollback&kind=deply":       "kind \"deply\" is no kind of change",
		"?hook=rollback&enviroment=prod":  "environment",
		"?hook=rollback&hook=confirm-rol": "hook",
	} {
		hook := hookOf(e.URL, flaggerv1.RollbackHook, nil)
		hook.URL = e.URL + "/api/v1/gate/flagger" + url
		err := controller.CallWebhook(canaryOf(gated.Denied), flaggerv1.CanaryPhaseProgressing, hook)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", url, err, words)
		}
	}
}

// canaryOf is the Canary of a service.
func canaryOf(service string) flaggerv1.Canary {
	c := flaggerv1.Canary{}
	c.Name, c.Namespace = service, "shop"
	return c
}

// hookOf is a webhook of a type, without retries.
func hookOf(engine string, kind flaggerv1.HookType, metadata map[string]string) flaggerv1.CanaryWebhook {
	return flaggerv1.CanaryWebhook{
		Name: "gate", Type: kind, URL: engine + "/api/v1/gate/flagger?hook=" + string(kind), Metadata: &metadata,
	}
}

// oneLine refuses what would break an event in two.
func oneLine(t *testing.T, what, text string) {
	t.Helper()
	if strings.TrimSpace(text) == "" || strings.ContainsAny(text, "\r\n") || len(text) > 1000 {
		t.Errorf("%s: %q is no line", what, text)
	}
}
