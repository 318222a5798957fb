package demo

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The shop alone: what arrives at the receivers, over three protocols, is what
// was served, and what was served is what was asked for.
func TestShopTellsWhatItServes(t *testing.T) {
	r := newReceivers(t)
	o, err := r.options(t).check()
	if err != nil {
		t.Fatal(err)
	}
	p := mustPlan(t)
	p.push = 100 * time.Millisecond
	s, err := openShop(t.Context(), o, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.prime(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := map[string]counts{
		gatewayAvailability:  r.sum("gateway"),
		checkoutAvailability: r.sum("checkout.requests"),
		checkoutLatency:      r.sum("http.server.request.duration"),
	}
	if want := s.opened; !cmp.Equal(want, before, cmp.AllowUnexported(counts{})) {
		t.Errorf("before the load the receivers hold %v, the shop served %v", before, want)
	}

	if err := s.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "good traffic", func() bool { return s.load.answered.Load() > 50 })
	s.breakV2()
	eventually(t, "slow errors", func() bool { return s.books.gateway.counts().bad() > 20 })
	s.repairV2()
	served, err := s.finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	got := map[string]counts{
		gatewayAvailability:  r.sum("gateway").sub(before[gatewayAvailability]),
		checkoutAvailability: r.sum("checkout.requests").sub(before[checkoutAvailability]),
		checkoutLatency:      r.sum("http.server.request.duration").sub(before[checkoutLatency]),
	}
	if diff := cmp.Diff(served, got, cmp.AllowUnexported(counts{})); diff != "" {
		t.Errorf("the receivers hold other counts than the shop (-shop +receivers):\n%s", diff)
	}
	if sent := float64(s.load.sent.Load()); served[gatewayAvailability].total != sent {
		t.Errorf("the gateway served %v requests, %v were sent", served[gatewayAvailability].total, sent)
	}
	if bad := served[gatewayAvailability].bad(); bad != served[checkoutAvailability].bad() || bad != served[checkoutLatency].bad() {
		t.Errorf("every failure is slow and passes the gateway, but served = %v", served)
	}
	for _, protocol := range []string{"write", "grpc", "http"} {
		if r.pushes[protocol] < 3 {
			t.Errorf("%d pushes over %s, want one at each interval", r.pushes[protocol], protocol)
		}
	}
	if err := s.close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("no %s in 30 s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// A broken v2 fails four of five on each route, and the gateway takes turns:
// the story's arithmetic rests on both.
func TestSharesAreExact(t *testing.T) {
	c := newCheckout("v2", 1, 0.8, new(books), nil)
	c.broken.Store(true)
	failed := 0
	for range 1000 {
		if code, _ := c.draw("/pay"); code != 200 {
			failed++
		}
	}
	if failed != 800 {
		t.Errorf("%d of 1000 answers failed, want 800", failed)
	}
	p := newPool(0.2)
	split := make([]int, 2)
	for range 1000 {
		split[p.pick()]++
	}
	if diff := cmp.Diff([]int{800, 200}, split); diff != "" {
		t.Errorf("a canary share of 0.2 splits (-want +got):\n%s", diff)
	}
}

// A shop that cannot deliver says which way, and closes all that it opened.
func TestShopThatCannotDeliver(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*receivers, *Options)
		want  string
	}{
		{"remote write", func(r *receivers, _ *Options) { r.write.Close() }, "push remote write"},
		{"OTLP over HTTP", func(_ *receivers, o *Options) {
			o.OTLPHTTP = strings.TrimPrefix(answers(t, nil).URL, "http://")
		}, "push OTLP of v2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newReceivers(t)
			o, err := r.options(t).check()
			if err != nil {
				t.Fatal(err)
			}
			test.spoil(r, &o)
			s, err := openShop(t.Context(), o, mustPlan(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.prime(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("prime = %v, want %q", err, test.want)
			}
			if err := s.close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}
