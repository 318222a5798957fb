package traefik_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/traefik"
)

// base is the first state of the file provider's folder.
const base = `
http:
  routers:
    www: {rule: "PathPrefix(` + "`/`" + `)", entryPoints: [web], service: checkout, middlewares: [tag], priority: 1}
    old: {rule: 'PathRegexp(` + "`^/old{{\"{{\"}}0,2}$`" + `)', entryPoints: [web], service: checkout}
    pay: {rule: "Path(` + "`/pay`" + `)", entryPoints: [web], service: v1, middlewares: [tag]}
    list: {rule: "Path(` + "`/list`" + `)", entryPoints: [web], service: v1, priority: 40}
    inventory: {rule: "PathPrefix(` + "`/inventory`" + `)", entryPoints: [web], service: inventory}
  middlewares:
    tag: {headers: {customRequestHeaders: {X-Tag: "1"}}}
  services:
    checkout: {weighted: {services: [{name: v1, weight: 1}, {name: v2, weight: WEIGHT}, {name: v3}]}}
    v1: {loadBalancer: {servers: [{url: V1}]}}
    v2: {loadBalancer: {servers: [{url: V2}]}}
    v3: {loadBalancer: {servers: [{url: V3}]}}
    inventory: {loadBalancer: {servers: [{url: V2}]}}
    unused: {loadBalancer: {servers: [{url: V2}]}}
`

// fileWorld is a Traefik that watches a folder.
type fileWorld struct{ *world }

func newFileWorld(t testing.TB) fileWorld {
	t.Helper()
	w := fileWorld{newWorld(t, "  file: {directory: DIR, watch: true}\n")}
	w.reset(t)
	return w
}

// reset brings back the first state.
func (w fileWorld) reset(t testing.TB) {
	t.Helper()
	ours, err := filepath.Glob(filepath.Join(w.Dir, "slo-*"))
	for _, file := range ours {
		err = errors.Join(err, os.Remove(file))
	}
	if err != nil {
		t.Fatal(err)
	}
	w.put(t, "base.yml", w.base("1"))
	w.shows(t, "file", 1, 0)
}

func (w fileWorld) base(weight string) string {
	return strings.NewReplacer("V1", w.v["v1"], "V2", w.v["v2"], "V3", w.v["v3"], "WEIGHT", weight).Replace(base)
}

func (w fileWorld) put(t testing.TB, name, text string) {
	t.Helper()
	draft := filepath.Join(w.Dir, name+".tmp")
	if err := errors.Join(os.WriteFile(draft, []byte(text), 0o600), os.Rename(draft, filepath.Join(w.Dir, name))); err != nil {
		t.Fatal(err)
	}
}

// look is all files.
func (w fileWorld) look(context.Context) (string, error) {
	var all strings.Builder
	files, err := os.ReadDir(w.Dir)
	for _, f := range files {
		text, e := os.ReadFile(filepath.Join(w.Dir, f.Name()))
		err = errors.Join(err, e)
		fmt.Fprintf(&all, "%s:\n%s\n", f.Name(), text)
	}
	return all.String(), err
}

// disturb is a person who changes what the action is about: the service's own
// weights, or the overlay.
func (w fileWorld) disturb(t testing.TB, a actuator.Action) {
	target := targetOf(a, "file")
	if strings.HasPrefix(target, "service ") {
		w.put(t, "base.yml", w.base("7"))
		name := traefik.NameOf(target)
		ours, err := filepath.Glob(filepath.Join(w.Dir, name+"*"))
		if err != nil {
			t.Fatal(err)
		}
		w.shows(t, "file", 7, 2*len(ours))
		return
	}
	w.put(t, traefik.NameOf(target)+".yml", "http: {services: {somebodys: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}}}\n")
}

func (w fileWorld) config(api string) traefik.Config {
	return traefik.Config{API: []string{api}, Service: "checkout@file", Directory: w.Dir}
}

func (w fileWorld) gateway(t *testing.T) *actuatortest.Gateway {
	w.reset(t)
	between := actuatortest.NewProxy(t, w.API)
	return &actuatortest.Gateway{
		Open: func(t testing.TB) actuator.Actuator { return adapter(t, w.config(between.URL), traefik.Options{}) },
		Look: w.look, Effect: w.effect, Disturb: w.disturb, Down: between.Down,
		Restart: func(t testing.TB) {
			files, err := filepath.Glob(filepath.Join(w.Dir, "slo-*"))
			if err != nil {
				t.Fatal(err)
			}
			routers := 0
			for _, file := range files {
				routers += strings.Count(read(t, file), `"rule"`)
			}
			w.Restart(w.t)
			w.shows(t, "file", 1, routers)
		},
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The suite, at a real Traefik with the file provider.
func TestFileConformance(t *testing.T) {
	w := newFileWorld(t)
	actuatortest.Run(t, actuatortest.Harness{Start: w.gateway, Actions: actions("file"), Missing: missing("file")})
}
