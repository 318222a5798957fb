package demo

import (
	"strings"
	"testing"
	"time"
)

func mustPlan(t *testing.T) plan {
	t.Helper()
	p, err := newPlan(defaultFor)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// 0.4·t/120 > 14.4·0.005 gives t > 21.6 s; the evidence asked of one route's 60
// requests/s costs some seconds more, and the whole must stay near half a minute.
func TestDetectionIsHalfAMinute(t *testing.T) {
	earliest, latest := mustPlan(t).detection()
	if earliest < 21500*time.Millisecond || earliest > 21800*time.Millisecond {
		t.Errorf("earliest detection = %s, want about 21.6 s", earliest)
	}
	if latest < earliest+2*time.Second || latest > 30*time.Second {
		t.Errorf("latest detection = %s, want a few seconds after %s and below 30 s", latest, earliest)
	}
}

// While v2 fails no second page tier may join: page_slow reads a minute, and
// the story would wait for it to drain. 6·0.005 of 12 minutes at a share of
// 0.4 is reached after 54 s.
func TestStoryEndsBeforePageSlow(t *testing.T) {
	p := mustPlan(t)
	_, latest := p.detection()
	slow := 6 * p.budget * (12 * time.Minute).Seconds() / p.badShare()
	if broken := (latest + p.react).Seconds(); broken > 0.8*slow {
		t.Errorf("v2 is broken for up to %.1f s, page_slow would fire at %.1f s", broken, slow)
	}
}

// Every bound that is allowed leaves room for the page and for its end.
func TestBoundsLeaveRoom(t *testing.T) {
	for _, limit := range []time.Duration{minLimit, defaultFor, time.Hour} {
		p, err := newPlan(limit)
		if err != nil {
			t.Fatal(err)
		}
		_, latest := p.detection()
		if room := p.pagedBy() - p.warmUp - latest; room < 5*time.Second {
			t.Errorf("limit %s leaves %s for the page to be late", limit, room)
		}
		if room := p.resolvedBy() - p.pagedBy() - p.react - p.page.short; room < 5*time.Second {
			t.Errorf("limit %s leaves %s for the resolution to be late", limit, room)
		}
	}
}

func TestPlanRefusesShortBounds(t *testing.T) {
	_, err := newPlan(30 * time.Second)
	if err == nil || !strings.Contains(err.Error(), "1m30s or more") {
		t.Errorf("newPlan(30s) = %v, want an error that names the least bound", err)
	}
}
