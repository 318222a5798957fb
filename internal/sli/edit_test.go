package sli

import (
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// What says which events count is in the fingerprint, and nothing else is.
func TestTheFingerprintIsOfTheEvents(t *testing.T) {
	base := fingerprint(spec("a", errorsOf))
	for what, change := range map[string]struct {
		edit func(*slo.Spec)
		same bool
	}{
		"window":      {func(s *slo.Spec) { s.Window = slo.Window{Period: slo.Month} }, true},
		"windows":     {func(s *slo.Spec) { s.Also = []slo.Window{{Rolling: time.Hour}} }, true},
		"objective":   {func(s *slo.Spec) { s.Objective, _ = slo.ParseObjective("90%") }, true},
		"earlier":     {func(s *slo.Spec) { s.Earlier = []slo.Earlier{{Until: began}} }, true},
		"labels":      {func(s *slo.Spec) { s.Labels = map[string]string{"a": "b"} }, true},
		"alerting":    {func(s *slo.Spec) { s.Alerting.Disabled = true }, true},
		"adjustments": {func(s *slo.Spec) { s.Adjustments = []*slo.Adjustment{{}} }, true},
		"groups":      {func(s *slo.Spec) { s.GroupBy = []string{"route"} }, false},
		"sli":         {func(s *slo.Spec) { s.SLI.Ratio = &slo.Ratio{Total: "other_total", Bad: "bad_total"} }, false},
		"method":      {func(s *slo.Spec) { s.Budgeting = slo.Budgeting{Method: slo.RatioTimeslices, Slice: time.Minute} }, false},
		"slice":       {func(s *slo.Spec) { s.Budgeting = slo.Budgeting{Method: slo.RatioTimeslices, Slice: time.Hour} }, false},
	} {
		s := spec("a", errorsOf)
		change.edit(s)
		if same := fingerprint(s) == base; same != change.same {
			t.Errorf("another %s: the same fingerprint: %v", what, same)
		}
	}
	s := spec("a", errorsOf)
	s.Budgeting = slo.Budgeting{Method: slo.RatioTimeslices, Slice: time.Minute}
	minutes := fingerprint(s)
	s.Budgeting.Slice = time.Hour
	if fingerprint(s) == minutes {
		t.Error("slices of minutes and of hours are the same events")
	}
}

// What a version kept that had the window in its fingerprint is taken over, as
// long as the window is the same.
func TestAnOldFingerprintIsKnown(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.disk = recorded(t, b.tracker)
	p := b.tracker.programs[0]
	old, now := printedWithWindow(p.Spec), p.fingerprint
	if old == now || !p.counts(old) || !p.counts(now) || p.counts(old+1) {
		t.Errorf("old %x, new %x", old, now)
	}
	other := spec("a", errorsOf)
	other.Window = slo.Window{Rolling: 90 * 24 * time.Hour}
	if work := (&program{Program: &Program{Spec: other}, fingerprint: fingerprint(other)}); work.counts(old) || !work.counts(now) {
		t.Error("with another window, the old fingerprint must not be known, and the new one must")
	}
}
