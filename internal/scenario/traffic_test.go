package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// told writes the samples of a scenario, a line for each series.
func told(s *Scenario) string {
	var b strings.Builder
	for _, stream := range s.streams() {
		fmt.Fprintf(&b, "%s", stream.series.Labels)
		for i, p := range stream.points {
			at := time.Duration(p.Time - s.Start.UnixNano())
			fmt.Fprintf(&b, " %s:%v", when(at), p.Value)
			if late := stream.arrives[i] - p.Time; late != 0 {
				fmt.Fprintf(&b, "+%s", when(time.Duration(late)))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestTraffic(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"errors are a share of whole events", "traffic requests_total rate 10/s errors 25% for 1m", `
{__name__="requests_total", code="200"} 0s:0 15s:113 30s:225 45s:338 1m:450
{__name__="requests_total", code="500"} 15s:37 30s:75 45s:112 1m:150
`},
		{"slow traffic rounds down", "traffic requests_total rate 3/m for 1m", `
{__name__="requests_total", code="200"} 0s:0 15s:0 30s:1 45s:2 1m:3
{__name__="requests_total", code="500"}
`},
		{"phases follow each other, and a reset begins at zero", "traffic requests_total rate 1/s for 30s\ntraffic requests_total rate 2/s for 30s reset", `
{__name__="requests_total", code="200"} 0s:0 15s:15 30s:30 45s:30 1m:60
{__name__="requests_total", code="500"}
`},
		{"nobody looks", "traffic requests_total rate 1/s for 15s\ntraffic requests_total rate 1/s for 30s unseen\ntraffic requests_total rate 1/s for 15s", `
{__name__="requests_total", code="200"} 0s:0 15s:15 1m:60
{__name__="requests_total", code="500"}
`},
		{"silence, and a pause", "traffic requests_total rate 1/s for 15s\nsilence requests_total for 15s\ntraffic requests_total rate 1/s at 45s for 15s", `
{__name__="requests_total", code="200"} 0s:0 15s:15 1m:30
{__name__="requests_total", code="500"}
`},
		{"late, and other names", "traffic requests_total{job=\"a\"} rate 2/s errors 50% every 30s late 5s as ok=\"yes\" ok=\"no\" for 30s", `
{__name__="requests_total", job="a", ok="yes"} 0s:0+5s 30s:30+5s
{__name__="requests_total", job="a", ok="no"} 30s:30+5s
`},
		{"a histogram", "traffic rt_seconds rate 4/s errors 50% within 250ms 50% 1s 75% every 30s for 30s", `
{__name__="rt_seconds_bucket", code="200", le="0.25"} 0s:0 30s:30
{__name__="rt_seconds_bucket", code="200", le="1"} 0s:0 30s:45
{__name__="rt_seconds_bucket", code="200", le="+Inf"} 0s:0 30s:60
{__name__="rt_seconds_count", code="200"} 0s:0 30s:60
{__name__="rt_seconds_bucket", code="500", le="0.25"} 30s:30
{__name__="rt_seconds_bucket", code="500", le="1"} 30s:45
{__name__="rt_seconds_bucket", code="500", le="+Inf"} 30s:60
{__name__="rt_seconds_count", code="500"} 30s:60
`},
		{"one by one", "load 10s at 1m late 3s\n  requests_total{code=\"500\"} 1+1x2 _ 7 # a comment", `
{__name__="requests_total", code="500"} 1m:1+3s 1m10s:2+3s 1m20s:3+3s 1m40s:7+3s
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := told(read(t, tt.text+"\nexpect no alerts\n"))
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), got); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

// Deltas are counted whole, stale series end, and histograms may be native.
func TestLoads(t *testing.T) {
	r := play(t, `
load 15s delta
  requests_total{code="200"}  100x3
  requests_total{code="500"}  _ 3 stale
at 1m expect bad 3 total 403
`)
	if diff := cmp.Diff([]string(nil), wrong(r)); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	native := strings.Replace(shop, "{ratio: {total: requests_total, bad: 'requests_total{code=~\"5..\"}'}}", "{latency: {histogram: rt_seconds, below: 1s}}", 1)
	s, err := Parse("native.slotest", native+`
load 15s
  rt_seconds  {{schema:0 count:0}} {{schema:0 sum:5 count:10 buckets:[4 6]}}
at 15s expect bad 6 total 10
`)
	if err != nil {
		t.Fatal(err)
	}
	r, _ = s.Play(t.Context())
	if diff := cmp.Diff([]string(nil), wrong(r)); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

// Samples that are not counted are told.
func TestRefusedSamplesAreTold(t *testing.T) {
	r := play(t, "load 15s\n  requests_total{code=\"200\"} 0 5 -3 10\nat 1m expect total 10\n")
	if len(r.Refused) != 1 || r.Refused[0].Reason != "negative" || r.Refused[0].Points != 1 || !r.Passed() {
		t.Errorf("refused %+v, failures %v", r.Refused, r.Failures)
	}
}
