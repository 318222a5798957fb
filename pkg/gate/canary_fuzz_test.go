package gate

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Whatever is told, nothing breaks, what was counted only grows, a denial stays, and
// it can be kept and shown.
func FuzzComparison(f *testing.F) {
	f.Add(1.0, 50.0, 1.0, 950.0, 50.0, 0.01, 0.0, 0.001, int64(1), uint16(100))
	f.Add(-1.0, math.Inf(1), 0.0, 1e300, 0.0, 0.0, 3.0, 0.5, int64(-100), uint16(700))
	f.Add(1e12, 1e12, 0.0, 1e12, 1.0, 1e-300, -1.0, 1e-9, int64(3600), uint16(20))
	f.Add(0.0, 1e-300, 0.0, 1e12, 0.0, 0.5, 1e300, 0.999, int64(1), uint16(20))
	f.Fuzz(func(t *testing.T, bad, total, otherBad, other, least, false_, margin, budget float64, seconds int64, steps uint16) {
		terms := canaryTerms
		terms.MinEvents, terms.FalseDenials, terms.Margin = least, false_, margin
		c := NewComparison(&terms, budget, "v2", "v1", noon)
		now, before := noon, c.Canary("a:b")
		for i := range min(steps, 1000) {
			now = now.Add(time.Duration(seconds%1e6) * time.Second)
			if i%2 == 0 {
				c.Step(Side{Bad: bad, Total: total}, Side{Bad: otherBad, Total: other}, now)
			} else {
				c.Step(Side{Total: total}, Side{Total: other}, now)
			}
			got := c.Canary("a:b")
			soundCanary(t, got)
			if before.Decision == slo.GateDeny && got != before {
				t.Fatalf("a denial changed: %+v\n%+v", before, got)
			}
			if got.Candidate.Total < before.Candidate.Total || got.Candidate.Bad < before.Candidate.Bad || got.Until.Before(before.Until) {
				t.Fatalf("it went back: %+v\n%+v", before, got)
			}
			before = got
		}
		if _, err := json.Marshal(c); err != nil {
			t.Fatal(err)
		}
	})
}

// soundCanary checks what holds of every canary.
func soundCanary(t *testing.T, c Canary) {
	t.Helper()
	for _, s := range []Side{c.Candidate, c.Baseline} {
		if !(s.Bad >= 0 && s.Bad <= s.Total) {
			t.Fatalf("a side has %+v", s)
		}
	}
	if math.IsNaN(c.Evidence) || c.Evidence < 0 || math.IsInf(c.Evidence, 0) || c.Note == "" {
		t.Fatalf("%+v", c)
	}
	switch c.Decision {
	case slo.GateUnknown:
		if c.Candidate.Total > 0 {
			t.Fatalf("unknown with %v events", c.Candidate.Total)
		}
	case slo.GateDeny:
		if c.Evidence < c.Limit {
			t.Fatalf("denied for %v of %v", c.Evidence, c.Limit)
		}
	case slo.GateAllow, slo.GateHold:
	default:
		t.Fatalf("it is %q", c.Decision)
	}
}

func BenchmarkComparisonStep(b *testing.B) {
	terms := canaryTerms
	terms.Within = 100 * 365 * 24 * time.Hour
	c := NewComparison(&terms, 0.001, "v2", "", noon)
	candidate, baseline, now := Side{Bad: 1, Total: 1000}, Side{Bad: 9, Total: 9000}, noon
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		c.Step(candidate, baseline, now)
	}
	if c.Ended {
		b.Fatal("it ended")
	}
}
