package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// providerBody is what Gatekeeper sends.
func providerBody(keys ...string) string {
	list, _ := json.Marshal(keys)
	return `{"apiVersion":"externaldata.gatekeeper.sh/v1beta1","kind":"ProviderRequest","request":{"keys":` + string(list) + `}}`
}

// Every hook with every decision: 200 is yes, 403 is no.
func TestFlaggerHooks(t *testing.T) {
	for hook, want := range map[string]map[string]int{
		"confirm-rollout":          {apitest.SaysAllow: 200, apitest.SaysHold: 403, apitest.SaysDeny: 403, apitest.SaysUnknown: 403},
		"confirm-traffic-increase": {apitest.SaysAllow: 200, apitest.SaysHold: 403, apitest.SaysDeny: 403, apitest.SaysUnknown: 403},
		"confirm-promotion":        {apitest.SaysAllow: 200, apitest.SaysHold: 403, apitest.SaysDeny: 403, apitest.SaysUnknown: 403},
		"pre-rollout":              {apitest.SaysAllow: 200, apitest.SaysHold: 403, apitest.SaysDeny: 403, apitest.SaysUnknown: 200},
		"rollout":                  {apitest.SaysAllow: 200, apitest.SaysHold: 200, apitest.SaysDeny: 403, apitest.SaysUnknown: 200},
		"rollback":                 {apitest.SaysAllow: 403, apitest.SaysHold: 403, apitest.SaysDeny: 200, apitest.SaysUnknown: 403},
		"post-rollout":             {apitest.SaysAllow: 200, apitest.SaysHold: 200, apitest.SaysDeny: 200, apitest.SaysUnknown: 200},
		"event":                    {apitest.SaysAllow: 200, apitest.SaysHold: 200, apitest.SaysDeny: 200, apitest.SaysUnknown: 200},
	} {
		for service, status := range want {
			body := `{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"85d557f47b","metadata":{"service":"` + service + `","version":"v2"}}`
			r := ask(t, gated(), "POST", "/api/v1/gate/flagger?hook="+hook, body, asJSON()...)
			got := text(t, r)
			if r.StatusCode != status || got == "" || strings.Contains(got, "\n") || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
				t.Errorf("%s of %s answers %d %q, want %d", hook, service, r.StatusCode, got, status)
			}
		}
	}
}

// What a policy makes of unknown counts where Flagger cannot wait.
func TestFlaggerUnknown(t *testing.T) {
	for d, want := range map[slo.GateDecision][]bool{slo.GateAllow: {true, true}, slo.GateHold: {false, true}, slo.GateDeny: {false, false}, "": {true, true}} {
		v := &gate.Verdict{Decision: slo.GateUnknown, IfUnknown: d}
		got := []bool{goesOn(hookPreRollout, v), goesOn(hookRollout, v)}
		if !cmp.Equal(want, got) || goesOn(hookConfirmRollout, v) || goesOn(hookRollback, v) {
			t.Errorf("ifUnknown %q: %v, want %v", d, got, want)
		}
	}
}

func TestFlaggerAsks(t *testing.T) {
	for _, c := range []struct {
		query, body string
		want        gate.Request
	}{
		{"?hook=rollout", `{"name":"podinfo"}`, gate.Request{Service: "podinfo"}},
		{"", `{"name":"podinfo","metadata":{"hook":"rollout","team":"x","eventType":"Normal"},"later":{}}`, gate.Request{Service: "podinfo"}},
		{"", `{"name":"podinfo","phase":"confirm-rollout"}`, gate.Request{Service: "podinfo"}},
		{"?hook=rollback", `{"name":"podinfo","phase":"rollout","metadata":{"service":"a","environment":"e","version":"v","kind":"rollback","slo":"s","baseline":"b"}}`,
			gate.Request{Service: "a", Environment: "e", Version: "v", Kind: slo.ChangeRollback, SLO: "s", Baseline: "b"}},
		{"?hook=rollout&service=a&environment=e", `{"name":"podinfo","metadata":{"environment":"f"}}`, gate.Request{Service: "a", Environment: "f"}},
	} {
		o := gated()
		r := ask(t, o, "POST", "/api/v1/gate/flagger"+c.query, c.body)
		if diff := cmp.Diff([]gate.Request{c.want}, o.Gates.(*apitest.Gates).Asked()); r.StatusCode >= 400 && r.StatusCode != 403 || diff != "" {
			t.Errorf("%s %s answers %d, and asks %s", c.query, c.body, r.StatusCode, diff)
		}
	}
}

