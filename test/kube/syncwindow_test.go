package kube

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slo-engine/slo-engine/internal/syncwindow"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/lab"
)

func TestSyncWindows(t *testing.T) {
	a := startArgo(t)
	for name, run := range map[string]func(*testing.T, *argo, string){
		"decisions": testDecisions, "role": testRole, "races": testRaces, "edits": testEdits, "pairs": testPairs, "follows": testFollows, "empty": testEmpty, "run": testRun,
	} {
		t.Run(name, func(t *testing.T) {
			a.project(t, name)
			run(t, a, name)
		})
	}
	t.Run("away", func(t *testing.T) { testAway(t, a) })
}

// What the gate says is a window beside the person's, which stays as it is.
func testDecisions(t *testing.T, a *argo, name string) {
	before := a.spec(t, name)
	k := keep(t, name, a.admin)
	k.gates.set(slo.GateHold)
	k.step(0)
	windows := a.windows(t, name)
	if len(windows) != 2 || windows[1]["manualSync"] != true || windows[1]["kind"] != "deny" {
		t.Fatalf("the windows of a hold: %v", windows)
	}
	if diff := cmp.Diff(before["syncWindows"].([]any)[0], any(windows[0])); diff != "" {
		t.Errorf("the person's window has changed (-before +after):\n%s", diff)
	}
	k.gates.set(slo.GateDeny)
	k.step(time.Second)
	if windows = a.windows(t, name); len(windows) != 2 || windows[1]["manualSync"] != nil {
		t.Errorf("the windows of a deny: %v", windows)
	}
	if text := windows[1]["description"].(string); !strings.HasPrefix(text, "slo-engine checkout/prod deny until ") || !strings.HasSuffix(text, ": -40 % of the error budget is left (verdict 7)") {
		t.Errorf("it says %q", text)
	}
	k.gates.set(slo.GateUnknown)
	k.step(time.Hour)
	if diff := cmp.Diff(windows, a.windows(t, name)); diff != "" {
		t.Errorf("not knowing has changed the windows (-before +after):\n%s", diff)
	}
	k.gates.set(slo.GateAllow)
	k.step(time.Second)
	if diff := cmp.Diff(before, a.spec(t, name)); diff != "" {
		t.Errorf("the project is not as it was (-before +after):\n%s", diff)
	}
}

// The role of deploy/argocd is enough, and without it the trouble is told.
func testRole(t *testing.T, a *argo, name string) {
	text, err := os.ReadFile(a.server.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	as := strings.Replace(string(text), "user: {", `user: {as: "system:serviceaccount:slo-engine:slo-engine", `, 1)
	if err := os.WriteFile(file, []byte(as), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := syncwindow.Connect(file)
	if err != nil {
		t.Fatal(err)
	}
	k := keep(t, name, client)
	if err := k.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "read project argocd/"+name) || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("without a role: %v", err)
	}
	if states := k.States(); len(states) != 1 || !strings.Contains(states[0].Trouble, "forbidden") || states[0].Present {
		t.Errorf("the trouble is shown as %+v", states)
	}
	role := manifest[*rbac.Role](t, "deploy", "argocd", "rbac.yaml")
	role.Rules[0].ResourceNames = []string{name}
	if _, err := a.RbacV1().Roles("argocd").Create(t.Context(), role, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := manifest[*rbac.RoleBinding](t, "deploy", "argocd", "rbac.yaml")
	if _, err := a.RbacV1().RoleBindings("argocd").Create(t.Context(), binding, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	lab.Eventually(t, patience, func() error { return k.Step(t.Context()) })
	if n := len(a.windows(t, name)); n != 2 {
		t.Errorf("there are %d windows", n)
	}
	if states := k.States(); states[0].Trouble != "" || !states[0].Present {
		t.Errorf("the trouble is over, and shown as %+v", states)
	}
}

// A project that had no windows has none in the end, not even an empty list.
func testEmpty(t *testing.T, a *argo, name string) {
	a.person(t, name, `[{"op": "remove", "path": "/spec/syncWindows"}]`)
	k := keep(t, name, a.admin)
	k.step(0)
	if n := len(a.windows(t, name)); n != 1 {
		t.Fatalf("there are %d windows", n)
	}
	if err := k.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if windows, ok := a.spec(t, name)["syncWindows"]; ok {
		t.Errorf("what is left is %v", windows)
	}
}

// Run looks by itself; when it ends the window stays, and its metrics go.
func testRun(t *testing.T, a *argo, name string) {
	ctx, cancel := context.WithCancel(t.Context())
	k := keep(t, name, a.admin)
	done := make(chan error)
	go func() { done <- k.Run(ctx) }()
	lab.Eventually(t, patience, func() error {
		if n := len(a.windows(t, name)); n != 2 {
			return fmt.Errorf("there are %d windows", n)
		}
		return nil
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := len(a.windows(t, name)); n != 2 {
		t.Errorf("after the end there are %d windows", n)
	}
	if n, err := testutil.GatherAndCount(k.registry); n != 0 || err != nil {
		t.Errorf("%d metrics are left: %v", n, err)
	}
}

// An API server that is away, or a project that is, is told, and nothing else
// happens; when it is back all goes on.
func testAway(t *testing.T, a *argo) {
	k := keep(t, "away", a.admin)
	if err := k.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "read project argocd/away: ") {
		t.Errorf("of a project that is not there it says %v", err)
	}
	a.project(t, "away")
	k.step(time.Second)
	a.server.Stop()
	k.gates.set(slo.GateHold)
	if err := k.Step(t.Context()); err == nil {
		t.Error("nobody was there, and all is well")
	}
	if s := k.States()[0]; s.Trouble == "" || s.Contested != "" || metric(t, k, "slo_engine_sync_windows_up") != 0 {
		t.Errorf("it is shown as %+v", s)
	}
	a.server.Restart(t)
	k.step(time.Minute)
	k.step(time.Minute)
	if windows := a.windows(t, "away"); len(windows) != 2 || windows[1]["manualSync"] != true {
		t.Errorf("afterwards the windows are %v", windows)
	}
}
