package kube

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"

	"github.com/slo-engine/slo-engine/test/lab"
)

// argoCD is where Argo CD's own definitions come from.
const argoCD = "github.com/argoproj/argo-cd/v3@v3.4.2"

var (
	definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	projects    = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "appprojects"}
)

// argo is a cluster with Argo CD's definitions, and in it a project with a window
// of a person's.
type argo struct {
	*cluster
	admin dynamic.Interface
}

func startArgo(t *testing.T) *argo {
	t.Helper()
	a := &argo{cluster: startCluster(t)}
	var err error
	if a.admin, err = dynamic.NewForConfig(a.config); err != nil {
		t.Fatal(err)
	}
	a.define(t)
	for _, name := range []string{"argocd", "slo-engine"} {
		namespace := &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: name}}
		if _, err := a.CoreV1().Namespaces().Create(t.Context(), namespace, meta.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// define has the cluster know projects, by the file that Argo CD's users apply.
func (a *argo) define(t *testing.T) {
	t.Helper()
	command := exec.Command("go", "mod", "download", "-json", argoCD)
	command.Dir = os.TempDir() // outside this module: its go.mod has no say
	out, err := command.Output()
	if err != nil {
		t.Fatalf("download %s: %v\n%s", argoCD, err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, "manifests", "crds", "appproject-crd.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.admin.Resource(definitions).Create(t.Context(), object(t, text), meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	lab.Eventually(t, patience, func() error {
		_, err := a.admin.Resource(projects).List(t.Context(), meta.ListOptions{})
		return err
	})
}

func object(t *testing.T, text []byte) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

// project makes the project of deploy/argocd under a name of its own.
func (a *argo) project(t *testing.T, name string) {
	t.Helper()
	project := object(t, documents(t, "deploy", "argocd", "appproject.yaml")[0])
	project.SetName(name)
	if _, err := a.admin.Resource(projects).Namespace("argocd").Create(t.Context(), project, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// spec is what a project says.
func (a *argo) spec(t *testing.T, name string) map[string]any {
	t.Helper()
	project, err := a.admin.Resource(projects).Namespace("argocd").Get(t.Context(), name, meta.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return project.Object["spec"].(map[string]any)
}

func (a *argo) windows(t *testing.T, name string) (all []map[string]any) {
	t.Helper()
	list, _ := a.spec(t, name)["syncWindows"].([]any)
	for _, w := range list {
		all = append(all, w.(map[string]any))
	}
	return all
}

// person patches a project as people do: for whatever is there.
func (a *argo) person(t *testing.T, name, patch string) {
	t.Helper()
	_, err := a.admin.Resource(projects).Namespace("argocd").Patch(t.Context(), name, types.JSONPatchType, []byte(patch), meta.PatchOptions{})
	if err != nil {
		t.Error(err)
	}
}
