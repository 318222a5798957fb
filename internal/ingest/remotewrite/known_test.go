package remotewrite

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// after moves the clock of both twins.
func (w *twins) after(d time.Duration) {
	w.now = w.now.Add(d)
	w.warm.now, w.cold.now = w.now, w.now
}

// wantRead sends a request and checks how many of its series were read, and
// how many samples of known ones reached the sink.
func (w *twins) wantRead(v version, series, samples int, message []byte) {
	w.Helper()
	if !w.send(v, message) {
		w.Fatal("cannot be compared")
	}
	if w.warm.series != series || w.warm.samples != samples {
		w.Errorf("%s: %d series were read, %d samples were not; want %d and %d", v, w.warm.series, w.warm.samples, series, samples)
	}
	w.after(5 * time.Second)
}

// request is a sample of http_requests_total, a scrape later than the last.
func (w *twins) request(labels ...string) sent {
	at := w.now.UnixMilli()
	return sent{
		labels: append([]string{"__name__", "http_requests_total", "job", "shop", "code", "500"}, labels...),
		points: []sentPoint{{time: at, value: float64(at - benchTime.UnixMilli())}},
	}
}

func TestEachSpellingIsLearnt(t *testing.T) {
	for _, v := range versions {
		w := newTwins(t)
		other := func() sent {
			s := w.request()
			return sent{labels: slices.Concat(s.labels[4:], s.labels[:4], []string{"zone", ""}), points: s.points}
		}
		w.wantRead(v, 1, 0, encode(t, v, w.request()))
		w.wantRead(v, 0, 1, encode(t, v, w.request()))
		w.wantRead(v, 1, 0, encode(t, v, other()))
		w.wantRead(v, 0, 1, encode(t, v, other()))
		w.wantRead(v, 0, 1, encode(t, v, w.request()))
		if w.warm.Known() != 1 {
			t.Errorf("%s: %d series are known, want one", v, w.warm.Known())
		}
	}
}

// TestLabelsAfterSamplesAreRead: the first part of such a series may be the
// whole name of another one.
func TestLabelsAfterSamplesAreRead(t *testing.T) {
	for _, v := range versions {
		w := newTwins(t)
		split := func() []byte {
			message := encode(t, v, w.request("zone", "1"))
			series := protowire.Number(1)
			if v == version2 {
				series = 5
			}
			var out []byte
			_ = eachField(message, func(n protowire.Number, field, content []byte) {
				if n == series {
					content = lastLabelsLast(v, content)
					field = protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), content)
				}
				out = append(out, field...)
			})
			return out
		}
		w.wantRead(v, 1, 0, encode(t, v, w.request()))
		w.wantRead(v, 1, 0, split())
		w.wantRead(v, 1, 0, split())
		w.wantRead(v, 0, 1, encode(t, v, w.request()))
		if w.warm.Known() != 2 {
			t.Errorf("%s: %d series are known, want two", v, w.warm.Known())
		}
	}
}

// lastLabelsLast moves the last label of a series behind its samples.
func lastLabelsLast(v version, series []byte) []byte {
	var labels [][]byte
	var rest []byte
	_ = eachField(series, func(n protowire.Number, field, content []byte) {
		switch {
		case n != 1:
			rest = append(rest, field...)
		case v == version1:
			labels = append(labels, field)
		default: // references of a byte each
			for pair := range slices.Chunk(content, 2) {
				labels = append(labels, append([]byte{tagLabels, 2}, pair...))
			}
		}
	})
	last := len(labels) - 1
	return slices.Concat(slices.Concat(labels[:last]...), rest, labels[last])
}

func TestTypeIsPartOfTheKey(t *testing.T) {
	w := newTwins(t)
	as := func(family int32) []byte {
		s := w.request()
		s.family = 0
		request := request2(s)
		request.Timeseries[0].Metadata.Type = writev2.Metadata_MetricType(family)
		return marshal(t, &request)
	}
	w.wantRead(version2, 1, 0, as(1))
	w.wantRead(version2, 0, 1, as(1))
	w.wantRead(version2, 1, 0, as(2)) // a gauge now
	w.wantRead(version2, 0, 1, as(2))
	w.wantRead(version2, 1, 0, as(0))
	w.wantRead(version2, 0, 1, as(99)) // as little as none
	w.wantRead(version2, 0, 1, as(1))
}

