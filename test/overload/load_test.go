package overload

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// heavySLOs are so many SLOs on the same requests, which makes a sample cost
// as much: the engine is to be the slow part, not the senders.
func heavySLOs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "---\napiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: heavy-%d}\nspec:\n  service: shop\n"+
			"  objective: 99.9%%\n  window: 1d\n  sli: {ratio: {total: requests_total, bad: 'requests_total{code=\"500\"}'}}\n", i)
	}
	return b.String()
}

// rate is how many requests a second were acknowledged to shops, and how many
// were offered.
func rate(shops []*shop, took time.Duration) (taken, offered float64) {
	for _, x := range shops {
		taken += float64(x.sent - x.refused)
		offered += float64(x.sent)
	}
	return taken / took.Seconds(), offered / took.Seconds()
}

// Several times more comes than can be counted. Every request is either counted or
// told to come again, none twice; pages are answered and ticks go on.
func TestMoreThanCanBeCounted(t *testing.T) {
	// Each sends as soon as it is answered. What finds no place in the queue
	// within a second is refused, so most of them offer a request a second, and
	// the engine can count some tens.
	const senders = 700
	s := newSite(t, slos+heavySLOs(300*min(*scale, 3)), "")
	shops := make([]*shop, senders)
	for i := range shops {
		shops[i] = newShop(s, i, 1, 500)
		shops[i].open()
	}
	s.rest()
	missed, ticked := s.metric("slo_engine_missed_ticks_total"), s.metric("slo_engine_tick_seconds_count")
	long := time.Duration(*scale) * 4 * time.Second
	var page time.Duration
	begun := time.Now()
	busyWith(func() { s.all(shops, long) }, func(ctx context.Context) { page = s.during(ctx, "/-/ready", "/api/v1/slos?slo=heavy-0") })
	took := time.Since(begun)
	taken, offered := rate(shops, took)
	missed, ticked = s.metric("slo_engine_missed_ticks_total")-missed, s.metric("slo_engine_tick_seconds_count")-ticked
	var want counts
	var slowest time.Duration
	for _, x := range shops {
		want.Bad, want.Total = want.Bad+x.sold.Bad, want.Total+x.sold.Total
		slowest = max(slowest, x.slowest)
	}
	t.Logf("%d senders for %v: %.0f requests a second counted, %.0f offered, slowest answer %v, slowest page %v, %v ticks and %v missed, memory +%d MiB",
		senders, took.Round(time.Second), taken, offered, slowest.Round(time.Millisecond), page.Round(time.Millisecond), ticked, missed, s.grown()>>20)
	if offered <= taken {
		t.Errorf("%.0f requests a second were offered, %.0f counted: want more offered than counted", offered, taken)
	}
	// A tick waits for the one batch that is being counted, however many wait
	// behind that: then it would come once in ten seconds.
	if ticked == 0 || missed > ticked {
		t.Errorf("%v ticks were missed beside %v, want at most half of all", missed, ticked)
	}
	s.atMost(senders*(1<<20)+forRequests, "a request that waits must cost little")
	for _, name := range []string{"availability", "routes", "heavy-0", "heavy-299"} {
		s.agree(name, want)
	}
}

// all lets all shops sell without a pause.
func (s *site) all(shops []*shop, long time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	var selling sync.WaitGroup
	for _, x := range shops {
		selling.Go(func() { x.trade(ctx, 0) })
	}
	selling.Wait()
}
