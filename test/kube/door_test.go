package kube

import (
	"fmt"
	"strings"
	"testing"

	admission "k8s.io/api/admissionregistration/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/slo-engine/slo-engine/test/lab"
)

// door is a cluster that asks an engine, as deploy/kubernetes says.
type door struct {
	*cluster
	engine  *engine
	webhook *admission.ValidatingWebhookConfiguration
}

func openDoor(t *testing.T) *door {
	t.Helper()
	d := &door{cluster: startCluster(t), engine: startEngine(t)}
	d.configure(t)
	d.settle(t, func() error { return isDenied(d.create(t, "denied", "try", dryRun)) })
	return d
}

// configure applies the manifest.
func (d *door) configure(t *testing.T) {
	t.Helper()
	d.webhook = manifest[*admission.ValidatingWebhookConfiguration](t, "deploy", "kubernetes", "validating-webhook.yaml")
	// The cluster finds the engine by its address here, and not as a service.
	hook := &d.webhook.Webhooks[0]
	url := d.engine.url + *hook.ClientConfig.Service.Path
	hook.ClientConfig = admission.WebhookClientConfig{URL: &url, CABundle: d.engine.caBundle}
	created, err := d.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(), d.webhook, meta.CreateOptions{})
	if err != nil {
		t.Fatalf("the API server does not take the manifest: %v", err)
	}
	d.webhook = created
}

// settle waits until the API server goes by the newest configuration, which it
// hears of a moment later.
func (d *door) settle(t *testing.T, check func() error) {
	t.Helper()
	lab.Eventually(t, patience, check)
	d.warnings.take()
}

// reconfigure changes the webhook.
func (d *door) reconfigure(t *testing.T, change func(*admission.ValidatingWebhook)) {
	t.Helper()
	change(&d.webhook.Webhooks[0])
	updated, err := d.AdmissionregistrationV1().ValidatingWebhookConfigurations().Update(t.Context(), d.webhook, meta.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.webhook = updated
}

// What is created, and how.
type option func(*apps.Deployment, *meta.CreateOptions)

func dryRun(_ *apps.Deployment, o *meta.CreateOptions) { o.DryRun = []string{meta.DryRunAll} }

func in(namespace string) option {
	return func(d *apps.Deployment, _ *meta.CreateOptions) { d.Namespace = namespace }
}

// create makes a Deployment of a service.
func (d *door) create(t *testing.T, service, name string, options ...option) error {
	t.Helper()
	labels := map[string]string{"app": name}
	deployment := &apps.Deployment{
		ObjectMeta: meta.ObjectMeta{Name: name, Namespace: "default", Labels: map[string]string{"app.kubernetes.io/name": service}},
		Spec: apps.DeploymentSpec{
			Selector: &meta.LabelSelector{MatchLabels: labels},
			Template: core.PodTemplateSpec{
				ObjectMeta: meta.ObjectMeta{Labels: labels},
				Spec:       core.PodSpec{Containers: []core.Container{{Name: "main", Image: "example.com/shop:v1"}}},
			},
		},
	}
	var o meta.CreateOptions
	for _, option := range options {
		option(deployment, &o)
	}
	_, err := d.AppsV1().Deployments(deployment.Namespace).Create(t.Context(), deployment, o)
	return err
}

// existing makes a Deployment of a service whatever its gate says: as one that was
// there before.
func (d *door) existing(t *testing.T, service, name string) {
	t.Helper()
	if err := d.create(t, "allowed", name); err != nil {
		t.Fatal(err)
	}
	if err := d.patch(t, name, `{"metadata": {"labels": {"app.kubernetes.io/name": "`+service+`"}}}`); err != nil {
		t.Fatalf("a label is no release: %v", err)
	}
	d.warnings.take()
}

func (d *door) patch(t *testing.T, name, text string, dryRun ...string) error {
	t.Helper()
	_, err := d.AppsV1().Deployments("default").Patch(t.Context(), name, types.StrategicMergePatchType, []byte(text), meta.PatchOptions{DryRun: dryRun})
	return err
}

// image is the patch that ships a version.
func image(version string) string {
	return `"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.com/shop:` + version + `"}]}}}`
}

// isDenied wants the engine's words in the API server's refusal.
func isDenied(err error) error {
	const want = `admission webhook "gate.slo-engine.dev" denied the request: release gate: `
	switch {
	case err == nil:
		return fmt.Errorf("it was let through")
	case !kerrors.IsForbidden(err) || !strings.Contains(err.Error(), want):
		return fmt.Errorf("it was refused otherwise: %v", err)
	}
	return nil
}

// wantWarnings wants a warning for each text, and no other.
func (d *door) wantWarnings(t *testing.T, want ...string) {
	t.Helper()
	got := d.warnings.take()
	if len(got) != len(want) {
		t.Errorf("there are %d warnings, want %d: %q", len(got), len(want), got)
		return
	}
	for i, text := range want {
		if !strings.Contains(got[i], text) {
			t.Errorf("the warning is %q, and does not say %q", got[i], text)
		}
	}
}
