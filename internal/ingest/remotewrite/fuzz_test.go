package remotewrite

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/protobuf/encoding/protowire"

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

func corpus(t testing.TB, v version) [][]byte {
	points := []sentPoint{
		{time: 1, value: math.NaN()}, {time: math.MaxInt64, value: staleNaN, start: math.MinInt64},
		{time: 2, whole: nativeWhole(), start: 1}, {time: 3, float: nativeFloat()}, {time: 4, whole: nativeCustom()},
	}
	return [][]byte{
		nil,
		encode(t, v, up()),
		encode(t, v, sent{labels: []string{"__name__", "m", "a", "\xff"}, points: points, created: 5, family: 3}),
		encode(t, v, sent{labels: []string{"z", "1", "__name__", "m", "z", ""}, points: points, family: 5}, up()),
		encode(t, v, replicaPair()...),
		encode(t, v, shop(0, 1)...),
		encode(t, v, shop(1, 3)...),
	}
}

func seed(f *testing.F, v version) {
	for _, message := range corpus(f, v) {
		f.Add(message)
	}
}

func replicaPair() []sent { return []sent{replica("eu", "a"), replica("eu", "b"), up("cluster", "eu")} }

// shop is a scrape of everything that some SLO looks at, and of something that
// none does: the samples'th of them, and later ones.
func shop(scrape, samples int) []sent {
	series := []sent{
		{labels: []string{"__name__", "http_requests_total", "code", "200", "job", "shop"}, family: 1},
		{labels: []string{"__name__", "http_requests_total", "code", "500", "job", "shop"}, family: 1},
		{labels: []string{"__name__", "h_count", "job", "shop"}, family: 3},
		{labels: []string{"__name__", "h_bucket", "job", "shop", "le", "0.5"}, family: 3},
		{labels: []string{"__name__", "h_bucket", "job", "shop", "le", "+Inf"}, family: 3},
		{labels: []string{"__name__", "temperature", "job", "shop"}, family: 2},
		{labels: []string{"__name__", "ignored_total", "job", "shop"}, family: 1},
		{labels: []string{"__name__", "http_requests_total", "code", "500", "cluster", "eu", "__replica__", "a"}},
		{labels: []string{"__name__", "http_requests_total", "code", "500", "cluster", "eu", "__replica__", "b"}},
	}
	native := sent{labels: []string{"__name__", "h", "job", "shop"}, family: 3}
	for n := scrape; n < scrape+samples; n++ {
		at := benchTime.UnixMilli() + int64(n)*15_000
		for i := range series {
			series[i].points = append(series[i].points, sentPoint{time: at, value: float64((n + 1) * (i + 1)), start: int64(i%2) * (at - 1000)})
		}
		whole := nativeWhole()
		whole.PositiveBuckets[0] += int64(n)
		whole.Count += uint64(3 * n)
		native.points = append(native.points, sentPoint{time: at, whole: whole})
	}
	return append(series, native)
}

// fuzz checks what must hold for any bytes: no panic, bounded memory, every
// point accounted for, and only well-formed series handed on; and the same
// again when the series are known.
func fuzz(t *testing.T, v version, message []byte) {
	limits := ingest.Limits{MaxDecodedBytes: 16 << 10, MaxLabels: 8, MaxLabelNameBytes: 16, MaxLabelValueBytes: 32}
	world, known := newTracker(t, benchTime, everything), names{}
	elections := newElections(HAOptions{}, newMetrics(nil), discard)
	var cold tally
	for round := range 2 {
		d := &decoder{limits: limits, page: world.Book().Page()}
		d.electorate.elections = elections
		err := d.decode(v, message)
		// Slices grow by doubling, hence twice; and from a few elements, hence more.
		if used := int64(d.pooledBytes()); used > 2*memoryFactor*limits.MaxDecodedBytes+8192 {
			t.Fatalf("%d bytes of memory for %d of message", used, len(message))
		}
		if err != nil {
			if round > 0 {
				t.Fatalf("was taken when nothing was known, but is refused now: %v", err)
			}
			return
		}
		for _, s := range d.batch.Series {
			checkSeries(t, s, limits)
		}
		checkTally(t, d, len(known.points(t, &d.batch)))
		if round > 0 && !cmp.Equal(cold, d.tally, cmp.AllowUnexported(tally{}, count{})) {
			t.Fatalf("cold: %+v\nwarm: %+v", cold, d.tally)
		}
		cold = d.tally
		world.count(&d.batch)
		known.learn(world.Book(), &d.batch)
	}
}

