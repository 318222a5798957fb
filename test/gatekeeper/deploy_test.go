package gatekeeper

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/apis/externaldata/unversioned"
	"github.com/open-policy-agent/frameworks/constraint/pkg/apis/externaldata/v1beta1"
	templatesv1 "github.com/open-policy-agent/frameworks/constraint/pkg/apis/templates/v1"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers/rego"
	"github.com/open-policy-agent/frameworks/constraint/pkg/externaldata"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/util"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/slo-engine/slo-engine/test/gated"
)

// read reads a file of deploy/gatekeeper, and refuses fields that Gatekeeper does not
// know.
func read(t *testing.T, name string, object any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../deploy/gatekeeper", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(data, object); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// providerOf is the Provider of deploy/, at an engine.
func providerOf(t *testing.T, e *gated.Engine) *unversioned.Provider {
	t.Helper()
	var versioned v1beta1.Provider
	var provider unversioned.Provider
	read(t, "provider.yaml", &versioned)
	if err := v1beta1.Convert_v1beta1_Provider_To_unversioned_Provider(&versioned, &provider, nil); err != nil {
		t.Fatal(err)
	}
	provider.Spec.URL = at(t, provider.Spec.URL, e.URL)
	provider.Spec.CABundle = base64.StdEncoding.EncodeToString(e.CA)
	provider.Spec.Timeout = 60 // a slow machine is no engine that is away
	return &provider
}

// gatekeeper makes Gatekeeper's client as its main function does, with what deploy/
// has for it. The parameters are laid over those of the constraint.
func gatekeeper(t *testing.T, e *gated.Engine, parameters map[string]any) *client.Client {
	t.Helper()
	providers := externaldata.NewCache()
	driver, err := rego.New(rego.Tracing(false), rego.AddExternalDataProviderCache(providers), rego.Externs("inventory"))
	if err != nil {
		t.Fatal(err)
	}
	if err := providers.Upsert(providerOf(t, e)); err != nil {
		t.Fatal(err)
	}
	gk, err := client.NewClient(client.Targets(&target.K8sValidationTarget{}), client.Driver(driver),
		client.EnforcementPoints(util.WebhookEnforcementPoint, util.AuditEnforcementPoint))
	if err != nil {
		t.Fatal(err)
	}
	var template templatesv1.ConstraintTemplate
	read(t, "constrainttemplate.yaml", &template)
	plain, err := template.ToVersionless()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gk.AddTemplate(t.Context(), plain); err != nil {
		t.Fatalf("add template: %v", err)
	}
	if _, err := gk.AddConstraint(t.Context(), constraint(t, parameters)); err != nil {
		t.Fatalf("add constraint: %v", err)
	}
	return gk
}

// constraint is that of deploy/ with other parameters.
func constraint(t *testing.T, parameters map[string]any) *unstructured.Unstructured {
	t.Helper()
	c := &unstructured.Unstructured{}
	read(t, "constraint.yaml", &c.Object)
	for name, value := range parameters {
		if err := unstructured.SetNestedField(c.Object, value, "spec", "parameters", name); err != nil {
			t.Fatal(err)
		}
	}
	return c
}
