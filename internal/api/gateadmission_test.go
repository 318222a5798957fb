package api

import (
	std "cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	admission "k8s.io/api/admission/v1"

	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// reviewed is what an API server asks; objects are JSON.
type reviewed struct {
	operation, kind, namespace, subresource string
	object, old                             string
}

func (r reviewed) body() string {
	or := func(text, usual string) string {
		if text == "" {
			return usual
		}
		return text
	}
	return fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002",
		"kind":{"group":"apps","version":"v1","kind":%q},"resource":{"group":"apps","version":"v1","resource":"deployments"},"subResource":%q,
		"name":"named","namespace":%q,"operation":%q,"userInfo":{"username":"admin"},"object":%s,"oldObject":%s,"dryRun":true,"options":{}}}`,
		or(r.kind, "Deployment"), r.subresource, or(r.namespace, "shop"), or(r.operation, "CREATE"), or(r.object, "null"), or(r.old, "null"))
}

// deployment is one with an image, and further JSON in its metadata and spec.
func deployment(name, image, metadata, spec string) string {
	return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":%q%s},"spec":{%s"template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":%q},{"name":"d","image":"other:1"}]}}}}`,
		name, metadata, spec, image)
}

func annotated(text string) string {
	return fmt.Sprintf(`,"annotations":{"slo-engine.dev/change":%q}`, text)
}

// review asks, and returns the answer with what the gates were asked.
func review(t *testing.T, path, body string) (*admission.AdmissionResponse, []gate.Request) {
	t.Helper()
	o := gated()
	r := ask(t, o, "POST", path, body, asJSON()...)
	var answer admission.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || r.StatusCode != 200 || answer.Response == nil {
		t.Fatalf("answers %d %+v, %v", r.StatusCode, answer, err)
	}
	if answer.APIVersion != admissionVersion || answer.Kind != admissionKind || answer.Response.UID != "705ab4f5-6393-11e8-b7cc-42010a800002" {
		t.Errorf("answer is %+v", answer)
	}
	return answer.Response, o.Gates.(*apitest.Gates).Asked()
}

func TestAdmissionGolden(t *testing.T) {
	for name, service := range map[string]string{
		"admission_allow": apitest.SaysAllow, "admission_hold": apitest.SaysHold, "admission_deny": apitest.SaysDeny, "admission_unknown": apitest.SaysUnknown,
	} {
		body := reviewed{object: deployment(service, "shop/"+service+":1.2", "", "")}.body()
		golden(t, "gate_"+name, transcript(t, "POST", "/api/v1/gate/admission", ask(t, gated(), "POST", "/api/v1/gate/admission", body)))
	}
}

