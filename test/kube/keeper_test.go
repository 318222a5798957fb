package kube

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/slo-engine/slo-engine/internal/syncwindow"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// gates say what they are told, of every service.
type gates struct {
	mu  sync.Mutex
	say slo.GateDecision
}

func (g *gates) set(d slo.GateDecision) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.say = d
}

func (g *gates) ask(_ context.Context, r gate.Request) gate.Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	reasons := []gate.Reason{{Text: "-40 % of the error budget is left"}}
	return gate.Verdict{ID: "7", Request: r, Decision: g.say, Reasons: reasons}
}

// keeper is a Reconciler with a clock of the test's.
type keeper struct {
	*syncwindow.Reconciler
	t        *testing.T
	gates    *gates
	registry *prometheus.Registry
	now      time.Time
	follows  bool // another engine leads
}

// keep makes the keeper of a project, which asks the cluster through a client.
func keep(t *testing.T, name string, client dynamic.Interface) *keeper {
	t.Helper()
	k := &keeper{t: t, gates: &gates{say: slo.GateDeny}, registry: prometheus.NewPedanticRegistry(), now: time.Now()}
	config := syncwindow.Config{Project: name, Windows: []syncwindow.Window{{Service: "checkout", Environment: "prod", Applications: []string{"checkout-*"}}}}
	var err error
	k.Reconciler, err = syncwindow.New(config, syncwindow.Options{
		Client: client, Gates: k.gates.ask, Registerer: k.registry,
		Leads: func() bool { return !k.follows }, Now: func() time.Time { return k.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// step looks once, after some time.
func (k *keeper) step(after time.Duration) {
	k.t.Helper()
	k.now = k.now.Add(after)
	if err := k.Step(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
}

// meddler is a client whose user is slow: after each reading somebody else does
// something.
type meddler struct {
	dynamic.Interface
	meddle func()
}

func (m meddler) Resource(r schema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	return everywhere{m.Interface.Resource(r), m.meddle}
}

type everywhere struct {
	dynamic.NamespaceableResourceInterface
	meddle func()
}

func (e everywhere) Namespace(name string) dynamic.ResourceInterface {
	return inside{e.NamespaceableResourceInterface.Namespace(name), e.meddle}
}

type inside struct {
	dynamic.ResourceInterface
	meddle func()
}

func (i inside) Get(ctx context.Context, name string, o meta.GetOptions, sub ...string) (*unstructured.Unstructured, error) {
	project, err := i.ResourceInterface.Get(ctx, name, o, sub...)
	i.meddle()
	return project, err
}

func metric(t *testing.T, k *keeper, name string) float64 {
	t.Helper()
	families, err := k.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}
