package otlp

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// byLibrary decodes a request the long way.
func byLibrary(t *testing.T, body []byte) (*sli.Batch, sli.Receipt, error) {
	t.Helper()
	if err := metricsSignal.check(body); err != nil {
		return nil, sli.Receipt{}, err
	}
	request := pmetricotlp.NewExportRequest()
	if err := request.UnmarshalProto(body); err != nil {
		t.Fatalf("the library refuses what was checked: %v", err)
	}
	batch, receipt := translate(request.Metrics(), testRules())
	return batch, receipt, nil
}

// exactly compares batches bit by bit, but for the keys.
var exactly = cmp.Options{
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmpopts.IgnoreFields(sli.Series{}, "Key"),
	cmpopts.EquateEmpty(),
}

// same compares series as exactly does, in a hundredth of the time.
func same(a, b sli.Series) bool {
	return labels.Equal(a.Labels, b.Labels) && labels.Equal(a.Raw, b.Raw) && a.Target == b.Target &&
		a.Type == b.Type && a.Temporality == b.Temporality && a.Tag == b.Tag && slices.EqualFunc(a.Points, b.Points, samePoint)
}

func samePoint(a, b sli.Point) bool {
	if a.Histogram != nil && b.Histogram != nil && a.Histogram.Equals(b.Histogram) {
		a.Histogram, b.Histogram = nil, nil
	}
	sameValue := math.Float64bits(a.Value) == math.Float64bits(b.Value)
	a.Value, b.Value = 0, 0
	return sameValue && a == b
}

// twins are two trackers of the same SLOs: one is given everything in full,
// the other what our decoder makes of the same requests.
type twins struct {
	cold, warm *sli.Tracker
	decoder    decoder
	now        time.Time
	samples    int // of known series, so far
}

func newTwins(t testing.TB) *twins {
	var programs []*sli.Program
	for name, ratio := range map[string]slo.Ratio{
		"requests":  {Total: `http_server_requests_total`, Bad: `http_server_requests_total{code=~"5.."}`},
		"orders":    {Total: `orders_total`, Bad: `orders_total{code="500"}`},
		"counted":   {Total: `requests_total`, Bad: `requests_bytes_total`},
		"durations": {Total: `http_server_request_duration_seconds_count`, Good: `http_server_request_duration_seconds_bucket{le="0.3"}`},
	} {
		programs = append(programs, program(t, name, slo.SLI{Ratio: &ratio}))
	}
	for _, name := range []string{"http_server_request_duration_seconds", "http_response_size", "latency"} {
		programs = append(programs, program(t, name, slo.SLI{Latency: &slo.Latency{Histogram: name, Below: 300 * time.Millisecond}}))
	}
	programs = append(programs, program(t, "queue", slo.SLI{Threshold: &slo.Threshold{Metric: "queue_length", Below: new(2.0)}}))
	w := &twins{cold: sli.NewTracker(sli.Options{}), warm: sli.NewTracker(sli.Options{}), decoder: decoder{rules: testRules()}, now: opening}
	w.cold.Replace(programs, opening.Add(-time.Minute))
	w.warm.Replace(programs, opening.Add(-time.Minute))
	return w
}

