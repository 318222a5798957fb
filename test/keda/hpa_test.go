package keda

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	client "k8s.io/metrics/pkg/client/external_metrics"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// asked is what the client of the HorizontalPodAutoscaler gets.
func asked(c client.ExternalMetricsClient, metric, selector string) string {
	wanted, err := labels.Parse(selector)
	if err != nil {
		return err.Error()
	}
	list, err := c.NamespacedMetrics("shop").List(metric, wanted)
	if err != nil {
		return fmt.Sprint(apierrors.ReasonForError(err), ": ", err)
	}
	said := ""
	for _, item := range list.Items {
		said += fmt.Sprint(item.MetricName, " ", labels.Set(item.MetricLabels), " ", item.Value.String(), " ", item.Value.MilliValue())
		if item.Timestamp.IsZero() {
			said += " without a time"
		}
	}
	return said
}

func TestAutoscaler(t *testing.T) {
	w := start(t, "340")
	for name, config := range map[string]rest.ContentConfig{
		"json":     {},
		"protobuf": {ContentType: "application/vnd.kubernetes.protobuf", AcceptContentTypes: "application/vnd.kubernetes.protobuf,application/json"},
	} {
		c, err := client.NewForConfig(&rest.Config{Host: w.kubernetes, ContentConfig: config, QPS: 1000, Burst: 1000})
		if err != nil {
			t.Fatal(err)
		}
		const is = "checkout scaler=checkout,service=checkout,slo=availability "
		for _, step := range []struct{ says, selector, want string }{
			{"340", "", is + "3400m 3400"},
			{"200", "", is + "2 2000"},
			{"0.001", "", is + "1m 1"},
			{"0", "scaler=checkout,slo in (availability, latency)", is + "0 0"},
			{"3000000", "service=checkout", is + "1k 1000000"}, // no more than max
			{"0", "slo=latency", "NotFound: the labels of checkout are scaler=checkout,service=checkout,slo=availability, which slo=latency does not select"},
			{"", "", "ServiceUnavailable: scaler checkout has no number: queue: its answer is no number: main knows no series"},
			{"NaN", "", "ServiceUnavailable: scaler checkout has no number: queue: "},
			{"340", "", is + "3400m 3400"},
			{"away", "", "ServiceUnavailable: scaler checkout has no number: queue: main does not answer"},
		} {
			w.say(step.says)
			eventually(t, step.want, func() string { return asked(c, "checkout", step.selector) })
			if t.Failed() {
				t.Fatalf("%s: with %q", name, step.says)
			}
		}
		eventually(t, `NotFound: there is no scaler "chekout"; known here: checkout, other`, func() string { return asked(c, "chekout", "") })
		eventually(t, "ServiceUnavailable: scaler other has no number", func() string { return asked(c, "other", "") })
	}
}

func TestDiscovery(t *testing.T) {
	w := start(t, "340")
	d, err := discovery.NewDiscoveryClientForConfig(&rest.Config{Host: w.kubernetes})
	if err != nil {
		t.Fatal(err)
	}
	list, err := d.ServerResourcesForGroupVersion("external.metrics.k8s.io/v1beta1")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range list.APIResources {
		names = append(names, fmt.Sprint(r.Name, " ", r.Kind, " ", r.Namespaced, " ", r.Verbs))
	}
	want := []string{"checkout ExternalMetricValueList true [get]", "other ExternalMetricValueList true [get]"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}
