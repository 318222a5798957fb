package members_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/members"
)

type set = members.Set

// What a shift makes of weights.
func TestShift(t *testing.T) {
	tests := map[string]struct {
		before   set
		from, to string
		share    float64
		want     set
		err      error
	}{
		"all to one":              {set{"v1": 1, "v2": 1, "v3": 1}, "v2", "v1", 1, set{"v1": 2, "v2": 0, "v3": 1}, nil},
		"half, too fine for ones": {set{"v1": 1, "v2": 1, "v3": 1}, "v2", "v1", 0.5, set{"v1": 3, "v2": 1, "v3": 2}, nil},
		"the sum stays":           {set{"v1": 50, "v2": 50, "v3": 100}, "v3", "", 0.5, set{"v1": 75, "v2": 75, "v3": 50}, nil},
		"two of them":             {set{"v1": 50, "v2": 50}, "v2", "v1", 0.5, set{"v1": 75, "v2": 25}, nil},
		"who is out stays out":    {set{"v1": 1, "v2": 1, "v3": 0}, "v2", "v3", 1, nil, actuator.ErrRefused},
		"nobody is left":          {set{"v1": 0, "v2": 1}, "v2", "", 1, nil, actuator.ErrRefused},
		"nothing to give":         {set{"v1": 1, "v2": 0}, "v2", "", 1, nil, actuator.ErrRefused},
		"to itself":               {set{"v1": 1, "v2": 1}, "v2", "v2", 1, nil, actuator.ErrRefused},
		"no share":                {set{"v1": 1, "v2": 1}, "v2", "v1", math.NaN(), nil, actuator.ErrRefused},
		"from nobody":             {set{"v1": 1, "v2": 1}, "", "v1", 1, nil, actuator.ErrMissing},
		"to a stranger":           {set{"v1": 1, "v2": 1}, "v2", "v9", 1, nil, actuator.ErrMissing},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tt.before.Shift(tt.from, tt.to, tt.share)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("weights (-want +got):\n%s", diff)
			}
		})
	}
}

// On the way the sum stays, and shares go straight.
func TestBetween(t *testing.T) {
	tests := map[string]struct {
		from, to set
		way      float64
		want     set
		err      error
	}{
		"half of it":         {set{"v1": 100, "v2": 0}, set{"v1": 50, "v2": 50}, 0.5, set{"v1": 75, "v2": 25}, nil},
		"the end":            {set{"v1": 100, "v2": 0}, set{"v1": 1, "v2": 1}, 1, set{"v1": 1, "v2": 1}, nil},
		"from nothing":       {set{"v1": 0}, set{"v1": 1}, 0.9, set{"v1": 0}, nil},
		"two kinds of peers": {set{"v1": 1}, set{"v2": 1}, 0.5, nil, actuator.ErrRefused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := members.Between(tt.from, tt.to, tt.way)
			if diff := cmp.Diff(tt.want, got); !errors.Is(err, tt.err) || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Without takes out one, never all.
func TestWithout(t *testing.T) {
	if _, err := (set{"v1": 1}).Without(""); !errors.Is(err, actuator.ErrMissing) {
		t.Errorf("without nobody: %v", err)
	}
	got, err := (set{"v1": 1, "v2": 3}).Without("v1")
	if diff := cmp.Diff(set{"v1": 0, "v2": 3}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	want := []actuator.Member{{Name: "v1"}, {Name: "v2", Share: 1, Healthy: new(true)}}
	if diff := cmp.Diff(want, got.Shares(map[string]bool{"v2": true, "v9": false})); diff != "" {
		t.Errorf("shares (-want +got):\n%s", diff)
	}
	if (set{"v1": -1}).Check() == nil || got.Check() != nil {
		t.Error("a weight below 0 can be, or one that is not cannot")
	}
}
