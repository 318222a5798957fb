package flagger

import (
	"testing"

	flaggerv1 "github.com/fluxcd/flagger/pkg/apis/flagger/v1beta1"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/gated"
)

// patience is how many intervals a canary is looked at to see that it stays.
const patience = 10

func TestAllowedReleaseGoesOut(t *testing.T) {
	e := gated.Start(t)
	e.Say("checkout", slo.GateAllow)
	r := prepare(t, e.URL, "sound")
	r.ship()
	r.until(flaggerv1.CanaryPhaseSucceeded)
	if got := r.serves(); got != "checkout:2" {
		t.Errorf("the primary serves %s", got)
	}
}

// Whatever the gate says but allow, and when nobody answers: nothing begins, nothing
// fails, and it begins as soon as the gate allows.
func TestReleaseWaitsForAllow(t *testing.T) {
	for _, d := range []slo.GateDecision{slo.GateHold, slo.GateDeny, slo.GateUnknown} {
		t.Run(string(d), func(t *testing.T) {
			e := gated.Start(t)
			e.Say("checkout", d)
			r := prepare(t, e.URL, "waits-"+string(d))
			r.ship()
			for range patience {
				if s := r.step(); s.Phase != flaggerv1.CanaryPhaseWaiting || s.FailedChecks != 0 {
					t.Fatalf("%+v", s)
				}
			}
			e.Say("checkout", slo.GateAllow)
			r.until(flaggerv1.CanaryPhaseSucceeded)
		})
	}
	t.Run("away", func(t *testing.T) {
		e := gated.Start(t)
		r := prepare(t, e.URL, "waits-away")
		e.Leave()
		r.ship()
		for range patience {
			if s := r.step(); s.Phase != flaggerv1.CanaryPhaseWaiting || s.FailedChecks != 0 {
				t.Fatalf("%+v", s)
			}
		}
	})
}

func TestDenyTakesAReleaseBack(t *testing.T) {
	e := gated.Start(t)
	e.Say("checkout", slo.GateAllow)
	r := prepare(t, e.URL, "taken-back")
	r.ship()
	r.halfway()
	e.Say("checkout", slo.GateDeny)
	if s := r.step(); s.Phase != flaggerv1.CanaryPhaseFailed || r.weight() != 0 || r.serves() != "checkout:1" {
		t.Errorf("%+v, %d %% of the traffic, %s is served", s, r.weight(), r.serves())
	}
}

// Hold, unknown and an engine that is away take nothing back, and let nothing
// become the primary.
func TestOnlyDenyTakesAReleaseBack(t *testing.T) {
	for _, d := range []slo.GateDecision{slo.GateHold, slo.GateUnknown, "away"} {
		t.Run(string(d), func(t *testing.T) {
			e := gated.Start(t)
			e.Say("checkout", slo.GateAllow)
			r := prepare(t, e.URL, "goes-on-"+string(d))
			r.ship()
			r.halfway()
			if d == "away" {
				e.Leave()
			} else {
				e.Say("checkout", d)
			}
			for range patience {
				if s := r.step(); s.Phase == flaggerv1.CanaryPhaseFailed || s.FailedChecks != 0 || r.serves() != "checkout:1" {
					t.Fatalf("%+v, %s is served", s, r.serves())
				}
			}
			if d != "away" {
				e.Say("checkout", slo.GateAllow)
				r.until(flaggerv1.CanaryPhaseSucceeded)
			}
		})
	}
}
