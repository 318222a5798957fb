package traefik_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/traefik"
	"github.com/slo-engine/slo-engine/test/lab"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// etcdWorld is a Traefik that watches an etcd.
type etcdWorld struct {
	*world
	etcd   *lab.Etcd
	person *clientv3.Client
	between
}

// between stands in the adapter's connections to etcd, and troubles its writes.
type between struct {
	mu     sync.Mutex
	before func()
	hang   chan struct{} // not nil: answers to writes are lost until it is closed
	fault  error
}

func (b *between) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if txn, ok := req.(*etcdserverpb.TxnRequest); !ok || len(txn.Compare) == 0 {
		return call(ctx, method, req, reply, cc, opts...)
	}
	b.mu.Lock()
	before, hang, fault := b.before, b.hang, b.fault
	b.before = nil
	b.mu.Unlock()
	if before != nil {
		before()
	}
	if fault != nil {
		return fault
	}
	err := call(ctx, method, req, reply, cc, opts...)
	if hang != nil && err == nil {
		select {
		case <-hang:
		case <-ctx.Done():
		}
		<-ctx.Done()
		err = status.FromContextError(ctx.Err()).Err()
	}
	return err
}

func (b *between) set(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

// fail is a Fault.Set.
func (b *between) fail(err error) func(testing.TB) (end func()) {
	return func(testing.TB) func() {
		b.set(func() { b.fault = err })
		return func() { b.set(func() { b.fault = nil }) }
	}
}

func newEtcdWorld(t testing.TB) *etcdWorld {
	t.Helper()
	w := &etcdWorld{etcd: lab.StartEtcd(t)}
	var err error
	if w.person, err = clientv3.New(clientv3.Config{Endpoints: []string{w.etcd.URL}, Logger: zap.NewNop()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.person.Close() })
	w.world = newWorld(t, "  etcd: {endpoints: ['"+strings.TrimPrefix(w.etcd.URL, "http://")+"']}\n")
	w.reset(t)
	return w
}

// first are the keys of the first state.
func (w *etcdWorld) first() map[string]string {
	keys := map[string]string{}
	for name, r := range map[string][3]string{
		"www": {"PathPrefix(`/`)", "checkout", "1"}, "pay": {"Path(`/pay`)", "v1", "20"},
		"list": {"Path(`/list`)", "v1", "40"}, "inventory": {"PathPrefix(`/inventory`)", "inventory", "30"},
	} {
		at := "traefik/http/routers/" + name + "/"
		keys[at+"rule"], keys[at+"service"], keys[at+"priority"], keys[at+"entryPoints/0"] = r[0], r[1], r[2], "web"
	}
	keys["traefik/http/routers/www/middlewares/0"] = "tag"
	keys["traefik/http/middlewares/tag/headers/customRequestHeaders/X-Tag"] = "1"
	for i, name := range []string{"v1", "v2", "v3"} {
		at := fmt.Sprintf("traefik/http/services/checkout/weighted/services/%d/", i)
		keys[at+"name"], keys[at+"weight"] = name, "1"
		keys["traefik/http/services/"+name+"/loadBalancer/servers/0/url"] = w.v[name]
	}
	for _, name := range []string{"inventory", "unused"} {
		keys["traefik/http/services/"+name+"/loadBalancer/servers/0/url"] = w.v["v2"]
	}
	return keys
}

// reset brings that back, in one transaction.
func (w *etcdWorld) reset(t testing.TB) {
	t.Helper()
	var ops []clientv3.Op
	now, err := w.person.Get(t.Context(), "", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		t.Fatal(err)
	}
	first := w.first()
	for _, kv := range now.Kvs {
		if _, stays := first[string(kv.Key)]; !stays {
			ops = append(ops, clientv3.OpDelete(string(kv.Key)))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(first)) {
		ops = append(ops, clientv3.OpPut(key, first[key]))
	}
	if _, err := w.person.Txn(t.Context()).Then(ops...).Commit(); err != nil {
		t.Fatal(err)
	}
	w.shows(t, "etcd", 1, 0)
}

// look is all that Traefik may see.
func (w *etcdWorld) look(ctx context.Context) (string, error) {
	got, err := w.person.Get(ctx, "traefik/", clientv3.WithPrefix())
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, kv := range got.Kvs {
		fmt.Fprintf(&all, "%s = %s\n", kv.Key, kv.Value)
	}
	return all.String(), nil
}

func (w *etcdWorld) put(t testing.TB, key, value string) {
	t.Helper()
	if _, err := w.person.Put(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
}

// disturb is a person who changes what the action is about.
func (w *etcdWorld) disturb(t testing.TB, a actuator.Action) {
	target := targetOf(a, "etcd")
	if !strings.HasPrefix(target, "service ") {
		w.put(t, "traefik/http/middlewares/"+traefik.NameOf(target)+"-0/ipAllowList/rejectStatusCode", "404")
		return
	}
	w.put(t, "traefik/http/services/checkout/weighted/services/1/weight", "7")
	w.shows(t, "etcd", 7, w.ours(t))
}

// ours is how many routers of ours there are.
func (w *etcdWorld) ours(t testing.TB) (n int) {
	t.Helper()
	got, err := w.person.Get(t.Context(), "traefik/http/routers/slo-", clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range got.Kvs {
		if strings.HasSuffix(string(kv.Key), "/rule") {
			n++
		}
	}
	return n
}

func (w *etcdWorld) config(api string) traefik.Config {
	return traefik.Config{API: []string{api}, Service: "checkout@etcd", Etcd: &traefik.Etcd{Endpoints: []string{w.etcd.URL}}}
}

func (w *etcdWorld) adapter(t testing.TB, api string) actuator.Actuator {
	return adapter(t, w.config(api), traefik.Options{GRPC: []grpc.DialOption{grpc.WithChainUnaryInterceptor(w.intercept)}})
}

func (w *etcdWorld) gateway(t *testing.T) *actuatortest.Gateway {
	w.reset(t)
	proxy := actuatortest.NewProxy(t, w.API)
	return &actuatortest.Gateway{
		Open: func(t testing.TB) actuator.Actuator { return w.adapter(t, proxy.URL) },
		Look: w.look, Effect: w.effect, Disturb: w.disturb, Down: proxy.Down,
		Restart: func(t testing.TB) {
			w.Traefik.Restart(w.t)
			w.shows(t, "etcd", 1, w.ours(t))
		},
		BeforeWrite: func(_ testing.TB, do func()) { w.set(func() { w.before = do }) },
		Hang: func(testing.TB) (end func()) {
			hang := make(chan struct{})
			w.set(func() { w.hang = hang })
			return func() { w.set(func() { w.hang = nil }); close(hang) }
		},
		Faults: []actuatortest.Fault{
			{Name: "no space", Set: w.fail(rpctypes.ErrGRPCNoSpace), Want: actuator.ErrUnavailable},
			{Name: "no permission", Set: w.fail(rpctypes.ErrGRPCPermissionDenied), Want: actuator.ErrRefused},
			{Name: "its leader is away", Set: w.fail(rpctypes.ErrGRPCTimeoutDueToLeaderFail), Want: actuator.ErrUncertain},
		},
	}
}

// The suite, at a real Traefik with a real etcd: leases expire, and who leads no
// longer writes nothing.
func TestEtcdConformance(t *testing.T) {
	w := newEtcdWorld(t)
	fewer := slices.DeleteFunc(actions("etcd"), func(a actuator.Action) bool { // as with files, they are like others
		return a.Kind == actuator.Drain || a.Kind == actuator.Shift && a.To == ""
	})
	actuatortest.Run(t, actuatortest.Harness{
		Start: w.gateway, Actions: fewer, Missing: missing("etcd"), Elsewhere: []actuator.Kind{actuator.Drain},
	})
}

// An etcd that is away is not available, whatever Traefik says.
func TestEtcdAway(t *testing.T) {
	w := newEtcd(t)
	a := w.adapter(t, w.API)
	plan, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Eject, Member: "v2"})
	if err != nil {
		t.Fatal(err)
	}
	w.etcd.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = a.Write(ctx, actuator.Write{Action: "act-01", Target: plan.Target, From: plan.Before, To: plan.After})
	if !errors.Is(err, actuator.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	w.etcd.Restart(t)
	if _, err = a.Write(t.Context(), actuator.Write{Action: "act-01", Target: plan.Target, From: plan.Before, To: plan.After}); err != nil {
		t.Error(err)
	}
}

// A lease that is asked for longer than it was granted is given another; what was
// written without one stays.
func TestRenewLonger(t *testing.T) {
	w := newEtcd(t)
	a := w.adapter(t, w.API)
	leaser, ok := a.(actuator.Leaser)
	if !ok {
		t.Fatal("it is no Leaser")
	}
	plan, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Eject, Member: "v2"})
	if err != nil {
		t.Fatal(err)
	}
	write := func(until time.Time) {
		t.Helper()
		live, err := a.Read(t.Context(), plan.Target)
		if err != nil {
			t.Fatal(err)
		}
		to := plan.After
		if actuator.Same(live.Value, to) {
			to = plan.Before.Value
		}
		if _, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: plan.Target, From: live, To: to, Until: until}); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (seconds int64) {
		t.Helper()
		got, err := w.person.Get(t.Context(), "traefik/http/routers/slo-", clientv3.WithPrefix(), clientv3.WithLimit(1))
		if err != nil || len(got.Kvs) == 0 {
			t.Fatalf("no keys: %v", err)
		}
		if got.Kvs[0].Lease == 0 {
			return 0
		}
		lease, err := w.person.TimeToLive(t.Context(), clientv3.LeaseID(got.Kvs[0].Lease))
		if err != nil {
			t.Fatal(err)
		}
		return lease.GrantedTTL
	}
	write(time.Now().Add(time.Minute))
	if err := leaser.Renew(t.Context(), plan.Target, "act-01", time.Now().Add(time.Minute)); err != nil || left() > 61 {
		t.Errorf("renewed for a minute: %v, %d s", err, left())
	}
	if err := leaser.Renew(t.Context(), plan.Target, "act-01", time.Now().Add(time.Hour)); err != nil || left() < 3500 {
		t.Errorf("renewed for an hour: %v, %d s", err, left())
	}
	if err := leaser.Renew(t.Context(), plan.Target, "act-02", time.Now().Add(time.Hour)); !errors.Is(err, actuator.ErrGone) {
		t.Errorf("renewed by another action: %v", err)
	}
	write(time.Time{}) // takes it back
	write(time.Time{}) // writes it for good
	if err := leaser.Renew(t.Context(), plan.Target, "act-01", time.Now().Add(time.Hour)); err != nil || left() != 0 {
		t.Errorf("renewed what has no lease: %v, %d s", err, left())
	}
	leases, err := w.person.Leases(t.Context())
	if err != nil || len(leases.Leases) != 0 {
		t.Errorf("leases are left: %v, %v", leases, err)
	}
}
