package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/auth"
)

func TestBreakGlass(t *testing.T) {
	o := gated()
	o.Door = everyone(auth.Identity{Name: "alice", Roles: []auth.Role{auth.Operator}})
	begun := time.Now()
	r := ask(t, o, "POST", "/api/v1/gate/glass", `{"service":"checkout","environment":"prod","reason":"customers\nwait","for":"1h30m"}`, asJSON()...)
	var broken apitypes.Glass
	if err := json.NewDecoder(r.Body).Decode(&broken); err != nil || r.StatusCode != 200 {
		t.Fatalf("%d, %v", r.StatusCode, err)
	}
	if lasts := broken.Until.Sub(begun); lasts < 90*time.Minute-time.Second || lasts > 2*time.Hour {
		t.Errorf("it lasts %s", lasts)
	}
	broken.Until = apitypes.Time{}
	want := apitypes.Glass{ID: "glass-1", Service: "checkout", Environment: "prod", Reason: "customers wait", By: "alice", At: broken.At}
	if diff := cmp.Diff(want, broken); diff != "" {
		t.Error(diff)
	}
	if got := text(t, ask(t, o, "GET", "/api/v1/gate?service=checkout", "")); !strings.Contains(got, `"break_glass":{"id":"glass-1"`) || !strings.Contains(got, `"decision":"allow"`) {
		t.Errorf("verdict is %s", got)
	}
	if got := text(t, ask(t, o, "GET", "/api/v1/gate/glass", "")); !strings.Contains(got, `{"glasses":[{"id":"glass-1"`) {
		t.Errorf("list is %s", got)
	}
	if got := text(t, ask(t, o, "DELETE", "/api/v1/gate/glass/glass-1", "")); got != `{"id":"glass-1","by":"alice"}`+"\n" {
		t.Errorf("mended: %s", got)
	}
	if r := ask(t, o, "DELETE", "/api/v1/gate/glass/glass-1", ""); r.StatusCode != 404 {
		t.Errorf("mended twice: %d", r.StatusCode)
	}
	if got := text(t, ask(t, o, "GET", "/api/v1/gate/glass", "")); got != `{"glasses":[]}`+"\n" {
		t.Errorf("list is %s", got)
	}
}

func TestMarkDeploy(t *testing.T) {
	o := gated()
	event := `{"id":"build-7","service":"checkout","version":"v2","environment":"prod","at":"2026-03-01T13:00:00+02:00"}`
	want := `{"id":"build-7","service":"checkout","environment":"prod","version":"v2","at":"2026-03-01T11:00:00.000Z","slos":[]}`
	for range 2 {
		if got := text(t, ask(t, o, "POST", "/api/v1/events/deploy", event, asJSON()...)); got != want+"\n" {
			t.Errorf("marked: %s", got)
		}
	}
	if got := text(t, ask(t, o, "POST", "/api/v1/events/deploy", `{"service":"cart"}`, asJSON()...)); !strings.HasPrefix(got, `{"id":"deploy-2","service":"cart","environment":"","version":"",`) {
		t.Errorf("marked: %s", got)
	}
	for query, count := range map[string]int{"": 2, "?service=checkout": 1, "?service=nobody": 0} {
		var list apitypes.DeployList
		if err := json.NewDecoder(ask(t, o, "GET", "/api/v1/deploys"+query, "").Body).Decode(&list); err != nil || len(list.Deploys) != count || list.Deploys == nil {
			t.Errorf("%s: %+v, %v", query, list, err)
		}
	}
}

