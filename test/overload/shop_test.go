package overload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// slos judge the shop as a whole and by route, and logins by user.
const slos = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: shop
  objective: 99.9%
  window: 1d
  sli: {ratio: {total: requests_total, bad: 'requests_total{code="500"}'}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: routes}
spec:
  service: shop
  objective: 99%
  window: 1d
  groupBy: [route]
  sli: {ratio: {total: requests_total, bad: 'requests_total{code="500"}'}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: logins}
spec:
  service: accounts
  objective: 99%
  window: 1d
  groupBy: [user]
  maxGroups: 20
  sli: {ratio: {total: logins_total, bad: 'logins_total{code="500"}'}}
`

// shop is a well-behaved sender: one instance with counters from zero, one
// request after the other, each sent until it is acknowledged.
type shop struct {
	site   *site
	clock  int64               // milliseconds of its last sample
	series []prompb.TimeSeries // with as many samples as a request has of each
	bad    []bool
	sold   counts
	rng    *rand.Rand

	sent, refused int           // requests, and how often one was told to come again
	slowest       time.Duration // answer
}

// newShop is a shop with so many routes, which sends so many samples of each
// series at once.
func newShop(s *site, instance, routes, samples int) *shop {
	x := &shop{site: s, clock: time.Now().Add(-time.Minute).UnixMilli(), rng: rand.New(rand.NewPCG(uint64(instance), 3))}
	for route := range routes {
		for _, code := range []string{"200", "500"} {
			x.series = append(x.series, prompb.TimeSeries{
				Labels: []prompb.Label{{Name: "__name__", Value: "requests_total"}, {Name: "code", Value: code},
					{Name: "instance", Value: fmt.Sprintf("10.0.%d.%d:8080", instance>>8, instance&255)}, {Name: "job", Value: "shop"},
					{Name: "route", Value: fmt.Sprint("/", route)}},
				Samples: make([]prompb.Sample, samples),
			})
			x.bad = append(x.bad, code == "500")
		}
	}
	return x
}

// sell makes the next request; grow is the most that a series grows by from
// one sample to the next.
func (x *shop) sell(grow int) []byte {
	step := int64(len(x.series[0].Samples))
	x.clock = max(x.clock+step, min(x.clock+1000, time.Now().UnixMilli()))
	for i, s := range x.series {
		value := s.Samples[step-1].Value
		for j := range s.Samples {
			n := float64(x.rng.IntN(grow + 1))
			value += n
			s.Samples[j] = prompb.Sample{Value: value, Timestamp: x.clock - step + 1 + int64(j)}
			if x.sold.Total += n; x.bad[i] {
				x.sold.Bad += n
			}
		}
	}
	return encode(x.site, x.series)
}

// deliver sends a request until it is acknowledged.
func (x *shop) deliver(body []byte) {
	for {
		begun := time.Now()
		r, err := x.site.write(body)
		x.sent++
		x.slowest = max(x.slowest, time.Since(begun))
		switch {
		case err != nil:
			x.site.Errorf("the shop got no answer: %v", err)
			return
		case r.taken():
			return
		case !r.busy():
			x.site.Errorf("the shop was answered %v, want 2xx, or 503 with Retry-After", r)
			return
		}
		x.refused++
	}
}

// open sends the baseline: one zero of each series.
func (x *shop) open() {
	first := make([]prompb.TimeSeries, len(x.series))
	for i, s := range x.series {
		first[i] = prompb.TimeSeries{Labels: s.Labels, Samples: []prompb.Sample{{Timestamp: x.clock}}}
	}
	x.deliver(encode(x.site, first))
}

// trade sells until ctx ends, one request every so often; 0 is without a pause.
func (x *shop) trade(ctx context.Context, every time.Duration) {
	for ctx.Err() == nil {
		x.deliver(x.sell(5))
		if every == 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

// encode is a request of remote write 1.0.
func encode(tb testing.TB, series []prompb.TimeSeries) []byte {
	data, err := (&prompb.WriteRequest{Timeseries: series}).Marshal()
	if err != nil {
		tb.Error(err)
	}
	return snappy.Encode(nil, data)
}

// busyWith does work while other things go on, and waits until all have ended.
func busyWith(work func(), others ...func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	for _, other := range others {
		go func() { other(ctx); done <- struct{}{} }()
	}
	work()
	cancel()
	for range others {
		<-done
	}
}
