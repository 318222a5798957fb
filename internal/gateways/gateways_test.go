package gateways

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// loaded reads a playbook with one action, as serving does.
func loaded(t *testing.T, action string) (*slo.Remediation, string) {
	t.Helper()
	text := fmt.Sprintf(`
apiVersion: slo-engine.dev/v1
kind: Remediation
metadata: {name: heal}
spec:
  on: ['alertname="NodeRetransmits"']
  actions:
    - %s
`, action)
	var sound []*slo.Remediation
	_, problems := slo.Loader{Remedy: Check, Remediations: &sound}.Load(slo.File{Name: "heal.yaml", Data: []byte(text)})
	var said []string
	for _, p := range problems {
		said = append(said, p.String())
	}
	if len(sound) == 0 {
		return nil, strings.Join(said, "\n")
	}
	return sound[0], strings.Join(said, "\n")
}

func TestProblemsNameTheirPlace(t *testing.T) {
	for action, want := range map[string]string{
		"haproxy: {socket: here, backend: b, eject: {member: v1}}":                       "spec.actions[0].haproxy.socket",
		"haproxy: {sockte: /run/h.sock, backend: b, eject: {member: v1}}":                "spec.actions[0].haproxy.sockte",
		"haproxy: {socket: /run/h.sock, timeout: 1h, eject: {member: v1}}":               "spec.actions[0].haproxy.timeout",
		"hapoxy: {socket: /run/h.sock, backend: b, eject: {member: v1}}":                 "hapoxy",
		"webhook: {url: 'ftp://127.0.0.1/'}":                                             "spec.actions[0].webhook.url",
		"webhook: {url: 'http://127.0.0.1:1/', timeout: soon}":                           "spec.actions[0].webhook.timeout",
		"haproxy: {socket: /run/h.sock, backend: 'a b', eject: {member: v1}}":            "spec.actions[0].haproxy.backend",
		"haproxy: {socket: /run/h.sock, closeMap: /m, rateMap: /m, eject: {member: v1}}": "spec.actions[0].haproxy.rateMap",
	} {
		if r, said := loaded(t, action); r != nil || !strings.Contains(said, want) {
			t.Errorf("%s: want a problem at %s, got: %s", action, want, said)
		}
	}
}

// What an action keeps of its playbook opens the same gateway: durations are
// as they were written.
func TestKeptSettingsOpen(t *testing.T) {
	r, said := loaded(t, "haproxy: {socket: /run/h.sock, backend: b, timeout: 1500ms, eject: {member: v1}}")
	if r == nil {
		t.Fatal(said)
	}
	settings, err := r.Remedies[0].Settings.Text()
	if err != nil {
		t.Fatal(err)
	}
	g := New(Options{})
	name, a, err := g.Open("haproxy", settings)
	if err != nil || name != "haproxy /run/h.sock" || a == nil {
		t.Fatalf("%q, %v, %v", name, a, err)
	}
	if _, again, _ := g.Open("haproxy", settings); again != a {
		t.Error("the same settings open a second actuator")
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

func TestBadSettingsDoNotOpen(t *testing.T) {
	g := New(Options{})
	for kind, settings := range map[string]string{
		"nobody": `{}`, "haproxy": `{"sockte": "/run/h.sock"}`, "webhook": `{"url": "`,
	} {
		if _, _, err := g.Open(kind, []byte(settings)); err == nil {
			t.Errorf("%s opens with %s", kind, settings)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, want := range []string{"apisix", "caddy", "etcd", "haproxy", "kong", "sampling", "traefik", "tyk", "webhook"} {
		if !slices.Contains(Kinds(), want) {
			t.Errorf("no %s among %v", want, Kinds())
		}
	}
}
