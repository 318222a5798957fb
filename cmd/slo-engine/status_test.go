package main

import "testing"

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
