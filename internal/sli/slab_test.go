package sli

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// A slab and the word in front of it fill what the allocator hands out.
func TestSlabFillsItsMemory(t *testing.T) {
	if size := unsafe.Sizeof(series{}); size != 128 {
		t.Errorf("a series takes %d bytes", size)
	}
	if size := unsafe.Sizeof(slab{}) + 8; size > 32<<10 || size < 32<<10-128 {
		t.Errorf("a slab takes %d bytes", size)
	}
}

// churn is a service whose pods come and go: of each ten one stays.
type churn struct {
	*bench
	value float64
}

// send sends a sample of each series, learnt under a key of its own.
func (c *churn) send(now time.Time, pods ...string) {
	c.Helper()
	c.value++
	batch := &Batch{Whole: true}
	page := c.tracker.Book().Page()
	for _, pod := range pods {
		key, p := KeyOf([]byte(pod), 0), Point{Time: now.UnixNano(), Value: c.value}
		if known := page.Find(key); known != nil {
			batch.Samples = append(batch.Samples, Sample{Known: known, Point: p})
			continue
		}
		batch.Series = append(batch.Series, Series{
			Key: key, Tag: uint32(len(pod) % 3), Labels: mustLabels(`requests_total{code="500",pod="` + pod + `"}`),
			Target: "pod-" + pod, Points: []Point{p},
		})
	}
	var receipt Receipt
	if c.tracker.Ingest(batch, now, &receipt); len(receipt.Rejections) > 0 {
		c.Fatal(receipt)
	}
}

// Series that outlive their neighbours move to other slabs, and count on: what
// a receiver has of them stays good.
func TestSlabsOfThoseThatLeftAreGivenUp(t *testing.T) {
	c := &churn{bench: newBench(t, spec("a", errorsOf))}
	var stay []string
	for i := range 40 {
		stay = append(stay, fmt.Sprint("stays-", strings.Repeat("x", i%3), i))
	}
	now := began
	var known []*Known // as a request has them that is slow to arrive
	for day := range 8 {
		now = began.Add(time.Duration(day) * 26 * time.Hour)
		for i, pod := range stay {
			pods := []string{pod}
			for n := range 50 {
				pods = append(pods, fmt.Sprintf("%d-%d-%d", day, i, n))
			}
			c.send(now, pods...)
		}
		c.send(now.Add(10*time.Second), stay...)
		c.tracker.Sweep(now.Add(20 * time.Second))
		if n := c.tracker.Known(); n != 40*51 {
			t.Fatalf("day %d: %d series are known", day, n)
		}
		page := c.tracker.Book().Page()
		for _, pod := range stay {
			k := page.Find(KeyOf([]byte(pod), 0))
			if k == nil || k.Tag() != uint32(len(pod)%3) || !strings.Contains(k.series().called().labels.String(), pod) {
				t.Fatalf("day %d: the book has lost %s", day, pod)
			}
			if known = append(known, k); k.series().swept {
				t.Fatalf("day %d: the book knows %s where it is no more", day, pod)
			}
		}
		if n, most := len(c.tracker.series.slabs), 2*40*51/slabSeries+2; n > most {
			t.Errorf("day %d: %d slabs", day, n)
		}
	}
	in := c.instance("shop:a")
	before := in.Ledger.Since().Bad
	c.value += 100
	var batch Batch
	for _, k := range known[:len(stay)] { // found on the first day
		batch.Samples = append(batch.Samples, Sample{Known: k, Point: Point{Time: now.Add(20 * time.Second).UnixNano(), Value: c.value}})
	}
	var receipt Receipt
	c.tracker.Ingest(&batch, now.Add(20*time.Second), &receipt)
	if got := in.Ledger.Since().Bad - before; got != 100*float64(len(stay)) {
		t.Errorf("counted %v, want %d", got, 100*len(stay))
	}
	if n := c.tracker.Known(); n != 40*51 {
		t.Errorf("%d series are known", n)
	}
	if got := in.Top(100, now); len(got) != len(stay) {
		t.Errorf("%d series contribute", len(got))
	}
	members := 0
	for range in.feeds() {
		members++
	}
	if members != 40*51 {
		t.Errorf("the cohorts have %d members", members)
	}
}

// What has names has them back, however long they are.
func TestNames(t *testing.T) {
	var known register
	y := newSymbols()
	long := strings.Repeat("long ", 20_000)
	var all []called
	for i := range 3000 {
		c := called{target: fmt.Sprint("target ", i%7), labels: mustLabels(fmt.Sprintf(`m{pod="%d"}`, i))}
		if i%5 == 0 {
			c.raw = mustLabels(fmt.Sprintf(`raw{pod="%d",text="%s"}`, i, long[:i]))
		}
		if i == 2999 {
			c.target = long
		}
		all = append(all, c)
		known.add(y, c)
	}
	i := 0
	for s := range known.all() {
		got, want := s.called(), all[i]
		if got.target != want.target || !slices.Equal(got.labels, want.labels) || !slices.Equal(got.raw, want.raw) {
			t.Fatalf("series %d is called %v, want %v", i, got, want)
		}
		key, ok := y.key(&Series{Labels: want.labels, Target: want.target})
		if !ok || known.find(key) != s {
			t.Fatalf("series %d is not found", i)
		}
		i++
	}
	if _, ok := y.key(&Series{Labels: mustLabels(`m{pod="none"}`), Target: "target 1"}); ok {
		t.Error("a word that nobody has has a number")
	}
}
