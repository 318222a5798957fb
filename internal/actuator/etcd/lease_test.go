package etcd_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/test/lab"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// It ends at its time by the clocks of engine and gateway, however late etcd is;
// what has ended cannot be renewed.
func TestEnd(t *testing.T) {
	b := newBed(t)
	action := eject
	action.Expires = b.now.Add(time.Hour)
	p := b.do(t, action)
	if err := b.a.Renew(t.Context(), p.Target, action.ID, b.now.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(2*time.Hour - time.Second)
	if live := b.live(t); !actuator.Same(live.Value, p.After) {
		t.Errorf("it was renewed, and %s is live", live.Value)
	}
	if err := b.a.Renew(t.Context(), p.Target, "act-02", b.now.Add(time.Hour)); !errors.Is(err, actuator.ErrGone) {
		t.Errorf("renew what another action holds: %v", err)
	}
	b.now = b.now.Add(time.Second)
	if live := b.live(t); !actuator.Same(live.Value, p.Before.Value) || live.Owner != "" {
		t.Errorf("it is over, and %+v is live", live)
	}
	if err := b.a.Renew(t.Context(), p.Target, action.ID, b.now.Add(time.Hour)); !errors.Is(err, actuator.ErrGone) {
		t.Errorf("renew what is over: %v", err)
	}
	_, err := b.a.Write(t.Context(), actuator.Write{Action: action.ID, Target: p.Target, From: b.live(t), To: p.After, Until: b.now})
	if !errors.Is(err, actuator.ErrRefused) {
		t.Errorf("write what is over: %v", err)
	}
}

// etcd itself deletes what is not renewed, and keeps what has no end.
func TestLease(t *testing.T) {
	b := newBed(t)
	action := eject
	action.Expires = b.now.Add(2 * time.Second)
	b.do(t, action)
	b.do(t, actuator.Action{ID: "act-02", Kind: actuator.CloseRoute, Route: "pay"})
	lab.Eventually(t, within, func() error {
		left, err := b.client.Get(t.Context(), "/gateway/overlay/", clientv3.WithPrefix())
		if err == nil && (len(left.Kvs) != 1 || string(left.Kvs[0].Key) != "/gateway/overlay/route/pay") {
			err = fmt.Errorf("there are %v", left.Kvs)
		}
		return err
	})
}

// A lease has its full time again when etcd's leader changes. The gateway ends
// the action at its time all the same, and so it is read.
func TestLateLease(t *testing.T) {
	b := newBed(t)
	action := eject
	action.Expires = b.now.Add(3 * time.Second)
	p := b.do(t, action)
	b.etcd.Stop()
	b.etcd.Restart(t)
	lab.Eventually(t, within, func() error {
		b.now = time.Now()
		seen, err := b.answers(t.Context(), "", 30)
		read := actuator.Same(b.live(t).Value, p.Before.Value)
		switch over := !time.Now().Before(action.Expires); {
		case err != nil:
			return err
		case !over && (read || seen["v2"] > 0):
			t.Fatalf("it has ended early: %t, %v", read, seen)
		case !over || !read || seen["v2"] == 0:
			return fmt.Errorf("the gateway answers %v", seen)
		}
		return nil
	})
	lab.Eventually(t, within, func() error {
		left, err := b.client.Get(t.Context(), "/gateway/overlay/", clientv3.WithPrefix())
		if err == nil && len(left.Kvs) > 0 {
			err = fmt.Errorf("there are %v", left.Kvs)
		}
		return err
	})
	t.Logf("etcd deleted the key %s late", time.Since(action.Expires).Round(10*time.Millisecond))
}