// A hook that is not named might be a rollback hook: it is never told yes.
func TestFlaggerRefuses(t *testing.T) {
	for _, c := range []struct {
		query, body string
		status      int
		want        string
	}{
		{"", `{"name":"podinfo","phase":"Progressing"}`, 400, "as ?hook=confirm-rollout"},
		{"?hook=rolback", `{"name":"podinfo"}`, 400, `did you mean "rollback"?`},
		{"?hook=rollout", `{"name":"podinfo","metadata":{"hook":"x"}}`, 400, `hook "x" is none of Flagger's`},
		{"?hook=rollout", ``, 400, "not what Flagger's webhooks send"},
		{"?hook=rollout", `[]`, 400, "not what Flagger's webhooks send"},
		{"?hook=rollout", `{"metadata":{"service":1}}`, 400, "not what Flagger's webhooks send"},
		{"?hook=rollout", `{}`, 400, "service is missing"},
		{"?hook=rollout", `{"name":"a","metadata":{"kind":"rolback"}}`, 400, "did you mean"},
		{"?hook=rollout&x=y", `{"name":"a"}`, 400, "unknown parameter"},
		{"?hook=%zz", `{"name":"a"}`, 400, "cannot be read"},
		{"?hook=rollout", `{"name":"` + long(70e3) + `"}`, 413, "more than 65536 bytes"},
	} {
		r := ask(t, gated(), "POST", "/api/v1/gate/flagger"+c.query, c.body)
		if got := text(t, r); r.StatusCode != c.status || !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%s %.40s answers %d %q", c.query, c.body, r.StatusCode, got)
		}
	}
}

func TestFlaggerText(t *testing.T) {
	got := text(t, ask(t, gated(), "POST", "/api/v1/gate/flagger?hook=rollout", `{"name":"checkout"}`))
	want := "deny: 7.1 % of checkout:availability's error budget was spent in the last hour, more than 5 % (/api/v1/gate/verdicts/checkout-1)"
	if got != want {
		t.Errorf("text is %q", got)
	}
}

func TestInShort(t *testing.T) {
	v := &gate.Verdict{Decision: slo.GateDeny}
	for _, one := range []string{"a", "b\nb", "c", "d", "e"} {
		v.Reasons = append(v.Reasons, gate.Reason{Decision: slo.GateDeny, Text: one}, gate.Reason{Decision: slo.GateHold, Text: "x"}, gate.Reason{Decision: slo.GateDeny, Overruled: true, Text: "y"})
	}
	if got := inShort(v); got != "deny: a; b b; c; and 2 more" {
		t.Errorf("%q", got)
	}
	if got := inShort(&gate.Verdict{Decision: slo.GateAllow}); got != "allow" {
		t.Errorf("%q", got)
	}
}

func TestGatekeeperRefuses(t *testing.T) {
	many := make([]string, maxKeys+1)
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{"", 400, "body is no ProviderRequest"},
		{"{", 400, "body is no ProviderRequest"},
		{"{}", 400, `apiVersion is ""; this engine speaks externaldata.gatekeeper.sh/v1beta1`},
		{strings.Replace(providerBody("a"), "v1beta1", "v1alpha1", 1), 400, "this engine speaks"},
		{strings.Replace(providerBody("a"), "ProviderRequest", "ProviderResponse", 1), 400, "kind is"},
		{providerBody(), 400, "request.keys is empty"},
		{strings.Replace(providerBody("a"), `["a"]`, `[1]`, 1), 400, "body is no ProviderRequest"},
		{providerBody(many...), 400, "has 1001 keys; send at most 1000"},
		{providerBody(long(70e3)), 413, "more than 65536 bytes"},
	} {
		r := ask(t, gated(), "POST", "/api/v1/gate/gatekeeper", c.body)
		var got providerResponse
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Fatalf("%.40s: %v", c.body, err)
		}
		if r.StatusCode != c.status || !strings.Contains(got.Response.SystemError, c.want) || len(got.Response.Items) > 0 || got.APIVersion != gatekeeperVersion || got.Kind != gatekeeperResponse {
			t.Errorf("%.80s answers %d %+v, want %q", c.body, r.StatusCode, got, c.want)
		}
	}
}

func TestGatekeeperKeys(t *testing.T) {
	for key, want := range map[string]gate.Request{
		"a":                         {Service: "a"},
		"a/e":                       {Service: "a", Environment: "e"},
		"a/":                        {Service: "a"},
		"a/e?kind=rollback&slo=s":   {Service: "a", Environment: "e", Kind: slo.ChangeRollback, SLO: "s"},
		"a?version=v&baseline=w":    {Service: "a", Version: "v", Baseline: "w"},
		"a%2Fb/e%20f?version=v%26w": {Service: "a/b", Environment: "e f", Version: "v&w"},
		"a/e/f":                     {Service: "a", Environment: "e/f"},
	} {
		if got, err := questionOfKey(key); err != nil || !cmp.Equal(want, got) {
			t.Errorf("%s is %+v, %v", key, got, err)
		}
	}
	for key, want := range map[string]string{
		"": "names no service", "/e": "names no service", "a?x=y": "unknown parameter", "%zz": "cannot be read", "a?kind=x": "no kind of change",
		"a?version=%zz": "cannot be read", "a\x00": "control character", long(300): "has 300 bytes",
	} {
		if _, err := questionOfKey(key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", key, err, want)
		}
	}
}
