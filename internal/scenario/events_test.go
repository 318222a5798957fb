package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// beside writes files and plays a scenario that lies among them.
func beside(t *testing.T, text string, documents map[string]string) (*Result, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range documents {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Parse(filepath.Join(dir, "a.slotest"), text)
	if err != nil {
		return nil, err
	}
	r, err := s.Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r, nil
}

// shopWith is the shop's SLO with another objective, and more.
func shopWith(objective, more string) string {
	return `apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: shop
  objective: ` + objective + `
  window: 30d
  sli: {ratio: {total: requests_total, bad: 'requests_total{code=~"5.."}'}}
` + more
}

// failover excludes ten minutes: the eleventh to the twentieth.
const failover = `---
apiVersion: slo-engine.dev/v1
kind: BudgetAdjustment
metadata: {name: failover}
spec: {select: ['service="shop"'], reason: failover, from: 2026-01-05T00:10:00Z, to: 2026-01-05T00:20:00Z}
`

// An outage in the time that is excluded later on.
const outage = `
load 15s
  requests_total{code="200"}  0+10x40 400+0x39 410+10x79
  requests_total{code="500"}  0+0x40 10+10x39 400+0x79
`

func TestReload(t *testing.T) {
	r, err := beside(t, "slo plain.yaml\n"+outage+`
at 25m
  expect bad 400 total 1000
  expect budget remaining < 99.99%
  expect excluded bad 0 total 0
at 30m reload failover.yaml
at 30m
  expect bad 0 total 800
  expect excluded bad 400 total 400
  expect budget remaining 1
  expect budget without adjustments < 99.99%
  expect budget without < 99.99%
at 35m
  reload plain.yaml
  expect bad 400 total 1400
  expect budget without 0.9769 ± 0.0001
  expect budget remaining 0.9769 ± 0.0001
at 36m
  reload strict.yaml
  expect bad 400 total 1440
  expect budget remaining 0.7685 ± 0.001
`, map[string]string{"plain.yaml": shopWith("99%", ""), "failover.yaml": shopWith("99%", failover), "strict.yaml": shopWith("99.9%", "")})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Failures {
		t.Error(f)
	}
}

// A restart changes nothing: not what was counted, nor what fires, nor since
// when.
func TestRestart(t *testing.T) {
	const expected = `
at 20m
  expect no alerts # says since when they fire
  expect alert critical firing
  expect bad 400 total 800
at 39m expect bad 400 total 1560
expect fired page_fast once
expect resolved page_fast once
expect good 1200 total 1600
`
	plain := play(t, outage+expected)
	again := play(t, outage+`
at 1s restart
at 13m restart
at 13m restart
at 14m15s restart
at 20m restart
at 31m restart
`+expected)
	if diff := cmp.Diff([]string{"no alerts: firing: page_fast (critical) since 19m3s; heal since 11m15s"}, wrong(plain)); diff != "" {
		t.Errorf("without restarts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wrong(plain), wrong(again)); diff != "" {
		t.Errorf("restarts change what is there (-without +with):\n%s", diff)
	}
	if diff := cmp.Diff(plain.Moves, again.Moves); diff != "" {
		t.Errorf("restarts change when alerts fire (-without +with):\n%s", diff)
	}
}

// After a restart those documents hold that held before it, from when they did.
func TestRestartAfterAReload(t *testing.T) {
	another := strings.ReplaceAll(shopWith("99%", ""), "name: availability", "name: other")
	for _, restart := range []string{"", "at 24m restart\n", "at 24m restart\nat 29m restart\n"} {
		r, err := beside(t, "slo plain.yaml\n"+outage+restart+`
at 22m reload plain.yaml other.yaml
at 30m expect shop:availability bad 400 total 1200
at 30m expect shop:other bad 0 total 320
`, map[string]string{"plain.yaml": shopWith("99%", ""), "other.yaml": another})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string(nil), wrong(r)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", restart, diff)
		}
	}
}

// The alerts of an SLO's own tiers can be expected, of all files together.
func TestOwnTiers(t *testing.T) {
	policy := `apiVersion: slo-engine.dev/v1
kind: AlertPolicy
metadata: {name: quick}
spec: {select: ['service="shop"'], tiers: [{name: at_once, severity: critical, factor: 10, long: 2m, short: 1m}]}
`
	r, err := beside(t, "slo plain.yaml policy.yaml\n"+outage+"expect fired at_once between 10m and 13m\nexpect never fired critical\n",
		map[string]string{"plain.yaml": shopWith("99%", ""), "policy.yaml": policy})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Expected, "never fired critical") {
		t.Errorf("failures: %v", r.Failures)
	}
}

func TestEventsThatCannotBeUnderstood(t *testing.T) {
	for text, want := range map[string]string{
		"at 5m reload":                              "4:13: here a file is missing",
		"at 5m reload nowhere.yaml":                 "4:14: there is no file",
		"at 5m reload faulty.yaml":                  "faulty.yaml:6: spec.objective:",
		"at 5m reload orphan.yaml":                  "no SLO is there",
		"at 5m restart now":                         `"now" is not understood here`,
		"at 5m restrat":                             `"restrat" is not understood here`,
		"at 1500ms restart":                         "nothing is evaluated at 1s500ms",
		"at 5m expect alert at_once firing":         `4:20: "at_once" is not understood here`,
		"at 5m expect pending critical":             `"critical" is not understood here`,
		"at 5m expect excluded":                     "numbers of events are missing",
		"at 5m expect excluded bad 3 in 1h":         "what is excluded is known of the SLO window only",
		"at 5m expect budget left 3":                `"left" is not understood here`,
		"at 5m restart\nstart 2026-01-05T00:00:00Z": "start comes too late here",
	} {
		_, err := beside(t, "slo plain.yaml\nload 15s\n  requests_total 0+1x100\n"+text+"\nexpect no notices\n", map[string]string{
			"plain.yaml": shopWith("99%", ""), "faulty.yaml": shopWith("110%", ""), "orphan.yaml": "# nothing\n",
		})
		var problems Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n  want %s\n  got  %v", text, want, err)
		}
	}
}
