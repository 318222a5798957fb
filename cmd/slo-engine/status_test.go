package main

import (
	"strings"
	"testing"

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
	}})
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
