package etcd_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/etcd"
	"github.com/slo-engine/slo-engine/test/lab"
)

var eject = actuator.Action{ID: "act-01", Kind: actuator.Eject, Member: "v2"}

// bed is an etcd with a gateway, and an adapter whose clock can be set.
type bed struct {
	*edge
	etcd *lab.Etcd
	a    *etcd.Actuator
	now  time.Time
}

func newBed(t *testing.T) *bed {
	t.Helper()
	e := lab.StartEtcd(t)
	b := &bed{edge: start(t, e, "/gateway"), etcd: e, now: time.Now()}
	var err error
	b.a, err = etcd.New(etcd.Config{Endpoints: []string{e.URL}, Prefix: "/gateway", Group: "checkout"}, etcd.Options{Now: func() time.Time { return b.now }})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bed) plan(t *testing.T, a actuator.Action) actuator.Plan {
	t.Helper()
	p, err := b.a.Plan(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// do carries an action out.
func (b *bed) do(t *testing.T, a actuator.Action) actuator.Plan {
	t.Helper()
	p := b.plan(t, a)
	_, err := b.a.Write(t.Context(), actuator.Write{Action: a.ID, Target: p.Target, From: p.Before, To: p.After, Until: a.Expires})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// live is what the adapter says of the group.
func (b *bed) live(t *testing.T) actuator.Live {
	t.Helper()
	live, err := b.a.Read(t.Context(), "weights checkout")
	if err != nil {
		t.Fatal(err)
	}
	return live
}

// What a plan shows is what is sent, lease and all.
func TestRequests(t *testing.T) {
	b := newBed(t)
	action := eject
	action.Epoch, action.Expires = 8, b.now.Add(90500*time.Millisecond)
	p := b.plan(t, action)
	x, err := b.a.Write(t.Context(), actuator.Write{Action: action.ID, Epoch: 8, Target: p.Target, From: p.Before, To: p.After, Until: action.Expires})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Requests, x.Requests); diff != "" {
		t.Errorf("requests (-planned +sent):\n%s", diff)
	}
	version := p.Before.Version
	want := []actuator.Request{{Line: "lease grant 91"}, {
		Line: "txn put /gateway/overlay/weights/checkout",
		Headers: []string{
			`mod("/gateway/weights/checkout") = "` + version + `"`, `mod("/gateway/overlay/weights/checkout") = "0"`, `mod("/gateway/epoch") = "0"`,
		},
		Body: `put /gateway/overlay/weights/checkout {"action":"act-01","over":` + version + `,"expires_at":"` + action.Expires.UTC().Format(time.RFC3339Nano) +
			`","value":{"v1":1,"v2":0,"v3":1}}` + "\n" + `put /gateway/done/weights/checkout {"action":"act-01","value":{"v1":1,"v2":0,"v3":1}}` + "\nput /gateway/epoch 8",
	}}
	if diff := cmp.Diff(want, p.Requests); diff != "" {
		t.Errorf("requests (-want +planned):\n%s", diff)
	}
}

// Who writes the document has the last word at once, and the next action is
// about what was written then.
func TestPeopleWin(t *testing.T) {
	b := newBed(t)
	p := b.do(t, eject)
	b.put(t, "weights/checkout", string(p.Before.Value)) // the same again
	if live := b.live(t); !actuator.Same(live.Value, p.Before.Value) || live.Owner != "" {
		t.Errorf("somebody wrote the document, and %+v is live", live)
	}
	if seen, err := b.answers(t.Context(), "", 30); err != nil || seen["v2"] == 0 {
		t.Errorf("the gateway answers %v, %v", seen, err)
	}
	if err := b.a.Renew(t.Context(), p.Target, eject.ID, b.now.Add(time.Hour)); !errors.Is(err, actuator.ErrGone) {
		t.Errorf("renew what somebody has ended: %v", err)
	}
	_, err := b.a.Write(t.Context(), actuator.Write{Action: eject.ID, Target: p.Target, From: p.Before, To: p.After})
	if !errors.Is(err, actuator.ErrConflict) {
		t.Errorf("write over what was written since: %v", err)
	}
	again := eject
	again.ID = "act-02"
	b.do(t, again)
	if live := b.live(t); live.Owner != "act-02" {
		t.Errorf("live is %+v", live)
	}
}

// What another action holds is not written.
func TestHeldByAnother(t *testing.T) {
	b := newBed(t)
	b.do(t, eject)
	other := actuator.Action{ID: "act-02", Kind: actuator.Eject, Member: "v3"}
	if _, err := b.a.Plan(t.Context(), other); !errors.Is(err, actuator.ErrConflict) || !strings.Contains(err.Error(), "act-01") {
		t.Errorf("plan: %v", err)
	}
	live := b.live(t)
	for _, to := range []actuator.Value{live.Value, actuator.Value(`{"v1":1,"v2":0,"v3":0}`)} {
		_, err := b.a.Write(t.Context(), actuator.Write{Action: "act-02", Target: "weights checkout", From: live, To: to})
		if !errors.Is(err, actuator.ErrConflict) {
			t.Errorf("write %s: %v", to, err)
		}
	}
}

// A node that is behind is named, and who is well is said.
func TestNodes(t *testing.T) {
	b := newBed(t)
	b.put(t, "health/checkout", `{"v1": true, "v2": false}`)
	b.put(t, "node/two", `{"revision": 1}`)
	b.put(t, "node/three", `nonsense`)
	want := actuator.Live{Unsettled: []string{"three", "two"}, Members: []actuator.Member{
		{Name: "v1", Share: 1. / 3, Healthy: new(true)}, {Name: "v2", Share: 1. / 3, Healthy: new(false)}, {Name: "v3", Share: 1. / 3},
	}}
	live := b.live(t)
	if diff := cmp.Diff(want, actuator.Live{Unsettled: live.Unsettled, Members: live.Members}); diff != "" {
		t.Errorf("live (-want +got):\n%s", diff)
	}
}

// Documents that make no sense are refused, and shown as they are; what is so
// already needs nothing.
func TestDocuments(t *testing.T) {
	b := newBed(t)
	shut := actuator.Action{ID: "act-01", Kind: actuator.CloseRoute, Route: "pay"}
	limit := actuator.Action{ID: "act-01", Kind: actuator.RateLimit, Route: "pay", PerSecond: 5}
	for _, tt := range []struct {
		key, text string
		action    actuator.Action
		want      error // nil: nothing to do
	}{
		{"weights/checkout", `torn {`, eject, actuator.ErrRefused},
		{"weights/checkout", `{"v2": -1}`, eject, actuator.ErrRefused},
		{"weights/checkout", `{"v2": 0.5}`, eject, actuator.ErrRefused},
		{"weights/checkout", `{"v1": 1, "v2": 0}`, eject, nil},
		{"route/pay", `"shut"`, shut, actuator.ErrRefused},
		{"route/pay", `{"state": "closed", "status": 404}`, shut, nil},
		{"rate/pay", `4`, limit, nil},
	} {
		b.put(t, tt.key, tt.text)
		p, err := b.a.Plan(t.Context(), tt.action)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s %s: %v, want %v", tt.key, tt.text, err, tt.want)
		}
		if tt.want == nil && !actuator.Same(p.Before.Value, p.After) {
			t.Errorf("%s %s: planned %s", tt.key, tt.text, p.After)
		}
		if _, err := b.a.Read(t.Context(), strings.Replace(tt.key, "/", " ", 1)); err != nil {
			t.Errorf("%s %s: read: %v", tt.key, tt.text, err)
		}
	}
	limit.PerSecond = 0
	if _, err := b.a.Plan(t.Context(), limit); !errors.Is(err, actuator.ErrRefused) {
		t.Errorf("a limit of 0: %v", err)
	}
}

// Keys that hold nonsense are either in nobody's way, or named.
func TestNonsense(t *testing.T) {
	b := newBed(t)
	b.put(t, "overlay/weights/checkout", `torn {`)
	p := b.do(t, eject)
	for _, to := range []string{`{"v1":-1,"v2":0,"v3":1}`, `{"v9":1}`, `torn {`, `7`} {
		_, err := b.a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: b.live(t), To: actuator.Value(to)})
		if !errors.Is(err, actuator.ErrRefused) {
			t.Errorf("write %s: %v", to, err)
		}
	}
	b.put(t, "health/checkout", strings.Repeat(" ", 1<<20))
	if _, err := b.a.Read(t.Context(), p.Target); !errors.Is(err, actuator.ErrUnavailable) {
		t.Errorf("more than enough: %v", err)
	}
	b.put(t, "health/checkout", "{}")
	b.put(t, "epoch", "first")
	if _, err := b.a.Read(t.Context(), p.Target); !errors.Is(err, actuator.ErrRefused) || !strings.Contains(err.Error(), "/gateway/epoch") {
		t.Errorf("an epoch that is none: %v", err)
	}
}
