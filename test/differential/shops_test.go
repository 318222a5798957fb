package differential

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// counters are those of a shop: requests by route and code in two versions,
// the first of which is there; jobs; a histogram. Failures show when they
// happen.
func counters(instance string, rate int) map[string]*served {
	all := map[string]*served{}
	add := func(rate int, visible bool, format string, args ...any) {
		all[fmt.Sprintf(format, args...)] = &served{rate: rate, value: 1e6, visible: visible}
	}
	for _, version := range []string{"v1", "v2"} {
		for _, route := range []string{"/pay", "/cart"} {
			for code, share := range map[string]int{"200": 1, "404": 10, "500": 100, "503": 200} {
				series := `requests_total{instance=%q,job="shop",code=%q,route=%q,version=%q}`
				add(max(rate/share, 2), version == "v1" && code < "5", series, instance, code, route, version)
			}
		}
	}
	part := func(rate int, of, format string) string {
		name := fmt.Sprintf(format, instance)
		all[name] = &served{rate: rate, of: of, value: 700, visible: true}
		return name
	}
	part(2, part(50, "", `jobs_begun_total{instance=%q,job="shop"}`), `jobs_succeeded_total{instance=%q,job="shop"}`)
	every := part(rate, "", `request_seconds_bucket{instance=%q,job="shop",le="+Inf"}`)
	part(0, every, `request_seconds_count{instance=%q,job="shop"}`)
	part(rate/9, part(rate/90, every, `request_seconds_bucket{instance=%q,job="shop",le="0.3"}`), `request_seconds_bucket{instance=%q,job="shop",le="0.1"}`)
	return all
}

const minutes = time.Minute

// serve has shops serve side by side.
func serve(from, to time.Time, shops []*shop) stream {
	var all []stream
	for _, s := range shops {
		all = append(all, s.serve(from, to))
	}
	return merge(all...)
}

func nearShop(seed uint64, events []event) *shop {
	return &shop{
		every: 10 * time.Second, jitter: 3 * time.Second, events: events,
		random: rand.New(rand.NewPCG(seed, 1)), served: counters("near", 4000),
	}
}

func farShop(seed uint64, events []event) *shop {
	return &shop{
		every: 27 * time.Second, jitter: 2 * time.Second, events: events,
		random: rand.New(rand.NewPCG(seed, 2)), served: counters("far", 300),
	}
}

// scriptedShops are two to which everything happens that happens to targets.
func scriptedShops() []*shop {
	return []*shop{nearShop(1, []event{
		{10 * minutes, show(`requests_total{code="500",version="v1"}`)}, // a series is born
		{20 * minutes, silence(90 * time.Second)},                       // too short to be a gap
		{30 * minutes, restart},
		{31 * minutes, show(`requests_total{code="500",version="v1"}`)}, // it comes back, from zero
		{45 * minutes, silence(200 * time.Second)},                      // a gap
		{60 * minutes, deploy("v1", "v2")},                              // all series get other labels
		{70 * minutes, show(`requests_total{code="503",version="v2"}`)},
		{80 * minutes, end(`requests_total{code="503"}`)}, // one series ends, and returns
		{81 * minutes, show(`requests_total{code="503",version="v2"}`)},
		{90 * minutes, end(`requests_total{route="/cart",version="v2"}`)}, // half of them do, for longer
		{100 * minutes, show(`requests_total{route="/cart",version="v2"}`)},
		{120 * minutes, restart},
		{125 * minutes, silence(11 * minutes)},
		{140 * minutes, show(`requests_total{code="500",version="v2"}`)},
		{150 * minutes, hide(`requests_total{code="404",version="v2"}`)}, // without a word
		{155 * minutes, show(`requests_total{code="404",version="v2"}`)},
		{160 * minutes, restart},
		{161 * minutes, restart},
		{175 * minutes, show(`requests_total{code="500",version="v2"}`)},
	}), farShop(1, []event{
		{33 * minutes, show(`requests_total{code=~"5..",version="v1"}`)},
		{50 * minutes, silence(80 * time.Second)},
		{65 * minutes, restart},
		{66 * minutes, silence(4 * minutes)},
		{95 * minutes, deploy("v1", "v2")},
		{96 * minutes, show(`requests_total{code=~"5..",version="v2"}`)},
		{130 * minutes, restart},
		{170 * minutes, show(`requests_total{code="503",version="v2"}`)},
	})}
}

// randomShops are two to which random things happen, about each third minute.
func randomShops(seed uint64) []*shop {
	random := rand.New(rand.NewPCG(seed, 0))
	return []*shop{nearShop(seed, randomEvents(random)), farShop(seed, randomEvents(random))}
}

func randomEvents(random *rand.Rand) (events []event) {
	for at := time.Duration(0); at < 190*minutes; at += time.Duration(random.Int64N(int64(6 * minutes))) {
		events = append(events, event{at, randomEvent(random)})
	}
	return events
}

func randomEvent(random *rand.Rand) func(*shop) {
	which := []string{
		`requests_total{code="500"}`, `requests_total{code="503"}`, `requests_total{code=~"5.."}`, `requests_total{code="404"}`,
		`requests_total{route="/cart"}`, `requests_total{version="v2"}`, `jobs_begun_total`, `{__name__=~"jobs_.*"}`,
		`request_seconds_bucket{le="0.1"}`, `{__name__=~"request_seconds_.*"}`,
	}[random.IntN(10)]
	switch random.IntN(10) {
	case 0:
		return restart
	case 1:
		return silence(time.Duration(random.Int64N(int64(90 * time.Second))))
	case 2:
		return silence(150*time.Second + time.Duration(random.Int64N(int64(10*minutes))))
	case 3:
		return hide(which)
	case 4, 5:
		return end(which)
	}
	return show(which)
}