func checkTally(t *testing.T, d *decoder, handed int) {
	t.Helper()
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

// FuzzLibrary1 and FuzzLibrary2 compare with the Prometheus library, on any
// bytes and on messages that say the same in odd shapes: what one takes the
// other takes, and both read the same out of it, whether the series are known
// or not.
func FuzzLibrary1(f *testing.F) { fuzzLibrary(f, version1) }
func FuzzLibrary2(f *testing.F) { fuzzLibrary(f, version2) }

func fuzzLibrary(f *testing.F, v version) {
	for i, message := range corpus(f, v) {
		f.Add(message, uint64(0))
		f.Add(message, uint64(i+1))
	}
	f.Fuzz(func(t *testing.T, message []byte, shape uint64) {
		if shape != 0 {
			message = reshape(v, message, shape)
		}
		compareWithLibrary(t, v, message)
	})
}

func compareWithLibrary(t *testing.T, v version, message []byte) {
	want, refusal := libraryDecode(v, withoutExtras(v, message))
	limits := ingest.Limits{MaxDecodedBytes: 1 << 30, MaxLabels: 1 << 20, MaxLabelNameBytes: 1 << 20, MaxLabelValueBytes: 1 << 20}
	world, known := newTracker(t, benchTime, everything), names{}
	for round := range 2 {
		d := &decoder{limits: limits, page: world.Book().Page()}
		err := d.decode(v, message)
		if (err != nil) != (refusal != nil) {
			if err != nil && stricter(err) {
				return
			}
			t.Fatalf("round %d: decoder: %v, library: %v", round, err, refusal)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(known.points(t, &sli.Batch{Series: want}), known.points(t, &d.batch)); diff != "" {
			t.Fatalf("round %d: -library +decoder\n%s", round, diff)
		}
		world.count(&d.batch)
		known.learn(world.Book(), &d.batch)
	}
}

// stricter reports whether an error is one that the library's generated code
// does not see: numbers and groups that protobuf does not allow, packed fields
// that end within an element, references beyond 32 bits, and start timestamps,
// which it does not know, of another type.
func stricter(err error) bool {
	return slices.ContainsFunc([]string{
		"variable length integer overflow", "mismatching end group marker", "invalid field number", "unexpected EOF",
		"reference 4294967296", "field 3 is of an unexpected wire type", "field 17 is of an unexpected wire type",
	}, func(s string) bool { return strings.Contains(err.Error(), s) })
}

// withoutExtras removes what is passed over unread: exemplars, and metadata of
// version 1.
func withoutExtras(v version, message []byte) []byte {
	series, exemplar := protowire.Number(1), protowire.Number(3)
	if v == version2 {
		series, exemplar = 5, 4
	}
	var out []byte
	err := eachField(message, func(n protowire.Number, field, content []byte) {
		switch {
		case n == series && content != nil:
			var kept []byte
			if eachField(content, func(n protowire.Number, field, _ []byte) {
				if n != exemplar {
					kept = append(kept, field...)
				}
			}) == nil {
				out = protowire.AppendBytes(protowire.AppendTag(out, n, protowire.BytesType), kept)
				return
			}
		case v == version1 && n == 3:
			return
		}
		out = append(out, field...)
	})
	if err != nil {
		return message
	}
	return out
}
