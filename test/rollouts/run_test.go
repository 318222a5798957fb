package rollouts

import (
	"testing"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/gated"
)

const (
	running      = v1alpha1.AnalysisPhaseRunning
	successful   = v1alpha1.AnalysisPhaseSuccessful
	failed       = v1alpha1.AnalysisPhaseFailed
	inconclusive = v1alpha1.AnalysisPhaseInconclusive
	erroneous    = v1alpha1.AnalysisPhaseError
)

// The first allow ends a step, and the first deny fails it, which aborts the rollout.
func TestStepEnds(t *testing.T) {
	e := gated.Start(t)
	for service, want := range map[string]v1alpha1.AnalysisPhase{gated.Allowed: successful, gated.Denied: failed} {
		w := watch(t, "gate-step.yaml", e.URL, service)
		w.is(w.measure(1), want)
	}
}

// Hold and unknown are waited for, and then become inconclusive, which pauses the
// rollout: they never abort it.
func TestHoldAndUnknownNeverAbort(t *testing.T) {
	e := gated.Start(t)
	for _, template := range templates {
		for _, service := range []string{gated.Held, gated.Silent, "nobody-knows"} {
			w := watch(t, template, e.URL, service)
			most, _ := w.limits()
			w.is(w.measure(most), running)
			w.is(w.measure(1), inconclusive)
		}
	}
}

func TestStepGoesOnWhenTheGateDoes(t *testing.T) {
	e := gated.Start(t)
	for _, d := range []slo.GateDecision{slo.GateHold, slo.GateUnknown} {
		e.Say("checkout", d)
		w := watch(t, "gate-step.yaml", e.URL, "checkout")
		w.is(w.measure(5), running)
		e.Say("checkout", slo.GateAllow)
		w.is(w.measure(1), successful)
	}
}

// A watch goes on as long as the gate says allow, and fails with the first deny.
func TestWatchRunsUntilDeny(t *testing.T) {
	e := gated.Start(t)
	e.Say("checkout", slo.GateAllow)
	w := watch(t, "gate-watch.yaml", e.URL, "checkout")
	w.is(w.measure(200), running)
	e.Say("checkout", slo.GateDeny)
	w.is(w.measure(1), failed)
}

// An engine that is away is asked again, so often as the template says, before the
// rollout is aborted; one that comes back in time harms nothing.
func TestEngineAwayIsWaitedFor(t *testing.T) {
	for _, template := range templates {
		e := gated.Start(t)
		w := watch(t, template, e.URL, gated.Allowed)
		e.Leave()
		_, most := w.limits()
		if most < 30 {
			t.Errorf("%s: an engine that restarts is away for %d answers at most", template, most)
		}
		w.is(w.measure(most), running)
		w.is(w.measure(1), erroneous)
	}
}

func TestEngineThatComesBack(t *testing.T) {
	away, back := gated.Start(t), gated.Start(t)
	w := watch(t, "gate-step.yaml", away.URL, gated.Allowed)
	away.Leave()
	w.is(w.measure(20), running)
	move(t, w.run.Spec.Metrics[0].Provider.Web, back.URL)
	w.is(w.measure(1), successful)
}
