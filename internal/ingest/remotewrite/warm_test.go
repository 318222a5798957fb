package remotewrite

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// twins are two engines that get the same requests: one has a book, the other
// reads everything. They must never differ.
type twins struct {
	testing.TB
	now        time.Time
	warm, cold *twin
}

type twin struct {
	*tracker
	handler *Handler
	// Of the last request: how it reached the sink, and whether it held one
	// series twice.
	series, samples int
	twice           bool
}

func newTwins(t testing.TB) *twins {
	w := &twins{TB: t, now: benchTime}
	w.warm, w.cold = w.newTwin(), w.newTwin()
	w.warm.handler = New(w.options(w.warm, w.warm.Book()))
	w.cold.handler = New(w.options(w.cold, nil))
	return w
}

func (w *twins) options(sink ingest.Sink, book *sli.Book) Options {
	return Options{Sink: sink, Book: book, Now: func() time.Time { return w.now }}
}

func (w *twins) newTwin() *twin {
	below := 30.0
	return &twin{tracker: newTracker(w, w.now, requestErrors,
		slo.SLI{Latency: &slo.Latency{Histogram: "h", Below: 500 * time.Millisecond}},
		slo.SLI{Threshold: &slo.Threshold{Metric: "temperature", Below: &below}})}
}

func (w *twin) Ingest(ctx context.Context, b *sli.Batch) (sli.Receipt, error) {
	w.series, w.samples = len(b.Series), len(b.Samples)
	seen := map[identity]bool{}
	for _, s := range b.Series {
		id := identityOf(s)
		id.kind = 0
		w.twice = w.twice || seen[id]
		seen[id] = true
	}
	return w.tracker.Ingest(ctx, b)
}

func (w *twin) post(v version, message []byte) *httptest.ResponseRecorder {
	w.series, w.samples, w.twice = 0, 0, false
	return post(w.handler, v, message)
}

// send gives a request to both. It reports whether they can be compared: where
// a series comes twice and one spelling of it is new, its points may be
// counted in another order.
func (w *twins) send(v version, message []byte) bool {
	w.Helper()
	warm, cold := w.warm.post(v, message), w.cold.post(v, message)
	mixed := w.warm.series > 0 && w.warm.samples > 0
	if mixed && w.cold.twice {
		return false
	}
	if warm.Code != cold.Code || !mixed && warm.Body.String() != cold.Body.String() {
		w.Fatalf("warm: %d %s\ncold: %d %s", warm.Code, warm.Body, cold.Code, cold.Body)
	}
	if diff := cmp.Diff(cold.Header(), warm.Header()); diff != "" && !mixed {
		w.Fatalf("headers: -cold +warm\n%s", diff)
	}
	if diff := cmp.Diff(w.cold.counts(), w.warm.counts()); diff != "" {
		w.Fatalf("counted: -cold +warm\n%s", diff)
	}
	return true
}

// FuzzWarm1 and FuzzWarm2 send requests to twins, each twice: what is known of
// a series must not change what is counted of it, nor what its sender hears.
func FuzzWarm1(f *testing.F) { fuzzWarm(f, version1) }
func FuzzWarm2(f *testing.F) { fuzzWarm(f, version2) }

func fuzzWarm(f *testing.F, v version) {
	messages := corpus(f, v)
	for i, message := range messages {
		f.Add(message, messages[len(messages)-1-i], uint64(i))
	}
	f.Fuzz(func(t *testing.T, first, second []byte, shape uint64) {
		w := newTwins(t)
		for _, message := range [][]byte{first, second, first, reshape(v, second, shape), second} {
			if !w.send(v, message) {
				return
			}
			w.now = w.now.Add(20 * time.Second)
			w.warm.now, w.cold.now = w.now, w.now
		}
	})
}

// TestKnownSeriesMeanTheSame sends a shop scrape by scrape.
func TestKnownSeriesMeanTheSame(t *testing.T) {
	for _, v := range versions {
		w := newTwins(t)
		for n := range 6 {
			if !w.send(v, encode(t, v, shop(n, 1)...)) {
				t.Fatal("cannot be compared")
			}
			if n > 0 && (w.warm.series != 0 || w.warm.samples != 8) {
				t.Errorf("%s: scrape %d: %d series were read, %d samples were not", v, n, w.warm.series, w.warm.samples)
			}
			w.now = w.now.Add(15 * time.Second)
			w.warm.now, w.cold.now = w.now, w.now
		}
		if len(w.warm.counts()) != 3 {
			t.Errorf("counts: %v", w.warm.counts())
		}
	}
}