func program(t testing.TB, name string, what slo.SLI) *sli.Program {
	t.Helper()
	objective, err := slo.ParseObjective("99%")
	if err != nil {
		t.Fatal(err)
	}
	p, problems := sli.Compile(&slo.Spec{Service: "shop", Name: name, Objective: objective, SLI: what, Window: slo.Window{Rolling: 24 * time.Hour}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

// send gives a request to both, and compares what they make of it.
func (w *twins) send(t *testing.T, body []byte) {
	t.Helper()
	w.now = w.now.Add(15 * time.Second)
	want, wantReceipt, wantErr := byLibrary(t, body)
	w.sendCold(t, body, want, wantReceipt, wantErr)
	batch, receipt, err := w.decoder.decode(body, w.warm.Book().Page())
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("with a book: got %v, want %v", err, wantErr)
	}
	if err != nil {
		return
	}
	w.samples += len(batch.Samples)
	checkSamples(t, batch.Samples, want.Series)
	got := outcome(w.warm, batch, receipt, w.now)
	if all := outcome(w.cold, want, wantReceipt, w.now); !maps.Equal(all, got) {
		t.Fatalf("receipts (-in full +known):\n%s", cmp.Diff(all, got))
	}
	if cold, warm := counts(w.cold, w.now), counts(w.warm, w.now); !slices.Equal(cold, warm) {
		t.Fatalf("counts (-in full +known):\n%s", cmp.Diff(cold, warm))
	}
}

// checkSamples finds each sample among the library's points, in their order.
// Those between are of series that are not known, or that no SLO looks at.
func checkSamples(t *testing.T, samples []sli.Sample, all []sli.Series) {
	t.Helper()
	for _, s := range samples {
		if s.Known == nil || s.Known.Ignored() {
			t.Fatalf("a sample of a series that nobody knows: %+v", s)
		}
		at := slices.IndexFunc(all, func(full sli.Series) bool {
			return full.Type == s.Type && full.Temporality == s.Temporality && samePoint(full.Points[0], s.Point)
		})
		if at < 0 {
			t.Fatalf("the library has no such point: %+v", s)
		}
		all = all[at+1:]
	}
}

// sendCold compares the decoder without a book with the library.
func (w *twins) sendCold(t *testing.T, body []byte, want *sli.Batch, wantReceipt sli.Receipt, wantErr error) {
	t.Helper()
	batch, receipt, err := w.decoder.decode(body, nil)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("got %v, want %v", err, wantErr)
	}
	if err != nil {
		return
	}
	if !slices.EqualFunc(want.Series, batch.Series, same) || len(batch.Samples) > 0 {
		t.Fatalf("batch (-library +ours):\n%s", cmp.Diff(want, batch, exactly))
	}
	if diff := cmp.Diff(wantReceipt, receipt); diff != "" {
		t.Fatalf("receipt (-library +ours):\n%s", diff)
	}
}

// outcome is how many points had which fate. The order of a batch's samples
// decides which of several is the example, so these are left out.
func outcome(tracker *sli.Tracker, batch *sli.Batch, receipt sli.Receipt, now time.Time) map[sli.Reason]int {
	batch.Whole = true
	receipt.Accepted += tracker.Ingest(batch, now, &receipt)
	fate := map[sli.Reason]int{}
	for _, r := range receipt.Rejections {
		fate[r.Reason] += r.Points
	}
	fate["all"] = receipt.Accepted
	return fate
}

// counted is what an SLO has counted.
type counted struct {
	ID               string
	Since, Uncertain budget.Counts
	Window           budget.Reading
}

func counts(tracker *sli.Tracker, now time.Time) []counted {
	var all []counted
	for _, in := range tracker.Instances() {
		c := counted{ID: in.ID, Since: in.Ledger.Since(), Window: in.Ledger.Window(now, 5*time.Minute)}
		if in.Uncertain != nil {
			c.Uncertain = in.Uncertain.Since()
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b counted) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// TestDecoderAgreesWithTheLibrary sends each request of the corpus three times.
func TestDecoderAgreesWithTheLibrary(t *testing.T) {
	large := marshal(t, benchmarkRequest(4000)) // several times maxRest
	for _, body := range append(corpus(t), large) {
		w := newTwins(t)
		for range 3 {
			w.send(t, body)
		}
	}
}

// TestKnownSeriesCountTheSame tells a story, now in one order of fields and
// then in the other.
func TestKnownSeriesCountTheSame(t *testing.T) {
	w := newTwins(t)
	for round := range 40 {
		body := marshal(t, story(round))
		if round%5 > 2 {
			body = ascending(t, body)
		}
		w.send(t, body)
	}
	if w.samples < 100 {
		t.Errorf("only %d samples of known series were read from their bytes", w.samples)
	}
	if c := counts(w.warm, w.now); len(c) < 6 || c[0].Since.Total == 0 {
		t.Errorf("nothing was counted: %+v", c)
	}
}

// TestKeysTellApart sends metrics that differ in one thing only, one after the
// other and several times: what is known of one must not be taken for another.
func TestKeysTellApart(t *testing.T) {
	sum := func(m pmetric.Metric, round int) pmetric.NumberDataPoint {
		m.SetName("requests")
		m.SetEmptySum().SetIsMonotonic(true)
		m.Sum().SetAggregationTemporality(isCumulative)
		p := at(m.Sum().DataPoints().AppendEmpty(), round)
		p.SetIntValue(int64(round * 5))
		return p
	}
	histogram := func(m pmetric.Metric, round int, bounds ...float64) pmetric.HistogramDataPoint {
		n := uint64(round)
		p := at(aHistogram(m, isCumulative, 3*n, bounds, n, n, n), round)
		p.SetSum(1)
		return p
	}
	cases := map[string][]func(m pmetric.Metric, round int){
		"unit": {
			func(m pmetric.Metric, round int) { sum(m, round) },
			func(m pmetric.Metric, round int) { sum(m, round); m.SetUnit("By") },
		},
		"name": {
			func(m pmetric.Metric, round int) { sum(m, round) },
			func(m pmetric.Metric, round int) { sum(m, round); m.SetName("requests.bytes") },
		},
		"monotonic": {
			func(m pmetric.Metric, round int) { sum(m, round) },
			func(m pmetric.Metric, round int) { sum(m, round); m.Sum().SetIsMonotonic(false) },
		},
		"temporality": {
			func(m pmetric.Metric, round int) { sum(m, round) },
			func(m pmetric.Metric, round int) { sum(m, round); m.Sum().SetAggregationTemporality(isDelta) },
		},
		"kind": {
			func(m pmetric.Metric, round int) { sum(m, round); m.SetName("requests_total") },
			func(m pmetric.Metric, round int) {
				m.SetName("requests_total")
				at(m.SetEmptyGauge().DataPoints().AppendEmpty(), round).SetIntValue(3)
			},
		},
		"attributes": {
			func(m pmetric.Metric, round int) { sum(m, round).Attributes().PutStr("a", "1") },
			func(m pmetric.Metric, round int) { sum(m, round).Attributes().PutStr("a", "2") },
			func(m pmetric.Metric, round int) { sum(m, round).Attributes().PutStr("a", "1") },
		},
		"start": {
			func(m pmetric.Metric, round int) { sum(m, round) },
			func(m pmetric.Metric, round int) {
				p := sum(m, round)
				p.SetStartTimestamp(p.Timestamp() + 1)
			},
			func(m pmetric.Metric, round int) {
				p := sum(m, round)
				p.SetStartTimestamp(p.Timestamp() - 1)
			},
		},
		"bounds": {
			func(m pmetric.Metric, round int) { histogram(m, round, 0.1, 0.3) },
			func(m pmetric.Metric, round int) { histogram(m, round, 0.3, 0.5) },
		},
		"stale bounds": {
			func(m pmetric.Metric, round int) {
				histogram(m, round, 0.3, 0.1).SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
			},
			func(m pmetric.Metric, round int) { histogram(m, round, 0.3, 0.1) },
			func(m pmetric.Metric, round int) { histogram(m, round, 0.1, 0.3) },
		},
		"more in the buckets than the count": {
			func(m pmetric.Metric, round int) { histogram(m, round, 0.1, 0.3) },
			func(m pmetric.Metric, round int) { histogram(m, round, 0.1, 0.3).SetCount(1) },
		},
		"without a sum, then with": {
			func(m pmetric.Metric, round int) { histogram(m, round, 0.1, 0.3).RemoveSum() },
			func(m pmetric.Metric, round int) { histogram(m, round, 0.1, 0.3) },
		},
	}
	for name, builds := range cases {
		t.Run(name, func(t *testing.T) {
			w := newTwins(t)
			for round := range 12 {
				build := builds[round%len(builds)]
				w.send(t, marshal(t, request(func(m pmetric.Metric) { build(m, round+1) }, "service.name", "shop")))
			}
			if w.samples == 0 {
				t.Error("nothing was read as known")
			}
		})
	}
}

// TestKnownSeriesAreStillLookedThrough sends a broken exemplar with a point of
// a known series: the library would refuse the request, so do we.
func TestKnownSeriesAreStillLookedThrough(t *testing.T) {
	for name, exemplar := range map[string]fields{"short trace id": fields{}.text(5, "short"), "good": nil} {
		resource := fields{}.bytes(1, pair("service.name", "shop"))
		point := fields{}.fixed(3, uint64(opening.UnixNano())).fixed(6, 5)
		body := func(p fields) []byte {
			return onlyMetric(resource, fields{}.text(1, "requests_total").bytes(7, fields{}.varint(3, 1).bytes(1, p).varint(2, 2)))
		}
		w := newTwins(t)
		w.send(t, body(point))
		w.send(t, body(point.bytes(5, exemplar)))
		if known := w.samples == 1; known != (exemplar == nil) {
			t.Errorf("%s: %d samples", name, w.samples)
		}
	}
}

// FuzzDecoder compares the decoder with the library on any bytes.
func FuzzDecoder(f *testing.F) {
	for _, body := range corpus(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newTwins(t)
		for range 2 {
			w.send(t, body)
		}
	})
}

// FuzzKnown edits the requests of a story.
func FuzzKnown(f *testing.F) {
	bodies := opened(f)
	f.Add([]byte{})
	f.Add([]byte{1, 0, 17, 3, 4, 2, 100, 9})
	f.Fuzz(func(t *testing.T, edits []byte) { sendEdited(t, bodies, edits) })
}

// TestEditedRequests is FuzzKnown with edits by chance.
func TestEditedRequests(t *testing.T) {
	bodies := opened(t)
	for seed := range uint64(100) {
		chance := rand.New(rand.NewPCG(seed, 7))
		edits := make([]byte, 4*(1+chance.IntN(3)))
		for i := range edits {
			edits[i] = byte(chance.Uint32())
		}
		if ok := t.Run(fmt.Sprintf("%x", edits), func(t *testing.T) { sendEdited(t, bodies, edits) }); !ok {
			return
		}
	}
}

// opened are the first rounds of a story, in both orders of fields.
func opened(t testing.TB) (bodies [6][]byte) {
	for round := range bodies {
		bodies[round] = marshal(t, story(round))
		if round%2 == 1 {
			bodies[round] = ascending(t, bodies[round])
		}
	}
	return bodies
}

// sendEdited sends requests after some of their bytes were replaced: of each
// four bytes of edits the first says in which request, two where, and the last
// by what.
func sendEdited(t *testing.T, bodies [6][]byte, edits []byte) {
	for ; len(edits) >= 4; edits = edits[4:] {
		body := slices.Clone(bodies[int(edits[0])%len(bodies)])
		body[(int(edits[1])<<8|int(edits[2]))%len(body)] = edits[3]
		bodies[int(edits[0])%len(bodies)] = body
	}
	w := newTwins(t)
	for _, body := range bodies {
		w.send(t, body)
	}
}
