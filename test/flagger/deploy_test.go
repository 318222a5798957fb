package flagger

import (
	"net/url"
	"os"
	"testing"

	flaggerv1 "github.com/fluxcd/flagger/pkg/apis/flagger/v1beta1"
	"sigs.k8s.io/yaml"
)

// deployed is the Canary of deploy/flagger, with the engine at a URL. Fields that
// Flagger does not know are refused.
func deployed(t *testing.T, engine string) *flaggerv1.Canary {
	t.Helper()
	data, err := os.ReadFile("../../deploy/flagger/canary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var canary flaggerv1.Canary
	if err := yaml.UnmarshalStrict(data, &canary); err != nil {
		t.Fatal(err)
	}
	for i := range canary.Spec.Analysis.Webhooks {
		move(t, &canary.Spec.Analysis.Webhooks[i], engine)
	}
	return &canary
}

// move lets a webhook ask the engine at a URL instead of the one in the file.
func move(t *testing.T, hook *flaggerv1.CanaryWebhook, engine string) {
	t.Helper()
	to, err := url.Parse(hook.URL)
	if err != nil {
		t.Fatal(err)
	}
	here, err := url.Parse(engine)
	if err != nil {
		t.Fatal(err)
	}
	to.Scheme, to.Host = here.Scheme, here.Host
	hook.URL = to.String()
}
