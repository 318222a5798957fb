package remotewrite

import (
	"math"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

func FuzzV1(f *testing.F) {
	seed(f, version1)
	f.Fuzz(func(t *testing.T, message []byte) { fuzz(t, version1, message) })
}

func FuzzV2(f *testing.F) {
	seed(f, version2)
	f.Fuzz(func(t *testing.T, message []byte) { fuzz(t, version2, message) })
}

func seed(f *testing.F, v version) {
	points := []sentPoint{
		{time: 1, value: math.NaN()}, {time: math.MaxInt64, value: staleNaN, start: math.MinInt64},
		{time: 2, whole: nativeWhole(), start: 1}, {time: 3, float: nativeFloat()}, {time: 4, whole: nativeCustom()},
	}
	f.Add([]byte(nil))
	f.Add(encode(f, v, up()))
	f.Add(encode(f, v, sent{labels: []string{"__name__", "m", "a", "\xff"}, points: points, created: 5, family: 3}))
	f.Add(encode(f, v, sent{labels: []string{"z", "1", "__name__", "m", "z", ""}, points: points, family: 5}, up()))
	f.Add(encode(f, v, replicaPair()...))
}

func replicaPair() []sent { return []sent{replica("eu", "a"), replica("eu", "b"), up("cluster", "eu")} }

// fuzz checks what must hold for any bytes: no panic, bounded memory, every
// point accounted for, and only well-formed series handed on.
func fuzz(t *testing.T, v version, message []byte) {
	limits := ingest.Limits{MaxDecodedBytes: 16 << 10, MaxLabels: 8, MaxLabelNameBytes: 16, MaxLabelValueBytes: 32}
	d := &decoder{limits: limits}
	d.electorate.elections = newElections(HAOptions{}, newMetrics(nil), discard)
	err := d.decode(v, message)
	// Slices grow by doubling, hence twice; and from a few elements, hence more.
	if used := int64(d.pooledBytes()); used > 2*memoryFactor*limits.MaxDecodedBytes+4096 {
		t.Fatalf("%d bytes of memory for %d of message", used, len(message))
	}
	if err != nil {
		return
	}
	handed := 0
	for _, s := range d.batch.Series {
		handed += len(s.Points)
		checkSeries(t, s, limits)
	}
	if handed != d.tally.handed.total() {
		t.Fatalf("%d points handed on, counted as %d", handed, d.tally.handed.total())
	}
	if all := d.tally.handed.total() + d.tally.refused.total() + d.tally.unheard.total(); all != d.tally.sent.total() {
		t.Fatalf("%d points sent, %d accounted for", d.tally.sent.total(), all)
	}
	if refused := d.tally.receipt.Refused(); refused != d.tally.refused.total() {
		t.Fatalf("%d points refused, %d reported", d.tally.refused.total(), refused)
	}
}

func checkSeries(t *testing.T, s sli.Series, limits ingest.Limits) {
	t.Helper()
	byName := func(a, b labels.Label) bool { return a.Name >= b.Name }
	for i, l := range s.Labels {
		if l.Name == "" || l.Value == "" || !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value) {
			t.Fatalf("label %q = %q", l.Name, l.Value)
		}
		if i > 0 && byName(s.Labels[i-1], l) {
			t.Fatalf("labels out of order: %v", s.Labels)
		}
	}
	if len(s.Labels) > limits.MaxLabels || !s.Labels.Has(labels.MetricName) || len(s.Points) == 0 {
		t.Fatalf("series %+v", s)
	}
	if !slices.ContainsFunc(s.Points, func(p sli.Point) bool { return p.Histogram != nil && s.Type != sli.TypeHistogram }) {
		return
	}
	t.Fatalf("a histogram in a series of type %v", s.Type)
}
