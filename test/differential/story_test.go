package differential

import (
	"fmt"
	"testing"
	"time"
)

// actor is a service in the story that engine and Prometheus watch live.
type actor struct {
	service string
	// phase is when, after each half second, its sample sets are taken.
	phase time.Duration
	// events in each half second.
	events float64
	// bad is the share of them that fails from 5 s to until.
	bad   float64
	until time.Duration
	// past: three hours without failures have gone before.
	past bool
}

// actors fail together. Alerts are compared for those with a past and enough
// traffic; the others show what is different by design.
var actors = []actor{
	{service: "loud", phase: 300 * time.Millisecond, events: 50_000, bad: 0.2, until: 30 * time.Second, past: true},
	{service: "slow", phase: 300 * time.Millisecond, events: 50_000, bad: 0.02, until: 45 * time.Second, past: true},
	{service: "early", phase: 100 * time.Millisecond, events: 50_000, bad: 0.2, until: 30 * time.Second, past: true},
	{service: "quiet", phase: 300 * time.Millisecond, events: 1, bad: 1, until: troubleAt + sampleEvery, past: true},
	{service: "fresh", phase: 300 * time.Millisecond, events: 50_000, bad: 0.2, until: 30 * time.Second},
}

const (
	sampleEvery = 500 * time.Millisecond
	troubleAt   = 5 * time.Second
	// storyLasts until the last alert has ended: a warning whose short window
	// is two minutes, after an incident that ends at 30 s.
	storyLasts = 160 * time.Second
	pastEvery  = 15 * time.Second
	pastLasts  = 3 * time.Hour
)

// play tells the story to both, in real time. late is the longest time from
// when samples were taken to when both had taken them.
func play(t *testing.T, b *both) (began time.Time, late time.Duration) {
	t.Helper()
	tolls := map[string]*tally{}
	for _, a := range actors {
		tolls[a.service] = &tally{}
	}
	began = time.Now().Truncate(time.Second).Add(5 * time.Second) // time to tell the past
	tellPast(t, b, began, tolls)
	// Not before: Prometheus takes no past once its rules have written the present.
	if err := b.prom.SetConfig(t.Context(), "rule_files: [plain.yml, anchored.yml]\n"); err != nil {
		t.Fatal(err)
	}
	for after := time.Duration(0); after < storyLasts; after += sampleEvery {
		for _, phase := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond} {
			var set []sample
			at := began.Add(after + phase)
			for _, a := range actors {
				if a.phase == phase {
					set = append(set, a.serve(tolls[a.service], at, 1, after)...)
				}
			}
			<-time.After(time.Until(at))
			b.send(t, set...)
			late = max(late, time.Since(at))
		}
	}
	return began, late
}

// tellPast sends hours without failures.
func tellPast(t *testing.T, b *both, began time.Time, tolls map[string]*tally) {
	t.Helper()
	var past []sample
	for at := began.Add(-pastLasts); at.Before(began); at = at.Add(pastEvery) {
		for _, a := range actors {
			if a.past {
				past = append(past, a.serve(tolls[a.service], at, float64(pastEvery/sampleEvery), 0)...)
			}
		}
	}
	b.send(t, past...)
}

// serve counts the events of some half seconds and returns the sample set.
func (a actor) serve(toll *tally, at time.Time, halves float64, after time.Duration) []sample {
	events := a.events * halves
	toll.total += events
	if after >= troubleAt && after < a.until {
		toll.bad += events * a.bad
	}
	return []sample{
		{fmt.Sprintf(`requests_total{code="200",instance=%[1]q,job="shop",service=%[1]q}`, a.service), at.UnixMilli(), toll.total - toll.bad},
		{fmt.Sprintf(`requests_total{code="500",instance=%[1]q,job="shop",service=%[1]q}`, a.service), at.UnixMilli(), toll.bad},
	}
}