// What ships is asked about, and nothing else.
func TestAdmissionAsks(t *testing.T) {
	v1, v2 := deployment("a", "a:1", "", ""), deployment("a", "a:2", "", "")
	cron := `{"metadata":{"name":"a"},"spec":{"schedule":"%s","jobTemplate":{"spec":{"template":{"spec":{"containers":[{"image":"%s"}]}}}}}}`
	pod := `{"metadata":{"name":"a","labels":{"app.kubernetes.io/version":"3"%s}%s},"spec":{"containers":[{"image":"a:2"}]}}`
	owned := `,"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"a-1","uid":"1","controller":true}]`
	for name, c := range map[string]struct {
		path   string
		review reviewed
		want   *gate.Request // nil: it is not asked about
	}{
		"create":                   {"", reviewed{object: v1}, &gate.Request{Service: "a", Version: "1"}},
		"update of the template":   {"", reviewed{operation: "UPDATE", object: v2, old: v1}, &gate.Request{Service: "a", Version: "2"}},
		"in an environment":        {"/prod", reviewed{object: v1}, &gate.Request{Service: "a", Version: "1", Environment: "prod"}},
		"as API servers ask":       {"/prod?timeout=3s", reviewed{object: v1}, &gate.Request{Service: "a", Version: "1", Environment: "prod"}},
		"scale":                    {"", reviewed{operation: "UPDATE", object: deployment("a", "a:1", "", `"replicas":9,`), old: v1}, nil},
		"metadata":                 {"", reviewed{operation: "UPDATE", object: deployment("a", "a:1", annotated("rollback"), ""), old: v1}, nil},
		"template in another form": {"", reviewed{operation: "UPDATE", object: strings.Replace(v1, `"labels":{"app":"x"}`, `"labels": {"app": "x"}`, 1), old: v1}, nil},
		"delete":                   {"", reviewed{operation: "DELETE", old: v1}, nil},
		"connect":                  {"", reviewed{operation: "CONNECT"}, nil},
		"subresource":              {"", reviewed{operation: "UPDATE", subresource: "scale", object: `{"spec":{"replicas":3}}`, old: `{"spec":{"replicas":1}}`}, nil},
		"kube-system":              {"", reviewed{namespace: "kube-system", object: v1}, nil},
		"service by annotation": {"", reviewed{object: deployment("a", "a:1", `,"annotations":{"slo-engine.dev/service":"b"},"labels":{"app.kubernetes.io/name":"c"}`, "")},
			&gate.Request{Service: "b", Version: "1"}},
		"service and version by label": {"", reviewed{object: deployment("a", "a:1", `,"labels":{"app.kubernetes.io/name":"c","app.kubernetes.io/version":"7"}`, "")},
			&gate.Request{Service: "c", Version: "7"}},
		"version by the template's label": {"", reviewed{object: strings.Replace(deployment("a", "a:1", `,"labels":{"app.kubernetes.io/version":"7"}`, ""), `{"app":"x"}`, `{"app.kubernetes.io/version":"8"}`, 1)},
			&gate.Request{Service: "a", Version: "8"}},
		"generated name":           {"", reviewed{object: strings.Replace(v1, `"name":"a"`, `"generateName":"a-"`, 1)}, &gate.Request{Service: "named", Version: "1"}},
		"rollback":                 {"", reviewed{operation: "UPDATE", object: deployment("a", "a:1", annotated("rollback"), ""), old: v2}, &gate.Request{Service: "a", Version: "1", Kind: slo.ChangeRollback}},
		"rollback, and why":        {"", reviewed{object: deployment("a", "a:1", annotated("rollback: of 2"), "")}, &gate.Request{Service: "a", Version: "1", Kind: slo.ChangeRollback}},
		"rollback before":          {"", reviewed{operation: "UPDATE", object: deployment("a", "a:2", annotated("rollback"), ""), old: deployment("a", "a:1", annotated("rollback"), "")}, &gate.Request{Service: "a", Version: "2"}},
		"rollback once more":       {"", reviewed{operation: "UPDATE", object: deployment("a", "a:2", annotated("rollback: 2"), ""), old: deployment("a", "a:1", annotated("rollback: 1"), "")}, &gate.Request{Service: "a", Version: "2", Kind: slo.ChangeRollback}},
		"no kind of change":        {"", reviewed{object: deployment("a", "a:1", annotated("rolback"), "")}, &gate.Request{Service: "a", Version: "1"}},
		"cron job":                 {"", reviewed{kind: "CronJob", operation: "UPDATE", object: fmt.Sprintf(cron, "1 * * * *", "a:2"), old: fmt.Sprintf(cron, "1 * * * *", "a:1")}, &gate.Request{Service: "a", Version: "2"}},
		"cron job, other time":     {"", reviewed{kind: "CronJob", operation: "UPDATE", object: fmt.Sprintf(cron, "2 * * * *", "a:1"), old: fmt.Sprintf(cron, "1 * * * *", "a:1")}, nil},
		"pod":                      {"", reviewed{kind: "Pod", object: fmt.Sprintf(pod, "", "")}, &gate.Request{Service: "a", Version: "3"}},
		"pod of a deployment":      {"", reviewed{kind: "Pod", object: fmt.Sprintf(pod, "", owned)}, nil},
		"deployment that is owned": {"", reviewed{object: deployment("a", "a:1", owned, "")}, &gate.Request{Service: "a", Version: "1"}},
		"pod, labels":              {"", reviewed{kind: "Pod", operation: "UPDATE", object: fmt.Sprintf(pod, `,"x":"y"`, ""), old: fmt.Sprintf(pod, "", "")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			response, asked := review(t, "/api/v1/gate/admission"+c.path, c.review.body())
			var want []gate.Request
			if c.want != nil {
				c.want.Kind = std.Or(c.want.Kind, slo.ChangeDeploy)
				want = []gate.Request{*c.want}
			}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Error(diff)
			}
			if why := response.AuditAnnotations["not-asked"]; !response.Allowed || (why == "") != (c.want != nil) {
				t.Errorf("allowed %v, not asked as %q", response.Allowed, why)
			}
		})
	}
}

func TestAdmissionDecides(t *testing.T) {
	for service, want := range map[string]struct {
		allowed  bool
		warnings int
	}{apitest.SaysAllow: {true, 0}, apitest.SaysHold: {true, 1}, apitest.SaysDeny: {false, 0}, apitest.SaysUnknown: {true, 1}} {
		got, _ := review(t, "/api/v1/gate/admission", reviewed{object: deployment(service, "a:1", "", "")}.body())
		if got.Allowed != want.allowed || len(got.Warnings) != want.warnings {
			t.Errorf("%s: %+v", service, got)
		}
		if keys := len(got.AuditAnnotations); keys != 4 {
			t.Errorf("%s: %v", service, got.AuditAnnotations)
		}
	}
	// What passes in spite of something says so, and that little is left.
	got, _ := review(t, "/api/v1/gate/admission", reviewed{object: deployment("checkout", "a:1", annotated("rollback"), "")}.body())
	want := []string{
		"release gate: allow: a rollback passes whatever is left of the error budget",
		"release gate: 8 % of the error budget of checkout:availability is left",
	}
	if diff := cmp.Diff(want, got.Warnings); !got.Allowed || diff != "" {
		t.Error(diff)
	}
}

