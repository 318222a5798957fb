package rollouts

import (
	"testing"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/argoproj/argo-rollouts/analysis"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/pkg/client/clientset/versioned/fake"
	"github.com/argoproj/argo-rollouts/pkg/client/informers/externalversions"
	"github.com/argoproj/argo-rollouts/utils/record"
	timeutil "github.com/argoproj/argo-rollouts/utils/time"
	"k8s.io/client-go/informers"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/util/workqueue"
)

// reconcile is what Argo Rollouts' controller does with an AnalysisRun whenever it is
// time to. The queue before it waits by the wall clock, as no test can.
//
//go:linkname reconcile github.com/argoproj/argo-rollouts/analysis.(*Controller).reconcileAnalysisRun
func reconcile(c *analysis.Controller, r *v1alpha1.AnalysisRun) *v1alpha1.AnalysisRun

// watched is an AnalysisRun under the controller, and its time.
type watched struct {
	t          *testing.T
	controller *analysis.Controller
	run        *v1alpha1.AnalysisRun
	now        time.Time
}

// watch lets the controller run a template against the engine at a URL.
func watch(t *testing.T, template, engine, service string) *watched {
	t.Helper()
	kube, argo := kubefake.NewSimpleClientset(), fake.NewSimpleClientset()
	batch := informers.NewSharedInformerFactory(kube, 0)
	queue := workqueue.NewNamedRateLimitingQueue(workqueue.DefaultControllerRateLimiter(), t.Name())
	t.Cleanup(queue.ShutDown)
	w := &watched{t: t, now: time.Now()}
	w.run = run(t, read[v1alpha1.AnalysisTemplate](t, template), engine, arg("service", service))
	w.controller = analysis.NewController(analysis.ControllerConfig{
		KubeClientSet: kube, ArgoProjClientset: argo, JobInformer: batch.Batch().V1().Jobs(), JobPodsInformer: batch.Core().V1().Pods(),
		AnalysisRunInformer:  externalversions.NewSharedInformerFactory(argo, 0).Argoproj().V1alpha1().AnalysisRuns(),
		AnalysisRunWorkQueue: queue, Recorder: record.NewFakeEventRecorder(),
	})
	timeutil.SetNowTimeFunc(func() time.Time { return w.now })
	t.Cleanup(func() { timeutil.SetNowTimeFunc(time.Now) })
	return w
}

// measure lets the controller measure so often, and returns the phase of the run.
func (w *watched) measure(times int) v1alpha1.AnalysisPhase {
	w.t.Helper()
	for range times {
		w.run = reconcile(w.controller, w.run)
		w.now = w.now.Add(16 * time.Second) // more than the interval
	}
	return w.run.Status.Phase
}

// is checks the phase of the run.
func (w *watched) is(got, want v1alpha1.AnalysisPhase) {
	w.t.Helper()
	if got != want {
		w.t.Fatalf("run is %s (%s), want %s", got, w.run.Status.Message, want)
	}
}

// limits are those of the one metric.
func (w *watched) limits() (inconclusive, errors int) {
	m := w.run.Spec.Metrics[0]
	return m.InconclusiveLimit.IntValue(), m.ConsecutiveErrorLimit.IntValue()
}
