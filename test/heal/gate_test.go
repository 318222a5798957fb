package heal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/test/lab"
)

// gated are an SLO, a policy of gates, and the playbook that takes a deploy back.
const gated = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: c0
  objective: 99.9%%
  window: 1d
  sli: {ratio: {total: 'requests_total{lane="c0"}', bad: 'requests_total{lane="c0",code=~"5.."}'}}
---
apiVersion: slo-engine.dev/v1
kind: GatePolicy
metadata: {name: production}
spec:
  select: ['service="c0"']
  deploy: {watch: 30m, maxConsumed: 2%%, minEvents: 20}
---
apiVersion: slo-engine.dev/v1
kind: Remediation
metadata: {name: take-it-back}
spec:
  on: ['service="c0"', 'alertname="DeployBurnsBudget"']
  actions:
    - haproxy: {socket: '%s', backend: c0, shift: {fromLabel: version, to: v1, percent: 100%%, by: version}}
  guards: {cooldown: 0s, maxPerHour: 0}
  verify: {burnBelow: 1, window: 10s, within: 1m, minEvents: 20}
  undo: {when: leaseEnds}
  lease: 10m
`

// A version that was marked as deployed burns more than its policy allows: people
// are called, the gateway goes back to the version before without anybody doing
// anything, and whoever asks whether more may ship is told no, and why.
func TestDeployIsTakenBack(t *testing.T) {
	t.Parallel()
	w := &world{shop: newShop(t, 1)}
	one := w.lanes[0]
	e := lab.NewEngine(t, map[string]string{
		"docs.yaml": fmt.Sprintf(gated, w.door.path),
		"slo-engine.yaml": "otlp: {grpc: off, http: off}\nslo_files: [docs.yaml]\nlog: {level: warn}\n" +
			"remediation: {mode: enforce}\n",
	})
	w.engines, w.running = []*lab.Engine{e}, []*lab.Process{nil}
	w.start(0)
	if v := asked(t, e, "c0", ""); v.Decision != "unknown" {
		t.Errorf("before anything is known the gate says %s", v.Decision)
	}
	w.remember(e, 90*time.Minute)
	w.admit()
	lab.Eventually(t, patience, func() error {
		if v := asked(t, e, "c0", "v2"); v.Decision != "allow" {
			return fmt.Errorf("of a calm service the gate says %s: %+v", v.Decision, v.Reasons)
		}
		return nil
	})

	mark(t, e, `{"service": "c0", "version": "v2", "id": "release-7"}`)
	w.shatter(one)
	lab.Eventually(t, patience, func() error {
		if v := asked(t, e, "c0", "v2"); v.Decision != "deny" || !because(v, "deploy_burn") {
			return fmt.Errorf("of a deploy that burns the gate says %s: %+v", v.Decision, v.Reasons)
		}
		return nil
	})
	lab.Eventually(t, patience, func() error {
		all, err := ask[apitypes.AlertList](e.URL + "/api/v1/alerts")
		for _, a := range all.Alerts {
			if a.Labels["alertname"] == "DeployBurnsBudget" && a.Labels["deploy"] == "release-7" && a.Labels["version"] == "v2" {
				return nil
			}
		}
		return fmt.Errorf("nobody is called: %+v, %v", all, err)
	})
	a := w.reaches(one, 1, patience, "held")
	if a.Playbook != "take-it-back" || w.weights(one) != "v1=1 v2=0" {
		t.Errorf("action %s of %s leaves the weights %s", a.ID, a.Playbook, w.weights(one))
	}
	t.Logf("deploy broken to healthy %v", one.healed().Round(10*time.Millisecond))

	explained := asked(t, e, "c0", "v2")
	told, err := ask[map[string]any](e.URL + explained.Explanation)
	if err != nil || told["decision"] == nil && told["verdict"] == nil {
		t.Errorf("the verdict is not explained: %v, %v", told, err)
	}
	if v := asked(t, e, "c0", "v3&kind=rollback"); v.Decision != "allow" {
		t.Errorf("of a rollback the gate says %s", v.Decision)
	}
}

// remember tells an engine of calm traffic before now, a sample a minute.
func (w *world) remember(e *lab.Engine, length time.Duration) {
	w.Helper()
	one := w.lanes[0]
	for at := time.Now().Add(-length); time.Until(at) < -time.Minute; at = at.Add(time.Minute) {
		w.tellAt(e, at.UnixMilli())
		one.mu.Lock()
		one.counts[[2]string{"v2", "200"}] += 60 * float64(time.Second/pace)
		one.mu.Unlock()
	}
}

// asked is what the gate says.
func asked(t *testing.T, e *lab.Engine, service, version string) apitypes.GateVerdict {
	t.Helper()
	v, err := ask[apitypes.GateVerdict](e.URL + "/api/v1/gate?service=" + service + "&version=" + version)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func because(v apitypes.GateVerdict, code string) bool {
	for _, r := range v.Reasons {
		if r.Code == code {
			return true
		}
	}
	return false
}

// mark marks a deploy.
func mark(t *testing.T, e *lab.Engine, deploy string) {
	t.Helper()
	response, err := client.Post(e.URL+"/api/v1/events/deploy", "application/json", bytes.NewReader([]byte(deploy)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer json.RawMessage
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode/100 != 2 {
		t.Fatalf("mark a deploy: %s %s %v, want %d", response.Status, answer, err, http.StatusOK)
	}
}