// TestMetadataInPieces: what a later piece does not say, an earlier one may.
func TestMetadataInPieces(t *testing.T) {
	w := newTwins(t)
	gauge := func() (whole, pieces []byte) {
		request := request2(w.request("zone", "1"))
		whole = marshal(t, &request)
		request.Timeseries[0].Metadata.Type = writev2.Metadata_METRIC_TYPE_GAUGE
		request.Timeseries[0].XXX_unrecognized = []byte{5<<3 | 2, 0}
		return whole, marshal(t, &request)
	}
	for range 2 {
		_, pieces := gauge()
		w.wantRead(version2, 1, 0, pieces)
	}
	whole, _ := gauge()
	w.wantRead(version2, 1, 0, whole)
	if !strings.Contains(fmt.Sprint(w.warm.counts()), string(sli.ReasonNotACounter)) {
		t.Errorf("the gauge was counted: %v", w.warm.counts())
	}
}

// TestSpellingIsBounded: two bytes of references must not become sixteen.
func TestSpellingIsBounded(t *testing.T) {
	request := request2(up())
	request.Timeseries[0].LabelsRefs = make([]uint32, 1<<20)
	d := &decoder{limits: ingest.DefaultLimits(), page: newTracker(t, benchTime, everything).Book().Page()}
	if err := d.decode(version2, marshal(t, &request)); err != nil {
		t.Fatal(err)
	}
	if cap(d.spelling) > 1<<16 || d.tally.refused.samples != 1 {
		t.Errorf("the spelling took %d bytes, %d samples were refused", cap(d.spelling), d.tally.refused.samples)
	}
}

func TestHistogramsOfKnownSeries(t *testing.T) {
	for _, v := range versions {
		w := newTwins(t)
		native := func(labels ...string) sent {
			whole := nativeWhole()
			whole.Count += uint64(w.now.Unix() - benchTime.Unix())
			whole.ZeroCount += uint64(w.now.Unix() - benchTime.Unix())
			return sent{labels: append([]string{"__name__", "h"}, labels...), points: []sentPoint{{time: w.now.UnixMilli(), whole: whole}}}
		}
		float := func() sent {
			return sent{labels: []string{"__name__", "h"}, points: []sentPoint{{time: w.now.UnixMilli()}}}
		}
		w.wantRead(v, 1, 0, encode(t, v, native()))
		w.wantRead(v, 0, 1, encode(t, v, native()))
		w.wantRead(v, 1, 0, encode(t, v, float()))
		w.wantRead(v, 0, 2, encode(t, v, native(), float()))

		broken := native()
		broken.points[0].whole.PositiveBuckets[0] = -7
		half := native()
		half.points = append(half.points, broken.points...)
		w.wantRead(v, 1, 1, encode(t, v, native("n", "1"), native()))
		w.wantRead(v, 1, 0, encode(t, v, half))
		w.wantRead(v, 0, 1, encode(t, v, native(), broken)) // refused by name, so it is read
		if answer := w.warm.post(v, encode(t, v, broken)); answer.Code != 400 || !bytes.Contains(answer.Body.Bytes(), []byte(`{__name__="h"}`)) {
			t.Errorf("%s: %d %s", v, answer.Code, answer.Body)
		}
	}
}

func TestStartOfKnownSeries(t *testing.T) {
	w := newTwins(t)
	started := func() []byte {
		s := w.request()
		s.created = benchTime.UnixMilli() + 1
		s.points = append(s.points, sentPoint{time: s.points[0].time + 1000, value: s.points[0].value, start: benchTime.UnixMilli() + 2})
		return encode2(t, s)
	}
	w.wantRead(version2, 1, 0, started())
	w.wantRead(version2, 0, 2, started())
}

func TestIgnoredSeriesAreNotHandedOn(t *testing.T) {
	w := newTwins(t)
	message := encode2(t, up("n", "1"), up("n", "2"))
	w.wantRead(version2, 2, 0, message)
	w.wantRead(version2, 0, 0, message)
	answer := w.warm.post(version2, message)
	if got := answer.Header().Get("X-Prometheus-Remote-Write-Samples-Written"); answer.Code != 204 || got != "2" {
		t.Errorf("%d, %s samples written, want 2", answer.Code, got)
	}
	answer = w.warm.post(version2, message[:len(message)-1])
	wantCode(t, answer, 400)
}

