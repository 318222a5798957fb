package hpa

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/scaler"
)

// What is answered to whom; test/keda has the clients of Kubernetes ask.
func TestDocuments(t *testing.T) {
	scalers, err := scaler.New(scaler.Options{Specs: []scaler.Spec{{Name: "checkout", Service: "shop", SLO: "a", Burn: &scaler.Burn{}, Max: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	h := New(Options{Scalers: scalers, Registerer: registry})
	const values = "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/"
	for _, c := range []struct {
		method, path string
		code         int
		body         string
	}{
		{"GET", "/apis/external.metrics.k8s.io", 200, `{"kind":"APIGroup","apiVersion":"v1","name":"external.metrics.k8s.io","versions":[{"groupVersion":"external.metrics.k8s.io/v1beta1","version":"v1beta1"}],"preferredVersion":{"groupVersion":"external.metrics.k8s.io/v1beta1","version":"v1beta1"}}`},
		{"GET", "/apis/external.metrics.k8s.io/v1beta1", 200, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"external.metrics.k8s.io/v1beta1","resources":[{"name":"checkout","singularName":"","namespaced":true,"kind":"ExternalMetricValueList","verbs":["get"]}]}`},
		{"GET", values + "checkout", 503, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"scaler checkout has no number: burn: the engine has not judged anything yet","reason":"ServiceUnavailable","code":503}`},
		{"GET", values + "checkout?labelSelector=slo%3Da", 503, ""},
		{"GET", values + "checkout?labelSelector=slo%3D%3D%3D", 400, ""},
		{"GET", values + "checkout?labelSelector=slo%3Db", 404, ""},
		{"GET", values + "chekout", 404, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"there is no scaler \"chekout\"; known here: checkout","reason":"NotFound","details":{"name":"chekout","group":"external.metrics.k8s.io","kind":"externalmetrics"},"code":404}`},
		{"GET", values, 404, ""},
		{"GET", "/apis", 404, ""},
		{"DELETE", values + "checkout", 405, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.code || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Header().Get("Content-Type"))
		}
		if got := strings.TrimSpace(w.Body.String()); c.body != "" {
			if diff := cmp.Diff(c.body, got); diff != "" {
				t.Errorf("%s: %s", c.path, diff)
			}
		}
	}
	want := `
# HELP slo_engine_scaler_answers_total Answers to autoscalers about numbers, by whom they were for, scaler and code.
# TYPE slo_engine_scaler_answers_total counter
slo_engine_scaler_answers_total{code="400",consumer="hpa",scaler="checkout"} 1
slo_engine_scaler_answers_total{code="404",consumer="hpa",scaler="checkout"} 1
slo_engine_scaler_answers_total{code="503",consumer="hpa",scaler="checkout"} 2
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
