package gatekeeper

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/util"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/slo-engine/slo-engine/test/gated"
)

func TestOnlyDenyRefusesAReleaseAsDeployed(t *testing.T) {
	e := gated.StartTLS(t)
	gk := gatekeeper(t, e, nil)
	for _, service := range []string{gated.Allowed, gated.Held, gated.Silent, "nobody-knows"} {
		if got := refusals(t, gk, create(deployment(service))); got != nil {
			t.Errorf("%s: %q", service, got)
		}
	}
	for name, r := range map[string]*admissionv1.AdmissionRequest{
		"create": create(deployment(gated.Denied)),
		"update": update(deployment(gated.Denied), deployment(gated.Denied, image("web:2"))),
	} {
		got := refusals(t, gk, r)
		if len(got) != 1 || !strings.Contains(got[0], "the release gate of denied says deny: ") || !strings.Contains(got[0], "-25 %") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestDecisionsThatRefuseMayBeChosen(t *testing.T) {
	e := gated.StartTLS(t)
	gk := gatekeeper(t, e, map[string]any{"refuse": []any{"deny", "hold", "unknown"}})
	for service, want := range map[string]string{
		gated.Held:     "the release gate of held says hold: 3 % of ",
		gated.Denied:   "the release gate of denied says deny: ",
		gated.Silent:   "the release gate of silent says unknown: unknown: the samples of ",
		"nobody-knows": "no SLO of nobody-knows is known",
	} {
		if got := refusals(t, gk, create(deployment(service))); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s: %q, want %q", service, got, want)
		}
	}
	if got := refusals(t, gk, create(deployment(gated.Allowed))); got != nil {
		t.Errorf("allowed: %q", got)
	}
}

// What does not change the pods is no release, nor is what is audited.
func TestWhatIsNoReleasePasses(t *testing.T) {
	e := gated.StartTLS(t)
	gk := gatekeeper(t, e, map[string]any{"refuse": []any{"deny", "hold", "unknown"}, "refuseUnanswered": true})
	before := deployment(gated.Denied)
	for name, r := range map[string]*admissionv1.AdmissionRequest{
		"scale":       update(before, deployment(gated.Denied, func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(9)) })),
		"annotate":    update(before, deployment(gated.Denied, annotation("team", "web"))),
		"kube-system": create(deployment(gated.Denied, func(d *appsv1.Deployment) { d.Namespace = "kube-system" })),
		"other kind": {
			UID: "1", Operation: admissionv1.Create, Name: "web", Namespace: "shop",
			Object: raw(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "denied", "namespace": "shop"}}),
		},
	} {
		if name == "other kind" {
			r.Kind.Version, r.Kind.Kind = "v1", "ConfigMap"
		}
		if got := refusals(t, gk, r); got != nil {
			t.Errorf("%s: %q", name, got)
		}
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(before)
	if err != nil {
		t.Fatal(err)
	}
	audited := target.AugmentedUnstructured{Object: unstructured.Unstructured{Object: object}}
	answers, err := gk.Review(t.Context(), audited, reviews.EnforcementPoint(util.AuditEnforcementPoint))
	if err != nil || len(answers.Results()) != 0 {
		t.Errorf("audit: %v, %v", answers.Results(), err)
	}
}

// Rollbacks, and what is declared to mend it, pass when the budget is spent. What is
// declared so counts for the change that brings it, and not for those after.
func TestChangesThatPass(t *testing.T) {
	e := gated.StartTLS(t)
	gk := gatekeeper(t, e, nil)
	as := func(kind string) func(*appsv1.Deployment) { return annotation("slo-engine.dev/change", kind) }
	for kind, refused := range map[string]int{
		"rollback": 0, "scale_up": 0, "fix_forward": 0, "rollback: 1.5.0 loses carts": 0, "deploy": 1, "rolback": 1, "": 1,
	} {
		if got := refusals(t, gk, create(deployment(gated.Denied, as(kind)))); len(got) != refused {
			t.Errorf("%q: %q", kind, got)
		}
	}
	before, old := deployment(gated.Denied), deployment(gated.Denied, as("rollback"))
	if got := refusals(t, gk, update(before, deployment(gated.Denied, as("rollback"), image("web:2")))); got != nil {
		t.Errorf("a rollback: %q", got)
	}
	if got := refusals(t, gk, update(old, deployment(gated.Denied, as("rollback"), image("web:3")))); len(got) != 1 {
		t.Errorf("the change after a rollback: %q", got)
	}
	if got := refusals(t, gk, update(old, deployment(gated.Denied, as("rollback: again"), image("web:1")))); got != nil {
		t.Errorf("another rollback: %q", got)
	}
}

// Annotation, label, name: the first one that there is names the service. Whatever
// is in it, it is a name, and no other part of the question.
func TestWhoseReleaseItIs(t *testing.T) {
	e := gated.StartTLS(t)
	gk := gatekeeper(t, e, nil)
	noLabel := func(d *appsv1.Deployment) { d.Labels = nil }
	named := func(name string) func(*appsv1.Deployment) { return func(d *appsv1.Deployment) { d.Name = name } }
	for name, c := range map[string]struct {
		of      *appsv1.Deployment
		refused int
	}{
		"annotation over label": {deployment(gated.Allowed, annotation("slo-engine.dev/service", gated.Denied)), 1},
		"label over name":       {deployment(gated.Allowed, named(gated.Denied)), 0},
		"name":                  {deployment("", noLabel, named(gated.Denied)), 1},
	} {
		if got := refusals(t, gk, create(c.of)); len(got) != c.refused {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, service := range []string{
		"denied?kind=rollback", "denied/prod", "a b", "a+b", "100%", "größe", `"quoted"`, "allowed&service=denied", "#denied",
	} {
		e.Say(service, "deny")
		if got := refusals(t, gk, create(deployment("", annotation("slo-engine.dev/service", service)))); len(got) != 1 {
			t.Errorf("%s: %q", service, got)
		}
	}
}

// An engine that is away refuses nothing, unless the constraint says so.
func TestEngineAway(t *testing.T) {
	e := gated.StartTLS(t)
	lenient := gatekeeper(t, e, nil)
	e.Leave()
	if got := refusals(t, lenient, create(deployment(gated.Denied))); got != nil {
		t.Errorf("lenient: %q", got)
	}
	strict := gatekeeper(t, e, map[string]any{"refuseUnanswered": true})
	got := refusals(t, strict, create(deployment(gated.Allowed)))
	if len(got) != 1 || !strings.Contains(got[0], "the release gate of allowed does not answer: ") || !strings.Contains(got[0], "connection refused") {
		t.Errorf("strict: %q", got)
	}
}
