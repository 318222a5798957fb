package rollouts

import (
	"slices"
	"testing"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/analysis"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/slo-engine/slo-engine/test/gated"
)

// The arguments that the Rollout of deploy/ gives to its templates are those that
// they take, and say what they are meant to say.
func TestRolloutFillsItsTemplates(t *testing.T) {
	e := gated.Start(t)
	e.Say("checkout", "allow")
	r := read[v1alpha1.Rollout](t, "rollout.yaml")
	canary := r.Spec.Strategy.Canary
	version := r.Spec.Template.Labels["app.kubernetes.io/version"]
	for name, a := range map[string]*v1alpha1.RolloutAnalysis{
		"gate-step.yaml": canary.Steps[0].Analysis, "gate-watch.yaml": &canary.Analysis.RolloutAnalysis,
	} {
		template := read[v1alpha1.AnalysisTemplate](t, name)
		if len(a.Templates) != 1 || a.Templates[0].TemplateName != template.Name {
			t.Fatalf("the rollout asks for %v, not for %s", a.Templates, template.Name)
		}
		args, err := analysis.BuildArgumentsForRolloutAnalysisRun(a.Args, &appsv1.ReplicaSet{}, &appsv1.ReplicaSet{}, r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if i := slices.IndexFunc(args, func(a v1alpha1.Argument) bool { return a.Name == "version" }); i >= 0 && *args[i].Value != version {
			t.Errorf("%s: the version of the canary is %q, want %q", name, *args[i].Value, version)
		}
		if got := measure(t, resolved(t, run(t, template, e.URL, args...))); got.Phase != v1alpha1.AnalysisPhaseSuccessful {
			t.Errorf("%s: %s %s", name, got.Phase, got.Message)
		}
	}
}
