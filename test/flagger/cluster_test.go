package flagger

import (
	"sync"
	"testing"
	"time"
	_ "unsafe" // for go:linkname

	flaggerv1 "github.com/fluxcd/flagger/pkg/apis/flagger/v1beta1"
	"github.com/fluxcd/flagger/pkg/canary"
	flaggerfake "github.com/fluxcd/flagger/pkg/client/clientset/versioned/fake"
	"github.com/fluxcd/flagger/pkg/client/informers/externalversions"
	"github.com/fluxcd/flagger/pkg/controller"
	"github.com/fluxcd/flagger/pkg/metrics/observers"
	"github.com/fluxcd/flagger/pkg/notifier"
	"github.com/fluxcd/flagger/pkg/router"
	"go.uber.org/zap"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubefake "k8s.io/client-go/kubernetes/fake"
)

// advance is what Flagger's scheduler does with a canary at each interval. Its ticker
// waits ten seconds at least, and tells nobody when it is done.
//
//go:linkname advance github.com/fluxcd/flagger/pkg/controller.(*Controller).advanceCanary
func advance(c *controller.Controller, name, namespace string)

// cluster is Flagger with an API server in memory.
type cluster struct {
	flagger    *controller.Controller
	canaries   *flaggerfake.Clientset
	kubernetes *kubefake.Clientset
}

// shared is the only one: Flagger registers its metrics with the process.
var shared = sync.OnceValue(func() *cluster {
	c := &cluster{canaries: flaggerfake.NewSimpleClientset(), kubernetes: kubefake.NewSimpleClientset()}
	log := zap.NewNop().Sugar()
	informers := externalversions.NewSharedInformerFactory(c.canaries, 0).Flagger().V1beta1()
	c.flagger = controller.NewController(c.kubernetes, nil, c.canaries,
		controller.Informers{
			CanaryInformer: informers.Canaries(), MetricInformer: informers.MetricTemplates(), AlertInformer: informers.AlertProviders(),
		},
		time.Second, log, &notifier.NopNotifier{},
		canary.NewFactory(c.kubernetes, c.canaries, nil, &canary.NopTracker{}, []string{"app.kubernetes.io/name"}, []string{""}, log),
		router.NewFactory(nil, c.kubernetes, c.canaries, nil, "", "", log, c.canaries, true),
		&observers.Factory{}, flaggerv1.IstioProvider, "test", "", "", false, nil)
	return c
})

// release is the Canary of deploy/ in a namespace of its own.
type release struct {
	*cluster
	t         *testing.T
	namespace string
}

// prepare lets Flagger take charge of a Deployment, up to where it waits for another
// version.
func prepare(t *testing.T, engine, namespace string) *release {
	t.Helper()
	r := &release{shared(), t, namespace}
	c := deployed(t, engine)
	c.Namespace = namespace
	for i := range c.Spec.Analysis.Webhooks {
		c.Spec.Analysis.Webhooks[i].Retries = 0 // they only take time: 7 s for each call
	}
	if _, err := r.canaries.FlaggerV1beta1().Canaries(namespace).Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.kubernetes.AppsV1().Deployments(namespace).Create(t.Context(), workload(c.Spec.TargetRef.Name), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	r.until(flaggerv1.CanaryPhaseInitialized)
	return r
}

// workload is a Deployment.
func workload(name string) *appsv1.Deployment {
	labels := map[string]string{"app.kubernetes.io/name": name}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name}}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	d.Spec.Template.Labels = labels
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: name, Image: name + ":1"}}
	return d
}

// ship changes the image, which is a new version.
func (r *release) ship() {
	r.t.Helper()
	d := r.deployment("checkout")
	d.Spec.Template.Spec.Containers[0].Image = "checkout:2"
	r.write(d)
}

// step lets Flagger advance once, and then the pods be ready.
func (r *release) step() *flaggerv1.CanaryStatus {
	r.t.Helper()
	advance(r.flagger, "checkout", r.namespace)
	list, err := r.kubernetes.AppsV1().Deployments(r.namespace).List(r.t.Context(), metav1.ListOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	for i := range list.Items {
		d := &list.Items[i]
		n := int32(1)
		if d.Spec.Replicas != nil {
			n = *d.Spec.Replicas
		}
		d.Status = appsv1.DeploymentStatus{Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
		r.write(d)
	}
	return r.status()
}

// until steps until the canary is in a phase.
func (r *release) until(phase flaggerv1.CanaryPhase) {
	r.t.Helper()
	for range 30 {
		if r.step().Phase == phase {
			return
		}
	}
	r.t.Fatalf("canary does not come to phase %s: it is %+v", phase, r.status())
}

// halfway steps until the new version has a share of the traffic.
func (r *release) halfway() {
	r.t.Helper()
	for r.status().CanaryWeight < 20 {
		if s := r.step(); s.Phase == flaggerv1.CanaryPhaseFailed || s.Phase == flaggerv1.CanaryPhaseWaiting {
			r.t.Fatalf("canary gets no traffic: %+v", s)
		}
	}
}

func (r *release) status() *flaggerv1.CanaryStatus {
	r.t.Helper()
	c, err := r.canaries.FlaggerV1beta1().Canaries(r.namespace).Get(r.t.Context(), "checkout", metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return &c.Status
}

// serves is the image that the primary runs, and weight is the share of traffic that
// the new version has in the mesh.
func (r *release) serves() string {
	r.t.Helper()
	return r.deployment("checkout-primary").Spec.Template.Spec.Containers[0].Image
}

func (r *release) weight() int {
	r.t.Helper()
	vs, err := r.canaries.NetworkingV1beta1().VirtualServices(r.namespace).Get(r.t.Context(), "checkout", metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, to := range vs.Spec.Http[0].Route {
		if to.Destination.Host == "checkout-canary" {
			return to.Weight
		}
	}
	r.t.Fatal("no route to the canary")
	return 0
}

func (r *release) deployment(name string) *appsv1.Deployment {
	r.t.Helper()
	d, err := r.kubernetes.AppsV1().Deployments(r.namespace).Get(r.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *release) write(d *appsv1.Deployment) {
	r.t.Helper()
	if _, err := r.kubernetes.AppsV1().Deployments(r.namespace).Update(r.t.Context(), d, metav1.UpdateOptions{}); err != nil {
		r.t.Fatal(err)
	}
}
