package kube

import (
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	scaling "k8s.io/api/autoscaling/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// What is no release passes unasked, whatever the gate says.
func testPasses(t *testing.T, d *door) {
	d.existing(t, "denied", "p")
	deployments := d.AppsV1().Deployments("default")
	scale := &scaling.Scale{ObjectMeta: meta.ObjectMeta{Name: "p", Namespace: "default"}, Spec: scaling.ScaleSpec{Replicas: 7}}
	for what, change := range map[string]func() error{
		"replicas": func() error { return d.patch(t, "p", `{"spec": {"replicas": 5}}`) },
		"a label":  func() error { return d.patch(t, "p", `{"metadata": {"labels": {"team": "shop"}}}`) },
		"a pause":  func() error { return d.patch(t, "p", `{"spec": {"paused": true}}`) },
		"its scale": func() error {
			_, err := deployments.UpdateScale(t.Context(), "p", scale, meta.UpdateOptions{})
			return err
		},
		"its status": func() error {
			_, err := deployments.Patch(t.Context(), "p", types.MergePatchType, []byte(`{"status": {"observedGeneration": 1}}`), meta.PatchOptions{}, "status")
			return err
		},
	} {
		if err := change(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := deployments.Delete(t.Context(), "p", meta.DeleteOptions{}); err != nil {
		t.Errorf("taking it away: %v", err)
	}
	d.wantWarnings(t)
}

// A declared rollback passes a spent budget, once.
func testRollback(t *testing.T, d *door) {
	d.existing(t, "denied", "r")
	back := `{"metadata": {"annotations": {"slo-engine.dev/change": "rollback"}}, ` + image("v0") + "}"
	if err := d.patch(t, "r", back); err != nil {
		t.Errorf("a rollback: %v", err)
	}
	if r := d.engine.desk.last(); r.Kind != slo.ChangeRollback || r.Version != "v0" {
		t.Errorf("the engine was asked %+v", r)
	}
	d.warnings.take()
	if bad := isDenied(d.patch(t, "r", "{"+image("v2")+"}")); bad != nil {
		t.Errorf("the next deploy, with the annotation still there: %v", bad)
	}
}

func testDryRun(t *testing.T, d *door) {
	if err := d.create(t, "allowed", "dry", dryRun); err != nil {
		t.Error(err)
	}
	if _, err := d.AppsV1().Deployments("default").Get(t.Context(), "dry", meta.GetOptions{}); !kerrors.IsNotFound(err) {
		t.Errorf("a dry run has left something: %v", err)
	}
	d.existing(t, "denied", "dry2")
	if bad := isDenied(d.patch(t, "dry2", "{"+image("v2")+"}", meta.DryRunAll)); bad != nil {
		t.Error(bad)
	}
}

// The annotation alone breaks nothing; an operator does.
func testBreakGlass(t *testing.T, d *door) {
	annotated := func(o *apps.Deployment, _ *meta.CreateOptions) {
		o.Annotations = map[string]string{"slo-engine.dev/break-glass": "please"}
	}
	if bad := isDenied(d.create(t, "denied", "g", annotated)); bad != nil {
		t.Error(bad)
	}
	d.warnings.take()
	d.engine.breakGlass(t, "denied")
	defer func() { d.engine.desk.glasses = nil }()
	if err := d.create(t, "denied", "g"); err != nil {
		t.Error(err)
	}
	if got := strings.Join(d.warnings.take(), "\n"); !strings.Contains(got, "the fix of the outage itself") {
		t.Errorf("nobody is told that the glass is broken: %q", got)
	}
}