// TestKnownReplicas: a replica that is not heard costs no reading either, and
// a failover finds what it needs.
func TestKnownReplicas(t *testing.T) {
	for _, v := range versions {
		w := newTwins(t)
		of := func(replica string) []byte {
			return encode(t, v, w.request("cluster", "eu", "__replica__", replica), up("cluster", "eu", "__replica__", replica))
		}
		w.wantRead(v, 2, 0, of("a"))
		w.wantRead(v, 0, 1, of("a")) // nobody looks at up
		w.wantRead(v, 0, 0, of("b"))
		w.wantRead(v, 0, 0, of("b"))
		w.after(time.Minute)
		w.wantRead(v, 2, 0, of("b")) // elected, and heard for the first time
		w.wantRead(v, 0, 1, of("b"))
		w.wantRead(v, 0, 0, of("a"))
		w.after(time.Minute)
		w.wantRead(v, 0, 1, of("a"))
		w.wantRead(v, 0, 0, of("b"))
		answer := w.warm.post(v, of("b"))
		wantCode(t, answer, 202)
		wantCode(t, w.warm.post(v, of("b")[:20]), 400)
	}
}

func TestSilentReplicasAreReadOnce(t *testing.T) {
	for _, v := range versions {
		world := newTracker(t, benchTime, requestErrors)
		elections := newElections(HAOptions{}, newMetrics(nil), discard)
		for round := range 2 {
			d := &decoder{limits: ingest.DefaultLimits(), page: world.Book().Page()}
			d.electorate.elections = elections
			if err := d.decode(v, encode(t, v, up(), replica("eu", "a"), replica("eu", "b"))); err != nil {
				t.Fatal(err)
			}
			world.count(&d.batch)
			if read := len(d.labels) > 0; read != (round == 0) || d.tally.unheard != (count{samples: 1}) {
				t.Errorf("%s: round %d: labels were read: %t; %d samples unheard", v, round, read, d.tally.unheard.samples)
			}
		}
	}
}

func TestRosterIsBounded(t *testing.T) {
	r := newRoster(2)
	id := func(n int) replicaID { return replicaID{clusterKey{0, "eu"}, fmt.Sprint(n)} }
	for n := range 4 {
		want := []replicaNumber{1, 2, unnumbered, unnumbered}[n]
		if got := r.number(id(n)); got != want {
			t.Errorf("replica %d has number %d, want %d", n, got, want)
		}
	}
	if r.number(id(0)) != 1 || r.replica(2) != id(1) {
		t.Error("the roster does not keep its numbers")
	}

	w := newTwins(t)
	w.warm.handler.ha.roster = newRoster(1)
	of := func(replica string) []byte { return encode1(t, w.request("cluster", replica, "__replica__", replica)) }
	w.wantRead(version1, 1, 0, of("a"))
	w.wantRead(version1, 1, 0, of("b"))
	w.wantRead(version1, 0, 1, of("a"))
	w.wantRead(version1, 1, 0, of("b")) // has no number: is read each time
}

func TestClustersBeyondTheLimitAreRefusedWhenKnown(t *testing.T) {
	w := newTwins(t)
	w.warm.handler.ha.limit, w.cold.handler.ha.limit = 1, 1
	of := func(cluster string) []byte { return encode1(t, w.request("cluster", cluster, "__replica__", "a")) }
	w.wantRead(version1, 1, 0, of("a"))
	w.after(time.Minute)
	w.wantRead(version1, 1, 0, of("b")) // takes the place of the other one
	w.wantRead(version1, 0, 0, of("a"))
	wantText(t, w.warm.post(version1, of("a")), "replicas of more than 1 clusters send", `cluster="a"`)
}

// TestHandlersNumberReplicasOnTheirOwn: two endpoints, one book.
func TestHandlersNumberReplicasOnTheirOwn(t *testing.T) {
	world := newTracker(t, benchTime, everything)
	first := New(Options{Sink: world, Book: world.Book()})
	second := New(Options{Sink: world, Book: world.Book(), HA: HAOptions{Disabled: true}})
	of := func(name string) sent {
		s := replica("eu", name)
		s.points[0].time = benchTime.UnixMilli()
		return s
	}
	for range 2 {
		wantCode(t, post(first, version1, encode1(t, of("a"))), 204)
		wantCode(t, post(second, version1, encode1(t, of("a"), of("b"))), 204)
	}
	if world.Known() != 3 {
		t.Errorf("%d series are known, want 3", world.Known())
	}
}

func TestSilentForgetsNothingOfAKey(t *testing.T) {
	var s silent
	if s.find(1) != noReplica {
		t.Error("an empty table finds something")
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		key, from := sli.Key(r.Uint64()), replicaNumber(1+r.IntN(maxRoster))
		s.learn(key, from)
		if s.find(key) != from || s.find(key^1<<63) != noReplica || s.find(key^1<<silentBits) != noReplica {
			t.Fatalf("key %x of replica %d: found %d", key, from, s.find(key))
		}
	}
}

