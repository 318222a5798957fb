package gatekeeper

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/client"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/types"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/util"
	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// at is a URL with the scheme and the host of another one.
func at(t *testing.T, text, other string) string {
	t.Helper()
	to, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if to.Scheme != "https" {
		t.Errorf("%s: Gatekeeper takes https alone", text)
	}
	here, err := url.Parse(other)
	if err != nil {
		t.Fatal(err)
	}
	to.Scheme, to.Host = here.Scheme, here.Host
	return to.String()
}

// deployment is a Deployment of a service, which its label names.
func deployment(service string, change ...func(*appsv1.Deployment)) *appsv1.Deployment {
	d := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Labels: map[string]string{"app.kubernetes.io/name": service}},
	}
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "web", Image: "web:1"}}
	for _, f := range change {
		f(d)
	}
	return d
}

// image gives it other pods.
func image(name string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = name }
}

func annotation(name, value string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { metav1.SetMetaDataAnnotation(&d.ObjectMeta, name, value) }
}

// create and update are what an API server asks Gatekeeper's webhook about.
func create(d *appsv1.Deployment) *admissionv1.AdmissionRequest {
	return request(admissionv1.Create, d, nil)
}

func update(from, to *appsv1.Deployment) *admissionv1.AdmissionRequest {
	return request(admissionv1.Update, to, from)
}

func request(operation admissionv1.Operation, d, before *appsv1.Deployment) *admissionv1.AdmissionRequest {
	r := &admissionv1.AdmissionRequest{
		UID: "1", Operation: operation, Name: d.Name, Namespace: d.Namespace, Object: raw(d),
		Kind:     metav1.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"},
		Resource: metav1.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"},
	}
	if before != nil {
		r.OldObject = raw(before)
	}
	return r
}

func raw(object any) runtime.RawExtension {
	text, err := json.Marshal(object)
	if err != nil { // Kubernetes' own types always marshal
		panic(err)
	}
	return runtime.RawExtension{Raw: text}
}

// refusals are the messages with which Gatekeeper's webhook refuses a request.
func refusals(t *testing.T, gk *client.Client, r *admissionv1.AdmissionRequest) (messages []string) {
	t.Helper()
	review := &target.AugmentedReview{
		AdmissionRequest: r, Source: types.SourceTypeOriginal, IsAdmission: true,
		Namespace: &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.Namespace}},
	}
	answers, err := gk.Review(t.Context(), review, reviews.EnforcementPoint(util.WebhookEnforcementPoint))
	if err != nil {
		t.Fatalf("review: %v", err)
	}
	for _, result := range answers.Results() {
		if result.EnforcementAction != "deny" {
			t.Errorf("enforcement action %q", result.EnforcementAction)
		}
		messages = append(messages, result.Msg)
	}
	slices.Sort(messages)
	return messages
}
