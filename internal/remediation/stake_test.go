package remediation

import (
	"math"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// minute is a reading of 100 events a second.
var minute = Reading{
	From: noon, Until: noon.Add(time.Minute), Budget: 0.001, Count: Count{Bad: 600, Total: 6000},
	Members: map[string]Count{"v1": {0, 3600}, "v2": {600, 2400}},
}

func TestAtStake(t *testing.T) {
	members := []actuator.Member{{Name: "v1", Share: 0.9}, {Name: "v2", Share: 0.1}}
	uncounted := minute
	uncounted.Members = nil
	for name, c := range map[string]struct {
		a       actuator.Action
		reading Reading
		want    float64
		known   bool
	}{
		"half of what fails 1 in 4": {actuator.Action{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5}, minute, 1800, true},
		"all of what is well":       {actuator.Action{Kind: actuator.Drain, Member: "v1"}, minute, 7200, true},
		"by the gateway's weights":  {actuator.Action{Kind: actuator.Eject, Member: "v2"}, uncounted, 1080, true},
		"a whole route":             {actuator.Action{Kind: actuator.CloseRoute, Route: "/"}, minute, 10800, true},
		"no traffic":                {actuator.Action{Kind: actuator.Drain, Member: "v1"}, Reading{From: noon, Until: noon.Add(time.Minute)}, 0, false},
		"nothing is known":          {actuator.Action{Kind: actuator.Drain, Member: "v1"}, Reading{}, 0, false},
	} {
		got, known := atStake(c.a, 2*time.Minute, members, c.reading)
		if math.Abs(got-c.want) > 1e-6 || known != c.known {
			t.Errorf("%s: got %g, %v, want %g", name, got, known, c.want)
		}
	}
}

func TestAffordable(t *testing.T) {
	left := func(n float64) *float64 { return &n }
	dead := minute
	dead.Members = map[string]Count{"v2": {2400, 2400}}
	for name, c := range map[string]struct {
		most    float64
		left    *float64
		reading Reading
		want    Reason
	}{
		"enough is left":                    {0.2, left(18_000), minute, ""},
		"too little is left":                {0.2, left(17_999), minute, ReasonAtStake},
		"nothing is left":                   {1, left(-5), minute, ReasonAtStake},
		"nothing is left, and it fails all": {0.2, left(-5), dead, ""},
		"it is not known":                   {0.2, nil, minute, ReasonAtStake},
		"no events":                         {0.2, left(1e9), Reading{}, ReasonAtStake},
		"no guard":                          {0, nil, Reading{}, ""},
	} {
		p := book(shift)
		p.Guards.MaxBudgetAtStake, p.Proof = c.most, slo.RemedyProof{Within: 4 * time.Minute}
		c.reading.Left = c.left
		if got, note := affordable(p, actuator.Action{Kind: actuator.Shift, From: "v2", Share: 0.5}, nil, c.reading); got != c.want {
			t.Errorf("%s: got %q, %s", name, got, note)
		}
	}
}
