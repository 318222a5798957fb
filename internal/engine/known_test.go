package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// receiver sends what a batch holds as a receiver does: the series that the
// book knows as samples, the others with a key to learn them by.
type receiver struct {
	*Core
	samples int
}

func (r *receiver) ingest(batch *sli.Batch, now time.Time) sli.Receipt {
	page := r.Book().Page()
	out := &sli.Batch{Whole: batch.Whole}
	ignored := 0
	for _, s := range batch.Series {
		key := sli.KeyOf([]byte(s.Target+"\xff"+s.Labels.String()), 1)
		known := page.Find(key)
		switch {
		case known == nil:
			s.Key = key
			out.Series = append(out.Series, s)
		case known.Ignored():
			ignored += len(s.Points)
		default:
			for _, p := range s.Points {
				out.Samples = append(out.Samples, sli.Sample{Known: known, Point: p, Type: s.Type, Temporality: s.Temporality})
			}
		}
	}
	r.samples += len(out.Samples)
	receipt := r.Ingest(out, now)
	receipt.Accepted += ignored
	return receipt
}

// TestKnownSeriesCountAlike lets two cores count the same random worlds, one of
// which is sent samples of known series wherever it can be. Reloads make the
// book forget what it ignores, and nothing else.
func TestKnownSeriesCountAlike(t *testing.T) {
	for seed := range uint64(3) {
		w := newWorld(seed + 200)
		plain, r := NewCore(Options{}), &receiver{Core: NewCore(Options{})}
		specs := worldSpecs()
		plain.Load(compile(t, specs[:8]...), nil, w.now)
		r.Load(compile(t, specs[:8]...), nil, w.now)
		for tick := range 1800 {
			batch := w.step()
			if tick%50 == 0 { // one that nobody selects, and one that is refused
				batch.Series = append(batch.Series,
					sli.Series{Labels: metric("nobody_total"), Target: "t", Points: []sli.Point{{Time: w.now.UnixNano(), Value: 1}}},
					sli.Series{Labels: metric(`requests_total{service="service0",code="200",target="ahead"}`), Target: "t",
						Points: []sli.Point{{Time: w.now.Add(time.Duration(w.rng.IntN(2)) * time.Hour).UnixNano(), Value: w.rng.Float64()}}})
			}
			if diff := cmp.Diff(plain.Ingest(batch, w.now), r.ingest(batch, w.now)); diff != "" {
				t.Fatalf("seed %d tick %d: receipts (-series +samples):\n%s", seed, tick, diff)
			}
			if tick == 900 {
				plain.Load(compile(t, specs...), nil, w.now)
				r.Load(compile(t, specs...), nil, w.now)
			}
			if tick%20 > 0 {
				continue
			}
			want, got := plain.Evaluate(w.now), r.Evaluate(w.now)
			for i, in := range want.Instances {
				if a, b := decided(in), decided(got.Instances[i]); !cmp.Equal(a, b) || in.Period.Counts != got.Instances[i].Period.Counts {
					t.Fatalf("seed %d tick %d: %s (-series +samples):\n%s", seed, tick, in.ID, cmp.Diff(a, b))
				}
			}
		}
		if r.samples < 3000 {
			t.Errorf("seed %d: %d samples of known series: too few to say anything", seed, r.samples)
		}
	}
}

// A sample that was looked up before a reload counts for the SLOs that are
// there when it comes to be counted.
func TestASampleOnItsWayOverAReload(t *testing.T) {
	c := NewCore(Options{})
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	c.Load(compile(t, newSpec("shop")), nil, now)
	key := sli.KeyOf([]byte("shop"), 1)
	series := sli.Series{Key: key, Labels: metric(`requests_total{service="shop",code="500"}`), Target: "t",
		Points: []sli.Point{{Time: now.Add(time.Second).UnixNano(), Value: 5}}}
	c.Ingest(&sli.Batch{Series: []sli.Series{series}}, now.Add(time.Second))
	known := c.Book().Page().Find(key)
	if known == nil || known.Ignored() {
		t.Fatalf("the book says %+v", known)
	}
	c.Load(compile(t, newSpec("shop"), newSpec("shop", named("twin"))), nil, now.Add(2*time.Second))
	sample := sli.Sample{Known: known, Point: sli.Point{Time: now.Add(3 * time.Second).UnixNano(), Value: 12}}
	if got := c.Ingest(&sli.Batch{Samples: []sli.Sample{sample}}, now.Add(3*time.Second)); got.Accepted != 1 {
		t.Errorf("receipt %+v", got)
	}
	for _, in := range c.Evaluate(now.Add(4 * time.Second)).Instances {
		if want := (budget.Counts{Bad: 7, Total: 7}); in.Since != want {
			t.Errorf("%s counted %+v, want %+v", in.ID, in.Since, want)
		}
	}
}

// BenchmarkIngestKnown sends one sample of each of 2,000 known series of 20
// services in one request.
func BenchmarkIngestKnown(b *testing.B) {
	l := newLoad(b, 20, 100, 240, 0)
	batch := &sli.Batch{}
	for i := range l.batch.Series {
		l.batch.Series[i].Key = sli.KeyOf([]byte(fmt.Sprint(i)), 1)
	}
	l.next(b)
	for i := range l.batch.Series {
		batch.Samples = append(batch.Samples, sli.Sample{Known: l.Book().Page().Find(l.batch.Series[i].Key)})
	}
	rng := rand.New(rand.NewPCG(1, 1))
	b.ReportAllocs()
	for b.Loop() {
		l.at = l.at.Add(15 * time.Second)
		l.values += 1000 + float64(rng.IntN(10))
		for i := range batch.Samples {
			batch.Samples[i].Point = sli.Point{Time: l.at.UnixNano(), Value: l.values * float64(1-i%2)}
		}
		if _, err := l.Ingest(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch.Samples))/b.Elapsed().Seconds(), "points/s")
}