// TestHalfAKnownRequestIsNone: what is wrong at its end refuses all of it.
func TestHalfAKnownRequestIsNone(t *testing.T) {
	for _, v := range versions {
		w := newTwins(t)
		var many []sent
		for i := range 100 {
			many = append(many, w.request("n", fmt.Sprint(i)))
		}
		message := encode(t, v, many...)
		w.wantRead(v, 100, 0, message)
		counts := w.warm.counts()
		for cut := 1; cut < 200; cut++ {
			half := message[:len(message)-cut]
			if !w.send(v, half) {
				t.Fatal("cannot be compared")
			}
			if _, refusal := libraryDecode(v, half); refusal != nil && w.warm.samples != 0 {
				t.Fatalf("%s: %d bytes less: %d samples were handed on", v, cut, w.warm.samples)
			}
		}
		if diff := cmp.Diff(counts, w.warm.counts()); diff != "" {
			t.Errorf("%s: %s", v, diff)
		}
	}
}

func TestKnownSeriesAllocateNothing(t *testing.T) {
	for _, v := range versions {
		message, world := encode(t, v, scrape(0)...), newTracker(t, benchTime, requestErrors)
		d := &decoder{limits: ingest.DefaultLimits()}
		decode := func() {
			defer d.reset()
			d.page = world.Book().Page()
			if err := d.decode(v, message); err != nil {
				t.Fatal(err)
			}
			if len(d.batch.Series) > 0 {
				world.count(&d.batch)
			}
		}
		decode()
		if got := testing.AllocsPerRun(20, decode); got > 0.001*benchSeries {
			t.Errorf("%s: %v allocations for %d samples", v, got, benchSeries)
		}
	}
}

// TestPooledDecodersHoldNothing: neither series nor request bodies.
func TestPooledDecodersHoldNothing(t *testing.T) {
	for _, v := range versions {
		world := newTracker(t, benchTime, requestErrors)
		d := &decoder{limits: ingest.DefaultLimits()}
		for range 3 {
			d.page = world.Book().Page()
			if err := d.decode(v, encode(t, v, append(scrape(0), up())...)); err != nil {
				t.Fatal(err)
			}
			world.count(&d.batch)
			d.reset()
		}
		for _, s := range d.batch.Samples[:cap(d.batch.Samples)] {
			if s != (sli.Sample{}) {
				t.Fatalf("%s: holds %+v", v, s)
			}
		}
		for _, s := range d.symbols[:cap(d.symbols)] {
			if s.raw != nil {
				t.Fatalf("%s: holds %q", v, s.raw)
			}
		}
		for _, c := range d.block.series {
			if c.bytes != nil || c.known != nil {
				t.Fatalf("%s: holds %+v", v, c)
			}
		}
		if d.page != nil {
			t.Errorf("%s: holds a page", v)
		}
	}
}

// TestUvarint: the hand-written reader takes what the library's takes.
func TestUvarint(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 100_000 {
		b := make([]byte, r.IntN(12))
		for i := range b {
			b[i] = byte(r.Uint32()) | byte(r.IntN(2)*0x80)
		}
		want, n := protowire.ConsumeVarint(b)
		got, end := uvarint(b, 0)
		if n < 0 {
			want, n = 0, -1
		}
		if got != want || end != n {
			t.Fatalf("uvarint(%x) = %d, %d; want %d, %d", b, got, end, want, n)
		}
	}
}

// TestSendersFindWhatIsLearnt while the tracker's owner writes the book.
func TestSendersFindWhatIsLearnt(t *testing.T) {
	var mu sync.Mutex
	world := newTracker(t, benchTime, requestErrors)
	sink := ingest.SinkFunc(func(ctx context.Context, b *sli.Batch) (sli.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		return world.Ingest(ctx, b)
	})
	h := New(Options{Sink: sink, Book: world.Book()})
	var group sync.WaitGroup
	for i := range 4 {
		v := versions[i%2]
		group.Go(func() {
			for n := range 20 {
				series := scrape(n % 3)[:500]
				for j := range series {
					series[j].labels = append(series[j].labels, "zone", fmt.Sprint(i), "__replica__", "a")
					series[j].points[0].time += int64(n) * 1000
				}
				if w := post(h, v, encode(t, v, series...)); w.Code != 204 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
	group.Wait()
	if want := 4 * 3 * 500; world.Known() != want {
		t.Errorf("%d series are known, want %d", world.Known(), want)
	}
}
