package main

import (
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

func TestShare(t *testing.T) {
	known := func(f float64) *float64 { return &f }
	for _, test := range []struct {
		ratio    *float64
		decimals int
		want     string
	}{
		{nil, 1, "-"},
		{known(0), 1, "0%"},
		{known(0.000008), 1, "<0.1%"},
		{known(0.001), 1, "0.1%"},
		{known(0.5), 1, "50%"},
		{known(0.99996), 1, ">99.9%"},
		{known(0.99999985), 4, ">99.9999%"},
		{known(0.998099), 4, "99.8099%"},
		{known(1), 1, "100%"},
		{known(-0.4), 1, "-40%"},
	} {
		if got := share(test.ratio, test.decimals); got != test.want {
			t.Errorf("share of %v with %d decimals: %s, want %s", test.ratio, test.decimals, got, test.want)
		}
	}
}

func TestStatusShowsFurtherWindowsAndAdjustments(t *testing.T) {
	known := func(f float64) *float64 { return &f }
	var out, errors strings.Builder
	err := writeStatus(streams{out: &out, err: &errors}, []apitypes.SLO{{
		ID: "a:b", Service: "a", Name: "b", State: "ok", Objective: known(0.99), SLI: known(1), ErrorBudgetRemaining: known(0.9),
		Coverage: known(1), Adjustments: &apitypes.Adjustments{ErrorBudgetRemainingWithout: known(-0.4)},
		Periods: []apitypes.Period{{Window: "7d", SLI: known(0.5), ErrorBudgetRemaining: known(0.2), Coverage: known(0.25)}},
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "" +
		"SLO        STATE  OBJECTIVE  SLI   BUDGET LEFT            BURN 1H  COVERAGE  ALERTS\n" +
		"a:b        ok     99%        100%  90% (-40% unadjusted)  -        100%      \n" +
		"  over 7d                    50%   20%                             25%       \n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Where a threshold lies inside a bucket, and while the past is read, the
// figures are shown as what they are.
func TestStatusShowsWhatIsOpen(t *testing.T) {
	known := func(f float64) *float64 { return &f }
	var out, errors strings.Builder
	err := writeStatus(streams{out: &out, err: &errors}, []apitypes.SLO{
		{ID: "a:b", Service: "a", Name: "b", State: "ok", Objective: known(0.99), SLI: known(0.9), TotalEvents: known(1000), UncertainEvents: known(85),
			ErrorBudgetRemaining: known(0.9), Coverage: known(0.25)},
		{ID: "a:c:0123456789abcdef", Service: "a", Name: "c", Group: map[string]string{"x": "y"}, State: "ok", Coverage: known(0.5)},
		{ID: "a:d", Service: "a", Name: "d", State: "ok", Coverage: known(1)},
	}, []apitypes.Backend{{Pasts: []apitypes.Past{
		{SLOID: "a:b", Backfill: apitypes.Backfill{State: "running", Share: known(0.4)}},
		{SLOID: "a:c", Backfill: apitypes.Backfill{State: "failed", Problem: "too large"}},
		{SLOID: "a:d", Backfill: apitypes.Backfill{State: "done", Share: known(1)}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	want := "" +
		"SLO       STATE  OBJECTIVE  SLI           BUDGET LEFT  BURN 1H  COVERAGE                       ALERTS\n" +
		"a:b       ok     99%        90% to 98.5%  90%          -        25% (reading the past: 40%)    \n" +
		"a:c{x=y}  ok     -          -             -            -        50% (its past cannot be read)  \n" +
		"a:d       ok     -          -             -            -        100%                           \n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestStatusOfBackends(t *testing.T) {
	known := func(f float64) *float64 { return &f }
	var out, errors strings.Builder
	err := writeBackends(streams{out: &out, err: &errors}, []apitypes.Backend{
		{
			Name: "main", Language: "promql", URL: "http://p:9090", ClockAhead: known(1.52), MaxQueriesPerSecond: known(10),
			Polls: []apitypes.Poll{{}, {SLOs: []string{"a:b", "a:c"}, Problem: "poll x: timeout"}},
			Pasts: []apitypes.Past{
				{SLOID: "a:b", Backfill: apitypes.Backfill{State: "done", Share: known(1)}},
				{SLOID: "a:c", Backfill: apitypes.Backfill{State: "running", Share: known(0.4), Problem: "read: timeout",
					Reached: apitypes.Time{Time: time.Date(2026, 2, 17, 12, 0, 0, 0, time.UTC)}}},
			},
		},
		{Name: "loki", Language: "logql", URL: "http://l:3100"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "" +
		"BACKEND  LANGUAGE  URL            CLOCK  MOST QUERIES  POLLS         PAST\n" +
		"main     promql    http://p:9090  +1.5s  10/s          2, 1 failing  1 of 2 read\n" +
		"loki     logql     http://l:3100  -      -             0             -\n" +
		"main: poll x: timeout, for a:b a:c\n" +
		"main: a:c reading the past: 40%, back to 2026-02-17 12:00: read: timeout\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
