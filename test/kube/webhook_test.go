package kube

import (
	"fmt"
	"strings"
	"testing"

	admission "k8s.io/api/admissionregistration/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slo-engine/slo-engine/test/lab"
)

func testOtherWorkloads(t *testing.T, d *door) {
	labels := map[string]string{"app": "w"}
	object := meta.ObjectMeta{Name: "w", Labels: map[string]string{"app.kubernetes.io/name": "denied"}}
	selector := &meta.LabelSelector{MatchLabels: labels}
	pods := core.PodTemplateSpec{
		ObjectMeta: meta.ObjectMeta{Labels: labels},
		Spec:       core.PodSpec{Containers: []core.Container{{Name: "main", Image: "example.com/shop:v1"}}},
	}
	_, err := d.AppsV1().StatefulSets("default").Create(t.Context(),
		&apps.StatefulSet{ObjectMeta: object, Spec: apps.StatefulSetSpec{Selector: selector, Template: pods}}, meta.CreateOptions{})
	if bad := isDenied(err); bad != nil {
		t.Errorf("a StatefulSet: %v", bad)
	}
	_, err = d.AppsV1().DaemonSets("default").Create(t.Context(),
		&apps.DaemonSet{ObjectMeta: object, Spec: apps.DaemonSetSpec{Selector: selector, Template: pods}}, meta.CreateOptions{})
	if bad := isDenied(err); bad != nil {
		t.Errorf("a DaemonSet: %v", bad)
	}
	// Nobody asks about what ships nothing.
	_, err = d.CoreV1().ConfigMaps("default").Create(t.Context(), &core.ConfigMap{ObjectMeta: object}, meta.CreateOptions{})
	if err != nil {
		t.Errorf("a ConfigMap: %v", err)
	}
}

// An environment stands in the path: the API server takes no query.
func testEnvironment(t *testing.T, d *door) {
	plain := *d.webhook.Webhooks[0].ClientConfig.URL
	set := func(suffix string) {
		url := plain + suffix
		d.reconfigure(t, func(w *admission.ValidatingWebhook) { w.ClientConfig.URL = &url })
	}
	set("/prod")
	defer set("")
	d.settle(t, func() error {
		if err := d.create(t, "allowed", "e", dryRun); err != nil {
			return err
		}
		if r := d.engine.desk.last(); r.Environment != "prod" {
			return fmt.Errorf("the engine was asked %+v", r)
		}
		return nil
	})
}

// An engine that is away stops nobody, unless the user wants it so.
func testEngineAway(t *testing.T, d *door) {
	d.engine.stop()
	if err := d.create(t, "denied", "away"); err != nil {
		t.Errorf("failurePolicy Ignore: %v", err)
	}
	closed := admission.Fail
	d.reconfigure(t, func(w *admission.ValidatingWebhook) { w.FailurePolicy = &closed })
	d.settle(t, func() error {
		err := d.create(t, "allowed", "away2", dryRun)
		if err == nil || !strings.Contains(err.Error(), `failed calling webhook "gate.slo-engine.dev"`) {
			return fmt.Errorf("failurePolicy Fail: %v", err)
		}
		return nil
	})
	d.engine.start(t, strings.TrimPrefix(d.engine.url, "https://"))
	lab.Eventually(t, patience, func() error { return d.create(t, "allowed", "back", dryRun) })
}
