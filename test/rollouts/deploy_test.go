package rollouts

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/argoproj/argo-rollouts/metricproviders/webmetric"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/analysis"
	"github.com/sirupsen/logrus"
	"sigs.k8s.io/yaml"
)

// read reads a file of deploy/argo-rollouts, and refuses fields that Argo Rollouts
// does not know.
func read[T any](t *testing.T, name string) *T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../deploy/argo-rollouts", name))
	if err != nil {
		t.Fatal(err)
	}
	var object T
	if err := yaml.UnmarshalStrict(data, &object); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return &object
}

// templates are the files with an AnalysisTemplate.
var templates = []string{"gate-step.yaml", "gate-watch.yaml"}

// run makes the AnalysisRun of a template as the controller does, with the engine at
// a URL.
func run(t *testing.T, template *v1alpha1.AnalysisTemplate, engine string, args ...v1alpha1.Argument) *v1alpha1.AnalysisRun {
	t.Helper()
	template = template.DeepCopy()
	for i := range template.Spec.Metrics {
		move(t, template.Spec.Metrics[i].Provider.Web, engine)
	}
	made, err := analysis.NewAnalysisRunFromTemplates([]*v1alpha1.AnalysisTemplate{template}, nil, args,
		nil, nil, nil, nil, "gate", "", "shop")
	if err != nil {
		t.Fatalf("make run of %s: %v", template.Name, err)
	}
	return made
}

// move lets a metric ask the engine at a URL instead of the one in the file.
func move(t *testing.T, web *v1alpha1.WebMetric, engine string) {
	t.Helper()
	to, err := url.Parse(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	here, err := url.Parse(engine)
	if err != nil {
		t.Fatal(err)
	}
	to.Scheme, to.Host = here.Scheme, here.Host
	web.URL = to.String()
}

// resolved is the one metric of a run with its arguments written into it.
func resolved(t *testing.T, r *v1alpha1.AnalysisRun) v1alpha1.Metric {
	t.Helper()
	if n := len(r.Spec.Metrics); n != 1 {
		t.Fatalf("%d metrics, want one", n)
	}
	m, err := analysis.ResolveMetricArgs(r.Spec.Metrics[0], r.Spec.Args)
	if err != nil {
		t.Fatalf("resolve arguments: %v", err)
	}
	if err := analysis.ValidateMetrics([]v1alpha1.Metric{*m}); err != nil {
		t.Fatalf("invalid metric: %v", err)
	}
	return *m
}

// measure takes one measurement, as the controller's provider factory does.
func measure(t *testing.T, m v1alpha1.Metric) v1alpha1.Measurement {
	t.Helper()
	client, err := webmetric.NewWebMetricHttpClient(m)
	if err != nil {
		t.Fatal(err)
	}
	parser, err := webmetric.NewWebMetricJsonParser(m)
	if err != nil {
		t.Fatal(err)
	}
	provider := webmetric.NewWebMetricProvider(*logrus.NewEntry(logrus.New()), client, parser)
	return provider.Run(&v1alpha1.AnalysisRun{}, m)
}

// arg is an argument of a template.
func arg(name, value string) v1alpha1.Argument {
	return v1alpha1.Argument{Name: name, Value: &value}
}
