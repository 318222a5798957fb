package heal

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/test/lab"
)

// The example of a playbook is drilled at a real HAProxy that runs the example's
// configuration: first nothing is written, then each action is done, seen and
// taken back.
func TestDrillOfTheExample(t *testing.T) {
	t.Parallel()
	example := func(name string) string {
		data, err := os.ReadFile(filepath.Join("../../examples/healing", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	_, parts, found := strings.Cut(example("haproxy.cfg"), "\nfrontend ")
	if !found {
		t.Fatal("the example's configuration has no frontend")
	}
	proxy := lab.StartHAProxy(t, func(addr, _ string) string {
		return strings.ReplaceAll("frontend "+parts, "127.0.0.1:8080", addr)
	})
	e := lab.NewEngine(t, map[string]string{
		"checkout.yaml": strings.ReplaceAll(example("checkout.yaml"), "/run/haproxy/admin.sock", proxy.Socket),
		"slo-engine.yaml": "otlp: {grpc: off, http: off}\n" +
			strings.ReplaceAll(example("slo-engine.yaml"), "mode: dry_run", "mode: enforce"),
	})
	e.Start(t)

	// Names, states and weights of the servers, without the time since they changed.
	weights := func() (all []string) {
		answer, err := say(proxy.Socket, "show servers state checkout")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(answer) {
			if f := strings.Fields(line); len(f) > 9 && f[1] == "checkout" {
				all = append(all, strings.Join(f[3:9], " "))
			}
		}
		return all
	}
	before := weights()
	if len(before) != 2 {
		t.Fatalf("HAProxy has %q", before)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"checkout-back-to-stable, rehearsed: nothing was written", "set server checkout/v2 state drain"}},
		{[]string{"--for-real"}, []string{"for real: each action was live, and is taken back", "what was there before is there again"}},
	} {
		args := append([]string{"actions", "drill", "checkout-back-to-stable", "--label", "service=checkout", "--url", e.URL}, c.args...)
		out, code := e.Command(t, args...)
		if code != 0 {
			t.Errorf("%v exits with %d", c.args, code)
		}
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%v does not say %q", c.args, want)
			}
		}
		if t.Failed() {
			t.Fatal(out)
		}
		t.Log(out)
		if after := weights(); !slices.Equal(after, before) {
			t.Errorf("%v leaves %q of %q", c.args, after, before)
		}
	}
	if out, code := e.Command(t, "actions", "drill", "nobody", "--url", e.URL); code == 0 || !strings.Contains(out, "nobody") {
		t.Errorf("a playbook that is not there: exit %d, %s", code, out)
	}
}
