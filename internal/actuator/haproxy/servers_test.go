package haproxy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/haproxy"
	"github.com/slo-engine/slo-engine/test/lab"
)

// weights are those of a value, in the order of the servers' names.
func weights(t *testing.T, v actuator.Value) string {
	t.Helper()
	var servers map[string]struct{ Weight int }
	if err := json.Unmarshal(v, &servers); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, name := range []string{"spare", "v1", "v2", "v3"} {
		if s, there := servers[name]; there {
			list = append(list, fmt.Sprintf("%s %d", name, s.Weight))
		}
	}
	return strings.Join(list, ", ")
}

// What a shift makes of weights.
func TestShift(t *testing.T) {
	p := startProxy(t)
	tests := []struct {
		name, backend, setup string
		action               actuator.Action
		want                 string // weights
		err                  error
	}{
		{"all to one", "checkout", "", actuator.Action{From: "v2", To: "v1", Share: 1}, "spare 1, v1 2, v2 0, v3 1", nil},
		{"half to one, too fine for ones", "checkout", "", actuator.Action{From: "v2", To: "v1", Share: 0.5}, "spare 2, v1 3, v2 1, v3 2", nil},
		{"some to all others", "checkout", "", actuator.Action{From: "v2", Share: 0.25}, "spare 3, v1 3, v2 2, v3 3", nil},
		{"more than there may be", "checkout", "set server checkout/v1 weight 200;set server checkout/v2 weight 200",
			actuator.Action{From: "v2", To: "v1", Share: 1}, "spare 1, v1 256, v2 0, v3 1", nil},
		{"a taker that is out", "checkout", "set server checkout/v1 state drain", actuator.Action{From: "v2", To: "v1", Share: 1}, "", actuator.ErrRefused},
		{"a giver that has nothing", "checkout", "set server checkout/v2 weight 0", actuator.Action{From: "v2", To: "v1", Share: 1}, "", actuator.ErrRefused},
		{"to a backup", "checkout", "", actuator.Action{From: "v2", To: "spare", Share: 1}, "", actuator.ErrRefused},
		{"nobody is left", "checkout", "set server checkout/v1 state maint;set server checkout/v3 state maint",
			actuator.Action{From: "v2", Share: 1}, "", actuator.ErrRefused},
		{"static, all of it", "static", "", actuator.Action{From: "v2", To: "v1", Share: 1}, "v1 1, v2 0", nil},
		{"static, a part", "static", "", actuator.Action{From: "v2", To: "v1", Share: 0.5}, "", actuator.ErrUnsupported},
		{"no weights at all", "first", "", actuator.Action{From: "v2", Share: 1}, "", actuator.ErrUnsupported},
		{"not a share", "checkout", "", actuator.Action{From: "v2", Share: 1.5}, "", actuator.ErrRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := p.adapter(t, tt.backend)
			for _, s := range []string{"v1", "v2", "v3"} {
				p.say(t, "set server checkout/"+s+" weight 1;set server checkout/"+s+" state ready")
			}
			lab.Eventually(t, within, func() error { return allUp(a, t) })
			p.say(t, "help;"+tt.setup)
			tt.action.Kind = actuator.Shift
			plan, err := a.Plan(t.Context(), tt.action)
			if !errors.Is(err, tt.err) {
				t.Fatalf("plan: %v, want %v", err, tt.err)
			}
			if tt.err == nil {
				if got := weights(t, plan.After); got != tt.want {
					t.Errorf("weights %s, want %s", got, tt.want)
				}
			}
		})
	}
}

// allUp wants no server's checks to fail.
func allUp(a *haproxy.Actuator, t *testing.T) error {
	live, err := a.Read(t.Context(), "backend checkout")
	if err != nil {
		return err
	}
	for _, m := range live.Members {
		if m.Healthy != nil && !*m.Healthy {
			return fmt.Errorf("%s is down", m.Name)
		}
	}
	return nil
}

// A part that HAProxy refuses takes the other parts with it: hashes without
// `hash-type consistent` do not show that they take no weights.
func TestPartlyRefused(t *testing.T) {
	p := startProxy(t)
	a := p.adapter(t, "hashed")
	live, err := a.Read(t.Context(), "backend hashed")
	if err != nil {
		t.Fatal(err)
	}
	before, err := p.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	to := strings.NewReplacer(`"v1":{"state":"ready","weight":1}`, `"v1":{"state":"drain","weight":5}`, `"weight":3`, `"weight":0`)
	_, err = a.Write(t.Context(), actuator.Write{
		Action: "act-01", Target: "backend hashed", From: live, To: actuator.Value(to.Replace(string(live.Value))),
	})
	if !errors.Is(err, actuator.ErrRefused) || !strings.Contains(err.Error(), "static LB algorithm") {
		t.Errorf("a weight for a static algorithm: %v", err)
	}
	after, err := p.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("something of it stayed (-before +after):\n%s", diff)
	}
}

// What is out stays out: an action neither takes it out nor lets it in again.
func TestNotOurs(t *testing.T) {
	p := startProxy(t)
	a := p.adapter(t, "hashed") // whose v3 the configuration disables
	plan, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Drain, Member: "v3"})
	if err != nil || !actuator.Same(plan.Before.Value, plan.After) {
		t.Errorf("drain what is in maintenance: %s, %v", plan.After, err)
	}
	plan, err = a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Breaker, Dependency: "hashed"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range append(plan.Requests, plan.Undo...) {
		if strings.Contains(r.Line, "v3") {
			t.Errorf("%s: it was in maintenance before", r.Line)
		}
	}
}

// A server whose checks fail has no share, and is not healthy; one without
// checks says nothing.
func TestMembers(t *testing.T) {
	p := startProxy(t)
	p.say(t, "set server checkout/v2 health down")
	live, err := p.adapter(t, "checkout").Read(t.Context(), "backend checkout")
	if err != nil {
		t.Fatal(err)
	}
	want := []actuator.Member{
		{Name: "v1", Share: 0.5, Healthy: new(true)}, {Name: "v2", Healthy: new(false)}, {Name: "v3", Share: 0.5}, {Name: "spare"},
	}
	if diff := cmp.Diff(want, live.Members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	p.say(t, "set server checkout/v1 state maint;set server checkout/v2 state maint;set server checkout/v3 state maint")
	live, err = p.adapter(t, "checkout").Read(t.Context(), "backend checkout")
	if err != nil || live.Members[3].Share != 1 {
		t.Errorf("the backup has no traffic: %+v, %v", live.Members, err)
	}
}
