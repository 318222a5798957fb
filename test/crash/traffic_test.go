package crash

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slo-engine/slo-engine/test/lab"
)

// routes have an SLO each, whose alerts have a story of their own: see
// TestSickPager. For a window of 6h page_fast looks at 30s and 3s, page_slow
// at 3m and 15s.
var routes = []string{"stays", "ends", "late", "calm"}

func routeSLOs() string {
	var b strings.Builder
	for _, r := range routes {
		fmt.Fprintf(&b, "---\napiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: %s}\nspec:\n  service: shop\n"+
			"  objective: 99.9%%\n  window: 6h\n  sli: {ratio: {total: 'requests_total{route=\"%[1]s\"}', bad: 'requests_total{route=\"%[1]s\",code=\"500\"}'}}\n", r)
	}
	return b.String()
}

// traffic is a gateway that tells every site the same, one request after the
// other, each sent until it is acknowledged.
type traffic struct {
	*testing.T
	sites   []*site
	failing map[string]bool
	series  []prompb.TimeSeries
	sent    map[string]counts // since the first request, by SLO id
	rounds  int
}

func newTraffic(t *testing.T, sites ...*site) *traffic {
	x := &traffic{T: t, sites: sites, failing: map[string]bool{}, sent: map[string]counts{}}
	for _, r := range routes {
		for _, code := range []string{"200", "500"} {
			x.series = append(x.series, prompb.TimeSeries{Labels: []prompb.Label{{Name: "__name__", Value: "requests_total"},
				{Name: "code", Value: code}, {Name: "instance", Value: instance}, {Name: "job", Value: "shop"}, {Name: "route", Value: r},
			}, Samples: make([]prompb.Sample, 1)})
		}
	}
	return x
}

// serve serves twenty requests on every route, and tells everybody. The first
// time only tells where the counters are.
func (x *traffic) serve() {
	now := max(time.Now().UnixMilli(), x.series[0].Samples[0].Timestamp+1)
	for i, r := range routes {
		good, bad := &x.series[2*i].Samples[0], &x.series[2*i+1].Samples[0]
		good.Timestamp, bad.Timestamp = now, now
		c := x.sent["shop:"+r]
		switch {
		case x.rounds == 0:
		case x.failing[r]:
			bad.Value += 20
			c.Total += 20
		default:
			good.Value += 20
			c.Total, c.Good = c.Total+20, c.Good+20
		}
		x.sent["shop:"+r] = c
	}
	x.rounds++
	data, err := (&prompb.WriteRequest{Timeseries: x.series}).Marshal()
	if err != nil {
		x.Fatal(err)
	}
	x.tell(snappy.Encode(nil, data))
}

// tell sends a request to all sites at once, until each has acknowledged it.
func (x *traffic) tell(body []byte) {
	var telling sync.WaitGroup
	for _, s := range x.sites {
		telling.Go(func() {
			deadline := time.Now().Add(30 * time.Second)
			for {
				ok, err := s.write(body)
				if err == nil && !ok && time.Now().After(deadline) {
					err = fmt.Errorf("%s did not acknowledge a request for half a minute", s.URL)
				}
				if err != nil {
					x.Error(err)
				}
				if ok || err != nil {
					return
				}
			}
		})
	}
	telling.Wait()
}

// until serves four times a second until nothing is amiss any more.
func (x *traffic) until(within time.Duration, amiss func() error) {
	x.Helper()
	deadline := time.Now().Add(within)
	for pace := time.NewTicker(250 * time.Millisecond); ; <-pace.C {
		x.serve()
		err := amiss()
		if err == nil {
			pace.Stop()
			return
		}
		if x.Failed() || time.Now().After(deadline) {
			pace.Stop()
			x.Fatalf("not within %v: %v", within, err)
		}
	}
}

// agree waits, without serving, until every site has counted exactly what it
// was sent.
func (x *traffic) agree() {
	x.Helper()
	for _, s := range x.sites {
		lab.Eventually(x, 30*time.Second, func() error {
			got, err := s.read()
			if err != nil {
				return err
			}
			if diff := cmp.Diff(x.sent, got); diff != "" {
				return fmt.Errorf("%s did not count what was sent (-sent +counted):\n%s", s.URL, diff)
			}
			return nil
		})
	}
}