func TestGatesRefuseChanges(t *testing.T) {
	for _, c := range []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"POST", "/api/v1/gate/glass", ``, 400, "service is missing"},
		{"POST", "/api/v1/gate/glass", `{"service":"a","for":"5m"}`, 400, "reason is missing"},
		{"POST", "/api/v1/gate/glass", `{"service":"a","reason":"short","for":"5m"}`, 400, "at least 10 letters"},
		{"POST", "/api/v1/gate/glass", `{"service":"a","reason":"it cannot wait"}`, 400, "for is missing"},
		{"POST", "/api/v1/gate/glass", `{"service":"a","reason":"it cannot wait","for":"soon"}`, 400, `for=\"soon\" is not a length of time`},
		{"POST", "/api/v1/gate/glass", `{"service":"a","reason":"it cannot wait","for":"-5m"}`, 400, "not a length of time"},
		{"POST", "/api/v1/gate/glass", `{"service":"a","reason":"it cannot wait","for":"0s"}`, 400, "not a length of time"},
		{"POST", "/api/v1/gate/glass", `{"service":"a","by":"bob"}`, 400, `unknown field \"by\"`},
		{"POST", "/api/v1/gate/glass", `{"service":"a\u0000","reason":"it cannot wait","for":"5m"}`, 400, "control character"},
		{"POST", "/api/v1/gate/glass?service=a", `{}`, 400, "unknown parameter service"},
		{"DELETE", "/api/v1/gate/glass/x", ``, 404, `there is no break-glass \"x\"; /api/v1/gate/glass lists`},
		{"PUT", "/api/v1/gate/glass", `{}`, 405, "takes GET, POST"},
		{"POST", "/api/v1/events/deploy", ``, 400, "service is missing"},
		{"POST", "/api/v1/events/deploy", `{"servce":"a"}`, 400, `unknown field \"servce\"`},
		{"POST", "/api/v1/events/deploy", `{"service":"a","at":"noon"}`, 400, "not the JSON that is wanted"},
		{"POST", "/api/v1/events/deploy", `{"service":"a","id":"` + long(300) + `"}`, 400, "id has 300 bytes"},
		{"POST", "/api/v1/events/deploy", `[`, 400, "not the JSON that is wanted"},
		{"GET", "/api/v1/deploys?x=y", ``, 400, "known is service"},
		{"GET", "/api/v1/deploys?service=%00", ``, 400, "control character"},
		{"GET", "/api/v1/gate/glass?x=y", ``, 400, "takes none"},
		{"GET", "/api/v1/gate/policies?x=y", ``, 400, "takes none"},
		{"GET", "/api/v1/gate/verdicts/x?x=y", ``, 400, "takes none"},
		{"GET", "/api/v1/gate/flagger", ``, 405, "takes POST"},
	} {
		r := ask(t, gated(), c.method, c.target, c.body, asJSON()...)
		if got := text(t, r); r.StatusCode != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s %s %.60s answers %d %s, want %q", c.method, c.target, c.body, r.StatusCode, got, c.want)
		}
	}
	for _, target := range []string{"/api/v1/gate/glass", "/api/v1/events/deploy"} {
		if r := ask(t, gated(), "POST", target, `{}`, "Content-Type: text/plain"); r.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%s takes a form: %d", target, r.StatusCode)
		}
	}
}

// Each path wants the role that design.md gives it.
func TestGateRoles(t *testing.T) {
	roles := map[string]auth.Role{
		"GET /api/v1/gate?service=a": auth.Viewer, "GET /api/v1/gate/rollouts?service=a": auth.Viewer, "POST /api/v1/gate/rollouts?service=a": auth.Viewer,
		"POST /api/v1/gate/flagger?hook=event&service=a": auth.Viewer, "GET /api/v1/gate/verdicts": auth.Viewer,
		"GET /api/v1/gate/verdicts/checkout-1": auth.Viewer, "GET /api/v1/gate/policies": auth.Viewer, "GET /api/v1/gate/glass": auth.Viewer,
		"GET /api/v1/deploys": auth.Viewer, "POST /api/v1/gate/glass": auth.Operator, "DELETE /api/v1/gate/glass/x": auth.Operator,
		"POST /api/v1/events/deploy": auth.Alert, "POST /api/v1/gate/admission": auth.Viewer, "POST /api/v1/gate/admission/e": auth.Viewer, "POST /api/v1/gate/gatekeeper": auth.Viewer,
	}
	for target, wants := range roles {
		method, path, _ := strings.Cut(target, " ")
		for _, has := range []auth.Role{auth.Viewer, auth.Ingest, auth.Alert, auth.Operator, auth.Admin} {
			o := Options{Gates: apitest.NewGates(), Door: everyone(auth.Identity{Name: "x", Roles: []auth.Role{has}})}
			may := ask(t, o, method, path, `{}`, asJSON()...).StatusCode != http.StatusForbidden
			if may != (auth.Identity{Roles: []auth.Role{has}}).May(wants) {
				t.Errorf("%s: %s may: %v", target, has, may)
			}
		}
	}
}
