package kube

import (
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/slo-engine/slo-engine/test/lab"
)

// patience is the deadline of what takes a second or two on an idle machine.
const patience = time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is an API server, and its administrator's client.
type cluster struct {
	*kubernetes.Clientset
	server   *lab.Kube
	config   *rest.Config
	warnings *warnings
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{server: lab.StartKube(t), warnings: &warnings{}}
	config, err := clientcmd.BuildConfigFromFlags("", c.server.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.WarningHandler, config.QPS = c.warnings, -1
	c.config = config
	if c.Clientset, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	return c
}

// warnings are what the API server has said besides its answers.
type warnings struct {
	mu  sync.Mutex
	all []string
}

func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, text)
}

// take returns them and forgets them.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.all
	w.all = nil
	return all
}
