package kube

import (
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestAdmission(t *testing.T) {
	d := openDoor(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *door)
	}{
		{"allow", testAllow}, {"hold", testHold}, {"deny", testDeny}, {"unknown", testUnknown},
		{"passes", testPasses}, {"rollback", testRollback}, {"dry run", testDryRun},
		{"break glass", testBreakGlass}, {"other workloads", testOtherWorkloads}, {"environment", testEnvironment},
		{"engine away", testEngineAway}, // the last: it changes the webhook
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, d) })
	}
}

func testAllow(t *testing.T, d *door) {
	if err := d.create(t, "allowed", "a"); err != nil {
		t.Fatal(err)
	}
	if err := d.patch(t, "a", "{"+image("v2")+"}"); err != nil {
		t.Error(err)
	}
	if r := d.engine.desk.last(); r.Service != "allowed" || r.Version != "v2" || r.Kind != slo.ChangeDeploy {
		t.Errorf("the engine was asked %+v", r)
	}
	d.wantWarnings(t)
}

func testHold(t *testing.T, d *door) {
	if err := d.create(t, "held", "h"); err != nil {
		t.Error(err)
	}
	d.wantWarnings(t, "20 % of held:availability's error budget is left")
}

func testDeny(t *testing.T, d *door) {
	err := d.create(t, "denied", "d")
	if bad := isDenied(err); bad != nil {
		t.Fatal(bad)
	}
	for _, want := range []string{"-40 % of denied:availability's error budget is left", "/api/v1/gate/verdicts/of-denied"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal does not say %q: %v", want, err)
		}
	}
	d.existing(t, "denied", "d2")
	if bad := isDenied(d.patch(t, "d2", "{"+image("v2")+"}")); bad != nil {
		t.Errorf("a new image: %v", bad)
	}
	if bad := isDenied(d.patch(t, "d2", `{"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}}`)); bad != nil {
		t.Errorf("a restart: %v", bad)
	}
	if err := d.create(t, "denied", "coredns", in("kube-system")); err != nil {
		t.Errorf("the cluster's own namespace is in its way: %v", err)
	}
}

// Unknown is what the policy says, and never silent.
func testUnknown(t *testing.T, d *door) {
	if err := d.create(t, "nobody-measures-it", "u"); err != nil {
		t.Error(err)
	}
	d.wantWarnings(t, "nobody-measures-it")
	d.engine.desk.means(slo.GateDeny)
	defer d.engine.desk.means("")
	if bad := isDenied(d.create(t, "nobody-measures-it", "u2")); bad != nil {
		t.Error(bad)
	}
}
