package differential

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/test/lab"
)

// windowSLOs are counted in different ways from the same two targets.
var windowSLOs = strings.Join([]string{
	document("all", `ratio: {total: requests_total, bad: 'requests_total{code=~"5.."}'}`),
	document("near", `ratio: {total: 'requests_total{instance="near"}', bad: 'requests_total{instance="near", code=~"5.."}'}`),
	document("route", `ratio: {total: requests_total, bad: 'requests_total{code=~"5.."}'}`) + "  groupBy: [route]\n",
	document("jobs", `ratio: {total: jobs_begun_total, good: jobs_succeeded_total}`),
	document("latency", `latency: {histogram: request_seconds, below: 300ms}`),
}, "---\n")

func document(name, sli string) string {
	return fmt.Sprintf(`apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: %s}
spec:
  service: shop
  objective: 99%%
  window: 30d
  alerting: {disabled: true}
  sli: {%s}
`, name, sli)
}

// figuresOf are the same SLOs in PromQL.
func figuresOf(d apitypes.Detail) figures {
	switch d.Name {
	case "near":
		return figures{total: `requests_total{instance="near"}`, bad: `requests_total{instance="near", code=~"5.."}`}
	case "route":
		route := d.Group["route"]
		return figures{
			total: fmt.Sprintf(`requests_total{route=%q}`, route),
			bad:   fmt.Sprintf(`requests_total{route=%q, code=~"5.."}`, route),
		}
	case "jobs":
		return figures{total: `jobs_begun_total`, good: `jobs_succeeded_total`}
	case "latency":
		return figures{total: `request_seconds_count`, good: `request_seconds_bucket{le="0.3"}`}
	}
	return figures{total: `requests_total`, bad: `requests_total{code=~"5.."}`}
}

// looks is how often both are asked while the stream goes in, at even
// distances. They are asked as often again a while after long gaps.
const looks = 15

// parts cuts the stream where both are asked.
func (s *stream) parts() (parts [][]sample) {
	cuts := map[int]bool{len(s.samples): true}
	for i := 1; i < looks; i++ {
		cuts[len(s.samples)*i/looks] = true
	}
	for i := range looks {
		g := s.gaps[len(s.gaps)*i/looks]
		later := g.to + (2 * minutes).Milliseconds()
		cuts[sort.Search(len(s.samples), func(i int) bool { return s.samples[i].at > later })] = true
	}
	from := 0
	for _, to := range slices.Sorted(maps.Keys(cuts)) {
		parts = append(parts, s.samples[from:to])
		from = to
	}
	return parts
}

// seed makes the random stream. Another one is another stream:
//
//	go test ./test/differential -run Windows -args -seed 7
var seed = flag.Uint64("seed", 1, "the seed of the random stream")

// TestWindowsAreWhatPrometheusCounts sends hours of two targets with resets,
// gaps, births, ends and deployments, and compares every window of every SLO
// after each part.
func TestWindowsAreWhatPrometheusCounts(t *testing.T) {
	t.Parallel()
	for name, shops := range map[string]func() []*shop{"scripted": scriptedShops, "random": func() []*shop { return randomShops(*seed) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now() // before the engine begins: it sees no birth
			sent := serve(now.Add(-3*time.Hour-5*minutes), now.Add(-time.Second), shops())
			compareWindows(t, &sent)
		})
	}
}

func compareWindows(t *testing.T, sent *stream) {
	t.Helper()
	b := startBoth(t, windowSLOs, "", lab.PrometheusOptions{ExtraArgs: anchoring})
	c := &comparison{both: b, sent: sent, newest: map[string]int64{}, ends: map[time.Time]bool{}}
	for _, part := range sent.parts() {
		b.send(t, part...)
		for _, s := range part {
			c.newest[s.series] = s.at
		}
		c.look(t, part[len(part)-1].at)
	}
	t.Logf("%d samples, %d windows at %d times, %d of them with long gaps; the worst increase() was off by %.2g of its count, %.2g of what is allowed",
		len(sent.samples), c.windows, len(c.ends), c.differ, c.worst, c.strain)
	if c.differ < 40 || c.windows-c.differ < 300 || len(c.ends) < looks {
		t.Errorf("too little was compared: %d windows at %d times, %d with long gaps", c.windows, len(c.ends), c.differ)
	}
}