// An annotation breaks no glass, and is not taken for one silently.
func TestAdmissionBreakGlass(t *testing.T) {
	body := reviewed{object: deployment("checkout", "a:1", `,"annotations":{"slo-engine.dev/break-glass":"let me","slo-engine.dev/change":"hotfix"}`, "")}.body()
	got, _ := review(t, "/api/v1/gate/admission", body)
	want := []string{
		`release gate: the annotation slo-engine.dev/change is no kind of change, so this is a deploy; known here: deploy, rollback, scale_up, fix_forward`,
		"release gate: the annotation slo-engine.dev/break-glass breaks no glass: an operator does, with slo-engine gate break-glass",
	}
	if diff := cmp.Diff(want, got.Warnings); got.Allowed || diff != "" {
		t.Error(diff)
	}
	o := gated()
	if r := ask(t, o, "POST", "/api/v1/gate/glass", `{"service":"checkout","reason":"it cannot wait","for":"5m"}`, asJSON()...); r.StatusCode != 200 {
		t.Fatalf("%d %s", r.StatusCode, text(t, r))
	}
	if r := ask(t, o, "POST", "/api/v1/gate/admission", body); !strings.Contains(text(t, r), `"allowed":true`) {
		t.Error("a broken glass lets nothing pass")
	}
}

func TestAdmissionUnknown(t *testing.T) {
	a := &api{}
	for d, allowed := range map[slo.GateDecision]bool{slo.GateAllow: true, slo.GateHold: true, slo.GateDeny: false, "": true} {
		got := a.admitted(&gate.Verdict{Decision: slo.GateUnknown, IfUnknown: d, Reasons: []gate.Reason{{Decision: slo.GateUnknown, Text: "no data"}}})
		if got.Allowed != allowed || allowed && !cmp.Equal(got.Warnings, []string{"unknown: no data"}) || !allowed && got.Result.Code != 403 {
			t.Errorf("ifUnknown %q: %+v", d, got)
		}
	}
}

func TestAdmissionRefuses(t *testing.T) {
	sound := reviewed{object: deployment("a", "a:1", "", "")}.body()
	instead := func(old, text string) string {
		if !strings.Contains(sound, old) {
			t.Fatalf("there is no %s", old)
		}
		return strings.Replace(sound, old, text, 1)
	}
	for _, c := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"", "", 400, "body is no AdmissionReview"},
		{"", "[]", 400, "body is no AdmissionReview"},
		{"", "{}", 400, `kind is \"\"`},
		{"", sound[:len(sound)-1], 400, "body is no AdmissionReview"},
		{"", instead("admission.k8s.io/v1", "admission.k8s.io/v1beta1"), 400, "speaks admission.k8s.io/v1: write admissionReviewVersions: [v1]"},
		{"", instead("AdmissionReview", "Status"), 400, "not AdmissionReview"},
		{"", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, 400, "request is missing"},
		{"", instead("705ab4f5-6393-11e8-b7cc-42010a800002", ""), 400, "request.uid is missing"},
		{"", reviewed{}.body(), 400, "request.object is missing"},
		{"", reviewed{operation: "UPDATE", object: deployment("a", "a:1", "", "")}.body(), 400, "request.oldObject is missing"},
		{"", reviewed{object: `{"metadata":[]}`}.body(), 400, "request.object is no object of Kubernetes"},
		{"", reviewed{object: `7`}.body(), 400, "request.object is no object of Kubernetes"},
		{"", instead(`"name":"a"`, `"name":"a\u0007"`), 400, "control character"},
		{"?environment=prod", sound, 400, "unknown parameter environment"},
		{"/" + long(300), sound, 400, "environment has 300 bytes"},
		{"", `{"x":"` + long(maxReview) + `"}`, 413, "more than 8388608 bytes"},
	} {
		r := ask(t, gated(), "POST", "/api/v1/gate/admission"+c.path, c.body)
		if got := text(t, r); r.StatusCode != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s %.60s answers %d %s, want %q", c.path, c.body, r.StatusCode, got, c.want)
		}
	}
}

func TestTagOf(t *testing.T) {
	for image, want := range map[string]string{
		"a": "", "a:1": "1", "a/b:1.2-x": "1.2-x", "localhost:5000/a": "", "localhost:5000/a:2": "2", "": "",
		"a@sha256:abc": "sha256:abc", "r.io/a:1@sha256:abc": "1", "a:": "",
	} {
		if got := tagOf(image); got != want {
			t.Errorf("tag of %q is %q, want %q", image, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, text := range []string{long(256), long(257), strings.Repeat("€", 200), strings.Repeat("\xff", 300)} {
		got := cut(text, 256)
		if len(got) > 256 || len(text) <= 256 && got != text || utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("%q", got)
		}
	}
}

func FuzzAdmission(f *testing.F) {
	f.Add(reviewed{object: deployment("a", "a:1", annotated("rollback"), "")}.body())
	f.Add(reviewed{operation: "UPDATE", kind: "Pod", object: `{"spec":{"template":[],"containers":null}}`, old: `{"spec":7}`}.body())
	h := New(Options{Snapshot: at(shop()), Gates: apitest.NewGates()})
	f.Fuzz(func(t *testing.T, body string) {
		if r := exchange(h, "POST", "/api/v1/gate/admission", body); r.StatusCode >= 500 {
			t.Errorf("%s answers %d", body, r.StatusCode)
		}
	})
}
