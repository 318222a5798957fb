package demo

import (
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/haproxy"
)

// controlled is a pool behind a control port.
func controlled(t *testing.T) (*pool, string) {
	t.Helper()
	l, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	p := newPool(0.5)
	c := serveControl(l, p)
	t.Cleanup(c.close)
	return p, l.Addr().String()
}

// The engine's own adapter, which knows the real HAProxy, takes the gateway for
// one: it plans, writes, and goes back in steps.
func TestControlIsHAProxys(t *testing.T) {
	p, address := controlled(t)
	a, err := haproxy.New(haproxy.Config{Socket: address, Backend: "checkout"}, haproxy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Shift, From: "v2", To: "v1", Share: 1})
	if err != nil {
		t.Fatal(err)
	}
	half, err := a.Between(plan.After, plan.Before.Value, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	from := plan.Before
	for _, step := range []struct {
		to    actuator.Value
		share float64
	}{{plan.After, 0}, {half, 0.25}, {plan.Before.Value, 0.5}} {
		if _, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: plan.Target, From: from, To: step.to}); err != nil {
			t.Fatal(err)
		}
		if got := p.share("v2"); math.Abs(got-step.share) > 0.005 {
			t.Errorf("after %s v2 gets %v, want %v", step.to, got, step.share)
		}
		if from, err = a.Read(t.Context(), plan.Target); err != nil {
			t.Fatal(err)
		}
	}
}

func ask(t *testing.T, address, line string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintln(conn, line)
	text, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What it cannot do it says, and changes nothing.
func TestControlRefuses(t *testing.T) {
	p, address := controlled(t)
	before := p.list()
	for line, want := range map[string]string{
		"show servers state inventory":       "Can't find backend",
		"set server checkout/v3 weight 1":    "No such server",
		"set server inventory/v1 weight 1":   "No such server",
		"set server checkout/v1 weight 257":  "between 0 and 256",
		"set server checkout/v1 weight much": "between 0 and 256",
		"set server checkout/v1 state gone":  "expects 'ready'",
		"set server checkout/v1 health down": "only supports",
		"shutdown frontend shop":             "Unknown command",
		"":                                   "Unknown command",
	} {
		if got := ask(t, address, line); !strings.Contains(got, want) {
			t.Errorf("%q is answered %q, want %q", line, got, want)
		}
	}
	if diff := cmp.Diff(before, p.list(), cmp.AllowUnexported(poolServer{})); diff != "" {
		t.Errorf("something of it changed (-before +after):\n%s", diff)
	}
}

// Who is drained or in maintenance gets nothing; where all are, nobody does.
func TestPoolKeepsStates(t *testing.T) {
	p, address := controlled(t)
	if got := ask(t, address, "set server checkout/v2 state drain;set server checkout/v1 weight 7"); strings.TrimSpace(got) != "" {
		t.Errorf("success is not silent: %q", got)
	}
	for range 10 {
		if next := p.pick(); next != 0 {
			t.Fatalf("server %d is picked, and it is drained", next)
		}
	}
	ask(t, address, "set server checkout/v1 state maint")
	if next := p.pick(); next != -1 {
		t.Errorf("server %d is picked, and nobody is ready", next)
	}
}
