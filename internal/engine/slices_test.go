package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// A tier that would see less than a slice is dropped, and who is to be woken by
// it is told.
func TestTiersOfSlices(t *testing.T) {
	for _, method := range []slo.Budgeting{
		{Method: slo.Timeslices, Slice: 10 * time.Minute, Target: 0.95},
		{Method: slo.RatioTimeslices, Slice: 10 * time.Minute},
	} {
		tiers, misfits := Tiers(newSpec("shop", func(s *slo.Spec) { s.Budgeting = method }))
		var names []string
		for _, tier := range tiers {
			names = append(names, tier.Name)
		}
		if want := []string{alerts.PageSlow, alerts.TicketFast, alerts.TicketSlow}; !slices.Equal(names, want) {
			t.Errorf("%s: tiers %q, want %q", method.Method, names, want)
		}
		if len(misfits) != 1 || !misfits[0].Dropped || !strings.Contains(misfits[0].Text, "page_fast is dropped: its short window 5m is below the slice of 10m") {
			t.Errorf("%s: misfits %+v", method.Method, misfits)
		}
	}
}

// Minutes of which each is a little bad page when many events say so; as bad
// minutes of a handful of events do not.
func TestRatiosOfSlicesAreProvenByTheirEvents(t *testing.T) {
	ratios := func(s *slo.Spec) { s.Budgeting = slo.Budgeting{Method: slo.RatioTimeslices, Slice: time.Minute} }
	c := newCounters(t, newSpec("big", ratios), newSpec("small", ratios))
	c.run(0, 120, map[string][2]float64{"big": {10000, 0}, "small": {1, 0}})
	c.run(120, 59, map[string][2]float64{"big": {9500, 500}, "small": {1, 0}})
	c.run(179, 4, map[string][2]float64{"big": {10000, 0}, "small": {0, 1}})
	paged := map[string]int{}
	for _, a := range c.sent {
		if a.Labels["severity"] == string(alerts.Critical) && a.Firing() {
			paged[a.Labels["service"]]++
		}
	}
	if paged["big"] == 0 || paged["small"] > 0 {
		t.Errorf("pages: %v", paged)
	}
}

func TestEvidenceOfSlicesOverARestart(t *testing.T) {
	spec := newSpec("shop", func(s *slo.Spec) { s.Budgeting = slo.Budgeting{Method: slo.RatioTimeslices, Slice: time.Minute} })
	c := newCounters(t, spec)
	c.run(0, 20, map[string][2]float64{"shop": {99, 1}})
	tape, err := NewTape(c.core)
	if err != nil {
		t.Fatal(err)
	}
	now := c.started.Add(20 * time.Minute)
	again, err := tape.Restart(compile(t, spec), nil, now)
	if err != nil {
		t.Fatal(err)
	}
	again.Evaluate(now)
	want := c.core.judged[spec.ID()].instance.Evidence(c.started, now)
	if got := again.judged[spec.ID()].instance.Evidence(c.started, now); got != want || want < 1500 {
		t.Errorf("%v events, want %v", got, want)
	}
}
