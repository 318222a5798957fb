package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slo-engine/slo-engine/test/lab"
)

const slos = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: shop
  objective: 99.9%
  window: 1d
  sli:
    ratio: {total: 'requests_total{job="shop"}', bad: 'requests_total{job="shop",code=~"5.."}'}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: routes}
spec:
  service: shop
  objective: 99%
  window: 7d
  groupBy: [route]
  sli:
    ratio: {total: 'requests_total{job="shop"}', bad: 'requests_total{job="shop",code=~"5.."}'}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: latency}
spec:
  service: shop
  objective: 95%
  window: 30d
  sli:
    latency: {histogram: 'latency_seconds{job="shop"}', below: 300ms}
`

// sender is a Prometheus: cumulative counters, one request after the other,
// each sent until it is acknowledged.
type sender struct {
	site   *site
	rng    *rand.Rand
	clock  int64 // milliseconds of the last sample
	series []*series
	born   []*series // later
	sent   int       // requests
	again  int       // requests that were sent more than once
}

type series struct {
	labels  []prompb.Label
	value   float64
	grows   int // at most, from one request to the next
	counted float64
	seen    bool
	bad     bool
	route   string
	le      string
}

const instance = "10.0.0.1:8080"

func newSender(s *site, seed uint64) *sender {
	x := &sender{site: s, rng: rand.New(rand.NewPCG(seed, 1)), clock: time.Now().Add(-time.Minute).UnixMilli()}
	for _, route := range []string{"/", "/cart", "/pay"} {
		for _, code := range []string{"200", "404", "500"} {
			one := &series{bad: code == "500", route: route, grows: 50}
			one.labels = []prompb.Label{{Name: "__name__", Value: "requests_total"}, {Name: "code", Value: code},
				{Name: "instance", Value: instance}, {Name: "job", Value: "shop"}, {Name: "route", Value: route}}
			if route == "/pay" && code == "500" {
				x.born = append(x.born, one) // its first error is to count
				continue
			}
			one.value = float64(x.rng.IntN(1e6))
			x.series = append(x.series, one)
		}
	}
	for _, le := range []string{"0.1", "0.3", "+Inf", ""} {
		name := "latency_seconds_bucket"
		one := &series{le: le, grows: 0}
		one.labels = []prompb.Label{{Name: "__name__", Value: name}, {Name: "instance", Value: instance}, {Name: "job", Value: "shop"}, {Name: "le", Value: le}}
		if le == "" {
			one.labels = []prompb.Label{{Name: "__name__", Value: "latency_seconds_count"}, {Name: "instance", Value: instance}, {Name: "job", Value: "shop"}}
		}
		x.series = append(x.series, one)
	}
	return x
}

// next makes the next request: time and values go on.
func (x *sender) next() []byte {
	x.clock = max(x.clock+1, min(x.clock+400, time.Now().UnixMilli()))
	fast, all := float64(x.rng.IntN(5)), 0.0
	all = fast + float64(x.rng.IntN(5))
	req := &prompb.WriteRequest{}
	for _, s := range x.series {
		grown := 0.0
		switch {
		case s.le == "0.3":
			grown = fast
		case s.grows == 0 && s.le != "0.1":
			grown = all
		case s.grows > 0:
			grown = float64(x.rng.IntN(s.grows))
		}
		s.value += grown
		if s.seen {
			s.counted += grown
		}
		s.seen = true
		req.Timeseries = append(req.Timeseries, prompb.TimeSeries{Labels: s.labels, Samples: []prompb.Sample{{Value: s.value, Timestamp: x.clock}}})
	}
	data, err := req.Marshal()
	if err != nil {
		x.site.Fatal(err)
	}
	return snappy.Encode(nil, data)
}

// bear adds the series that were not there from the beginning.
func (x *sender) bear() {
	for _, s := range x.born {
		s.value, s.counted, s.seen = 3, 3, true
		s.grows = 20
	}
	x.series, x.born = append(x.series, x.born...), nil
}

// send sends one request until it is acknowledged, or the engine is to end.
func (x *sender) send(body []byte) bool {
	ok, err := x.site.write(body)
	if err != nil {
		x.site.Fatal(err)
	}
	return ok
}

// want is what the engine must have counted.
func (x *sender) want() map[string]counts {
	want := map[string]counts{}
	add := func(id string, good, total float64) {
		c := want[id]
		want[id] = counts{c.Good + good, c.Total + total}
	}
	for _, s := range x.series {
		switch {
		case s.route != "":
			good := s.counted
			if s.bad {
				good = 0
			}
			add("shop:availability", good, s.counted)
			add("route "+s.route, good, s.counted)
		case s.le == "0.3":
			add("shop:latency", s.counted, 0)
		case s.le == "":
			add("shop:latency", 0, s.counted)
		}
	}
	return want
}

// agree waits until the engine says what the sender knows.
func (x *sender) agree() {
	x.site.Helper()
	want := x.want()
	lab.Eventually(x.site, time.Minute, func() error {
		got, err := x.site.read()
		if err != nil {
			return err
		}
		if len(got) != 5 { // three SLOs, one of three groups
			return fmt.Errorf("%d instances: %v", len(got), got)
		}
		for id, c := range want {
			if id[0] == 'r' {
				continue // groups have hashed ids; their sum is in availability
			}
			if got[id] != c {
				return fmt.Errorf("%s: %+v, want %+v", id, got[id], c)
			}
		}
		var groups counts
		for id, c := range got {
			if len(id) > len("shop:routes:") && id[:12] == "shop:routes:" {
				groups = counts{groups.Good + c.Good, groups.Total + c.Total}
			}
		}
		if groups != want["shop:availability"] {
			return fmt.Errorf("the routes together: %+v, want %+v", groups, want["shop:availability"])
		}
		return nil
	})
}

// seed is that of SEED, or new.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv("SEED"); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SEED: %v", err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: SEED=%d go test ./test/crash -run '^%s$'", n, t.Name())
		}
	})
	return n
}

// Killed at any moment, while it counts and while it writes a snapshot, the
// engine knows every event that it acknowledged and none twice. What fires
// goes on firing, as one alert.
func TestKill(t *testing.T) {
	kills := 12 * *scale
	n := seed(t)
	rng := rand.New(rand.NewPCG(n, 2))
	t.Parallel()
	pager := newPager(t)
	s := newSite(t, slos, resend, pager.url)
	x := newSender(s, n)
	s.start()
	for kill := range kills {
		if kill == kills/3 {
			x.bear()
		}
		deadline := time.Now().Add(time.Duration(rng.IntN(1500)) * time.Millisecond)
		killed := make(chan struct{})
		reloads := rng.IntN(2) == 0
		go func() {
			defer close(killed)
			if reloads { // a snapshot is on its way when it ends
				time.Sleep(time.Until(deadline) - time.Duration(rng.IntN(30))*time.Millisecond) //lint:sleep the moment of the reload is what is random here
				s.reload()
			}
			time.Sleep(time.Until(deadline)) //lint:sleep the moment of the kill is what is random here
			s.kill()
		}()
		ended := false
		for !ended {
			body := x.next()
			x.sent++
			if x.send(body) {
				continue
			}
			<-killed // nobody answers
			s.start()
			ended = true
			x.again++
			for tries := 0; !x.send(body); tries++ {
				if tries > 100 {
					t.Fatal("the engine does not answer after its restart")
				}
			}
		}
		x.agree()
		if t.Failed() {
			t.Fatalf("after kill %d", kill+1)
		}
	}
	x.agree()
	if page := pager.knows("ErrorBudgetBurn/critical/shop:availability"); len(page.begun) != 1 || page.ended != 0 {
		t.Errorf("the page began at %v and ended %d times", page.starts(), page.ended)
	}
	t.Logf("%d kills, %d requests, %d sent again: 0 events lost, 0 counted twice, 0 refusals to start; slowest start %v; seed %d",
		kills, x.sent, x.again, s.slowest.Round(time.Millisecond), n)
}
