package sli

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestBook(t *testing.T) {
	const n = 5000 // several pages
	b := newBook(n)
	all := make([]*series, n)
	var reader sync.WaitGroup
	stop := make(chan struct{})
	reader.Go(func() { // what a page had once, it has for ever
		for {
			select {
			case <-stop:
				return
			default:
			}
			page := b.Page()
			for i := range all {
				if k := page.Find(Key(i + 1)); k != nil && page.Find(Key(i+1)) != k {
					t.Error("a known series vanished from its page")
					return
				}
			}
		}
	})
	var known register
	symbols := newSymbols()
	for i := range all {
		all[i] = known.add(symbols, called{target: fmt.Sprint(i)})
		b.learn(Key(i+1), &all[i].Known)
	}
	close(stop)
	reader.Wait()
	for i, s := range all {
		if got := b.Page().Find(Key(i + 1)); got == nil || got.series() != s {
			t.Fatalf("key %d finds %v", i+1, got)
		}
	}
	b.learn(n+1, &all[0].Known)
	if b.Page().Find(n+1) != nil {
		t.Error("a full book learnt one more")
	}
	b.strike(func(k *Known) *Known { return k })
	if b.Page().Find(1) != nil {
		t.Error("a full book kept its keys")
	}
}

// What no SLO looks at is learnt as such, until one does.
func TestIgnoredUntilALoad(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	send := func(tag uint32) {
		var receipt Receipt
		s := Series{Key: Key(7 + tag), Tag: tag, Labels: mustLabels(`other_total`), Target: "x", Points: []Point{{Time: at(10)}}}
		b.tracker.Ingest(&Batch{Series: []Series{s}}, began.Add(10*time.Second), &receipt)
	}
	for tag := range uint32(3) {
		send(tag)
		if k := b.tracker.Book().Page().Find(Key(7 + tag)); k == nil || !k.Ignored() || k.Tag() != tag {
			t.Errorf("tag %d: %+v", tag, k)
		}
	}
	b.tracker.Replace(compileAll(t, spec("a", badOf(`other_total`, `other_total{code="500"}`))), began)
	if k := b.tracker.Book().Page().Find(7); k != nil {
		t.Errorf("after the load the key still finds %+v", k)
	}
	send(0)
	if k := b.tracker.Book().Page().Find(7); k == nil || k.Ignored() {
		t.Errorf("sent again, the key finds %+v", k)
	}
}

// A point that was on its way while its series was forgotten is that of a
// series which comes again.
func TestSampleOfAForgottenSeries(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	s := Series{Key: 5, Labels: mustLabels(`requests_total{code="500"}`), Target: "x", Points: []Point{{Time: at(10), Value: 3}}}
	var receipt Receipt
	b.tracker.Ingest(&Batch{Series: []Series{s}}, began.Add(10*time.Second), &receipt)
	known := b.tracker.Book().Page().Find(5)
	later := began.Add(25 * time.Hour)
	b.tracker.Sweep(later)
	if b.tracker.Known() != 0 || b.tracker.Book().Page().Find(5) != nil {
		t.Fatal("the series is still known")
	}
	for i := range 2 {
		now := later.Add(time.Duration(i) * 10 * time.Second)
		p := Point{Time: now.UnixNano(), Value: 10 + 4*float64(i)}
		b.tracker.Ingest(&Batch{Samples: []Sample{{Known: known, Point: p}}}, now, &receipt)
	}
	if b.tracker.Known() != 1 {
		t.Errorf("%d series known", b.tracker.Known())
	}
	b.want("shop:a", 4, 4)
	if len(receipt.Rejections) > 0 {
		t.Error(receipt)
	}
}

// Symbols that name nothing known any more are given up.
func TestSymbolsDoNotGrowForEver(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	var receipt Receipt
	for day := range 5 {
		now := began.Add(time.Duration(day) * 30 * time.Hour)
		for i := range 1000 {
			s := Series{Labels: mustLabels(fmt.Sprintf(`requests_total{code="500",pod="%d-%d"}`, day, i)), Target: "x", Points: []Point{{Time: now.UnixNano(), Value: 1}}}
			b.tracker.Ingest(&Batch{Series: []Series{s}}, now, &receipt)
		}
		b.tracker.Sweep(now)
	}
	if n := len(b.tracker.symbols.places); b.tracker.Known() != 1000 || n > 2500 {
		t.Errorf("%d symbols for %d series", n, b.tracker.Known())
	}
	for s := range b.tracker.series.all() {
		if pod := s.called().labels.Get("pod"); pod[:2] != "4-" {
			t.Fatalf("pod %s is left", pod)
		}
	}
}
