package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ptr[T any](v T) *T { return &v }

// before and after are two views, two seconds apart by the newest event, with
// 240 requests between them of which 24 were bad.
func before(at time.Time) view {
	return newView(shopCast, []status{
		{Service: "gateway", SLO: "availability", Group: map[string]string{"route": "/pay"},
			Good: ptr(100.0), Total: ptr(100.0), LastEvent: &at},
		{Service: "gateway", SLO: "availability", Group: map[string]string{"route": "/cart"}},
		{Service: "somebody", SLO: "else", Burn: map[string]*float64{"10s": ptr(999.0)}},
	}, nil, at)
}

func after(at time.Time) view {
	return newView(shopCast, []status{
		{Service: "gateway", SLO: "availability", Group: map[string]string{"route": "/pay"},
			Good: ptr(200.0), Total: ptr(220.0), LastEvent: &at, Remaining: ptr(0.99),
			Burn:   map[string]*float64{"10s": ptr(18.5), "2m": ptr(1.25)},
			Alerts: []alert{{Tier: "heal", State: "firing"}, {Tier: "page_fast", Severity: "critical", State: "firing"}}},
		{Service: "gateway", SLO: "availability", Group: map[string]string{"route": "/cart"},
			Good: ptr(116.0), Total: ptr(120.0), LastEvent: &at, Remaining: ptr(-0.5),
			Burn:   map[string]*float64{"10s": ptr(3.0), "2m": nil},
			Alerts: []alert{{Tier: "heal", State: "firing"}}},
	}, nil, at)
}

func TestTimeline(t *testing.T) {
	var b strings.Builder
	at := time.Unix(1000, 0)
	lines := &timeline{out: &b, plan: mustPlan(t)}
	lines.head()
	first, second := before(at), after(at.Add(2*time.Second))
	first.share, second.share = 0.5, 0.124
	lines.row(4*time.Second, healthy, first)
	lines.row(66*time.Second, failing, second)
	lines.mark(67900*time.Millisecond, mark{bad, "v2 fails"})
	want := strings.TrimPrefix(`
   time  phase        traffic   errors   to v2   burn 10s    burn 2m   budget  alerts
   0:04  healthy            -        -     50%          -          -        -
   1:06  failing        120/s    10.0%     12%      18.50       1.25   -50.0%  heal×2 page_fast×1
   1:07  > v2 fails
`, "\n")
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func TestColorsMarkOnlyMarks(t *testing.T) {
	var b strings.Builder
	lines := &timeline{out: &b, color: true, plan: mustPlan(t)}
	lines.mark(0, mark{plain, "note"})
	lines.mark(0, mark{good, "resolved"})
	lines.mark(0, mark{bad, "PAGE"})
	want := "   0:00  > note\n\x1b[32m   0:00  > resolved\x1b[0m\n\x1b[1;31m   0:00  > PAGE\x1b[0m\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("colours (-want +got):\n%s", diff)
	}
}
