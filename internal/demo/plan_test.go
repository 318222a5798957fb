package demo

import (
	"strings"
	"testing"
	"time"
)

func mustPlan(t *testing.T) plan {
	t.Helper()
	p, err := newPlan(defaultFor, shopCast)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// 0.4·t/10 > 17.28·0.005 gives t > 2.2 s; proof, push and tick cost some more.
func TestDetectionTakesSeconds(t *testing.T) {
	earliest, latest := mustPlan(t).detection()
	if earliest < 2100*time.Millisecond || earliest > 2200*time.Millisecond {
		t.Errorf("earliest detection = %s, want about 2.2 s", earliest)
	}
	if latest < earliest+2*time.Second || latest > 6*time.Second {
		t.Errorf("latest detection = %s, want a few seconds after %s and below 6 s", latest, earliest)
	}
}

// The engine must have healed the shop long before the first page: 0.4·t/120 >
// 14.4·0.005 gives t > 21.6 s.
func TestNobodyIsPaged(t *testing.T) {
	p := mustPlan(t)
	_, latest := p.detection()
	if page := p.page.after(p); page < 21500*time.Millisecond || page > 21700*time.Millisecond || latest > page/2 {
		t.Errorf("the page fires after %s, the heal tier by %s", page, latest)
	}
}

// Every bound that is allowed leaves room for the action and for its end.
func TestBoundsLeaveRoom(t *testing.T) {
	for _, limit := range []time.Duration{minLimit, defaultFor, time.Hour} {
		p, err := newPlan(limit, shopCast)
		if err != nil {
			t.Fatal(err)
		}
		_, latest := p.detection()
		if room := p.healedBy() - p.warmUp - latest - simActs - simProof; room < 5*time.Second {
			t.Errorf("limit %s leaves %s for the action to be late", limit, room)
		}
		if room := p.undoneBy() - p.healedBy() - (simUndo - simProof) - 2*simStep; room < 5*time.Second {
			t.Errorf("limit %s leaves %s for the undo to be late", limit, room)
		}
	}
}

func TestPlanRefusesShortBounds(t *testing.T) {
	_, err := newPlan(30*time.Second, shopCast)
	if err == nil || !strings.Contains(err.Error(), "1m30s or more") {
		t.Errorf("newPlan(30s) = %v, want an error that names the least bound", err)
	}
}
