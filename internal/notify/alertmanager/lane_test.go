package alertmanager

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// One alert that Alertmanager refuses costs itself only.
func TestRefusedAlertHurtsOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		am := &recorder{name: "am", fail: func(_ context.Context, batch []Outgoing) error {
			for _, o := range batch {
				if o.Labels["slo"] == "slo-137" {
					return &Rejection{Content: true, Err: errors.New("invalid label set")}
				}
			}
			return nil
		}}
		d, stop := start(t, Options{Senders: []Sender{am}})
		defer stop()
		var batch []alerts.Alert
		for i := range 200 {
			batch = append(batch, page(fmt.Sprint("slo-", i), time.Now()))
		}
		d.Put(time.Now(), batch...)
		synctest.Wait()
		seen := map[string]bool{}
		for _, s := range am.taken() {
			for _, o := range s.batch {
				seen[o.Labels["slo"]] = true
			}
		}
		if len(seen) != 199 || seen["slo-137"] {
			t.Errorf("%d alerts arrived, want the 199 good ones", len(seen))
		}
	})
}

// A refusal of the request as such is not worth halving the batch for.
func TestRefusedRequestIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewPedanticRegistry()
		am := &recorder{name: "am", fail: func(context.Context, []Outgoing) error {
			return &Rejection{Err: errors.New("401 Unauthorized")}
		}}
		d, stop := start(t, Options{Senders: []Sender{am}, Registerer: reg})
		defer stop()
		now := time.Now()
		d.Put(now, page("a", now), page("b", now), page("c", now))
		pass(30 * time.Second)
		if n := len(am.tries()); n != 1 {
			t.Errorf("tried %d times before the resend, want once", n)
		}
		pass(time.Minute)
		if n := len(am.tries()); n != 2 {
			t.Errorf("tried %d times with the resend, want twice", n)
		}
		if got := testutil.ToFloat64(d.lanes[0].metrics.dropped); got != 6 {
			t.Errorf("dropped %v, want 6", got)
		}
		if got := testutil.ToFloat64(d.lanes[0].metrics.errors); got != 6 {
			t.Errorf("errors %v, want 6", got)
		}
	})
}

// A resolve that arrives while the firing version is in a failing request
// takes its place: the old version must never be sent after it.
func TestNewerVersionReplacesTheOneInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		am := &recorder{name: "am", fail: hang}
		d, stop := start(t, Options{Senders: []Sender{am}, Timeout: 5 * time.Second})
		defer stop()
		now := time.Now()
		a, b := page("a", now), page("b", now)
		d.Put(now, a, b)
		pass(time.Second)
		end := time.Now()
		d.Put(end, resolved(a, end))
		pass(time.Second)
		am.failWith(nil)
		pass(10 * time.Second)
		got := am.taken()
		if len(got) != 1 || len(got[0].batch) != 2 {
			t.Fatalf("got %+v, want both alerts in one request", got)
		}
		for _, o := range got[0].batch {
			if o.Labels["slo"] == "a" && !o.EndsAt.Equal(end) {
				t.Errorf("a was sent with end %s, want its resolve at %s", o.EndsAt, end)
			}
		}
	})
}

func TestStopDrains(t *testing.T) {
	slow := func(ctx context.Context, _ []Outgoing) error {
		select {
		case <-time.After(2 * time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	tests := map[string]struct {
		fail      func(context.Context, []Outgoing) error
		delivered int
		took      time.Duration
	}{
		"what waits is delivered":             {slow, 600, 6 * time.Second},
		"a sender that hangs costs the limit": {hang, 0, 8 * time.Second},
		"a sender that is away costs nothing": {down, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				am := &recorder{name: "am", fail: tt.fail}
				d, stop := start(t, Options{Senders: []Sender{am}, DrainTimeout: 8 * time.Second})
				now := time.Now()
				var batch []alerts.Alert
				for i := range 600 {
					batch = append(batch, page(fmt.Sprint("slo-", i), now))
				}
				d.Put(now, batch...)
				stop()
				n := 0
				for _, s := range am.taken() {
					n += len(s.batch)
				}
				if n != tt.delivered || time.Since(now) != tt.took {
					t.Errorf("delivered %d in %s, want %d in %s", n, time.Since(now), tt.delivered, tt.took)
				}
			})
		})
	}
}

// What is put in the very moment of the end is delivered all the same.
func TestStopDrainsTheLastPut(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			am := &recorder{name: "am"}
			d, stop := start(t, Options{Senders: []Sender{am}})
			d.Put(time.Now(), page("x", time.Now()))
			stop()
			if len(am.taken()) != 1 {
				t.Error("the last alert was not delivered")
			}
		})
	}
}

func TestLifecycle(t *testing.T) {
	d, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	d.Put(time.Now(), page("before run", time.Now()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := d.Run(ctx); err == nil {
		t.Error("a second Run succeeded")
	}
	d.Put(time.Now(), page("after run", time.Now()))
	if n := len(d.Active()); n != 2 {
		t.Errorf("%d alerts held, want 2", n)
	}
}

// A dispatcher with other senders takes over from one that has ended.
func TestSuccession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewPedanticRegistry()
		first, stop := start(t, Options{Senders: []Sender{&recorder{name: "old"}}, Registerer: reg})
		first.Put(time.Now(), page("x", time.Now()))
		pass(time.Second)
		stop()
		am := &recorder{name: "new"}
		second, stop := start(t, Options{Senders: []Sender{am}, Registerer: reg})
		second.Put(time.Now(), first.Active()...)
		synctest.Wait()
		if got := am.taken(); len(got) != 1 || got[0].batch[0].Labels["slo"] != "x" {
			t.Errorf("the new sender got %+v, want the alert", got)
		}
		stop()
		if families, err := reg.Gather(); err != nil || len(families) != 0 {
			t.Errorf("%d metric families are left, error %v", len(families), err)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	reg := prometheus.NewRegistry()
	if _, err := New(Options{Registerer: reg}); err != nil {
		t.Fatal(err)
	}
	tests := map[string]Options{
		"two senders of one name": {Senders: []Sender{&recorder{name: "x"}, &recorder{name: "x"}}},
		"negative resend":         {ResendInterval: -1},
		"negative capacity":       {QueueCapacity: -1},
		"metrics twice":           {Registerer: reg},
	}
	for name, opts := range tests {
		if _, err := New(opts); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}
