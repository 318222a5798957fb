package bench

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
	"github.com/slo-engine/slo-engine/bench/report"
)

// restart is the time from the start of a process to the first answer in which
// every SLO has at least the events that it had before: once after SIGTERM,
// with a long past, and once after kill -9, seconds of samples later.
func restart(t *testing.T, size scale) (rows []report.Row) {
	s := settings{slos: documents(size.restarted, byJob), dir: t.TempDir()}
	load := payload.New(payload.RemoteWrite1, payload.Fleet{Jobs: size.restarted, PerJob: 2}, size.perRequest)
	e := startEngine(t, s)
	round := history(t, load, e.url, size.past, size.restartEvery)
	for _, end := range []struct {
		how string
		end func()
	}{
		{"SIGTERM", e.Stop},
		{"kill -9", func() { e.Kill() }},
	} {
		before := settled(t, e.url, size.restarted)
		what := fmt.Sprintf("restart after %s with %s SLOs, coverage %s: to the first whole answer",
			end.how, report.Number(float64(size.restarted)), report.Percent(before.coverage))
		goal := report.AtMost(5, report.Seconds)
		end.end()
		begun := time.Now()
		e = startEngine(t, s)
		if !comesBack(e.url, before, begun.Add(size.restartedWithin)) {
			return append(rows, report.Unknown(what, goal, "not yet: the counts did not come back"))
		}
		rows = append(rows, report.Alone(what, goal, report.Of(time.Since(begun).Seconds()), report.Seconds))
		round = live(t, load, e.url, round)
	}
	return rows
}

// history sends a past that ends now, and returns the number of its rounds.
func history(t *testing.T, load *payload.Load, url string, past, every time.Duration) (rounds int) {
	send := post(t, url+"/api/v1/write", load.Header())
	rounds = int(past / every)
	now := time.Now()
	for k := range rounds {
		at := now.Add(time.Duration(k+1-rounds) * every)
		sendAll(t, send, [][][]byte{load.Round(at, k+1, load.Fleet.Steady)})
	}
	return rounds
}

// live sends some rounds more, a second apart.
func live(t *testing.T, load *payload.Load, url string, round int) int {
	send := post(t, url+"/api/v1/write", load.Header())
	for range 5 {
		round++
		pause(time.Second)
		sendAll(t, send, [][][]byte{load.Round(time.Now(), round, load.Fleet.Steady)})
	}
	return round
}

// comesBack polls until all is there again.
func comesBack(url string, before counted, deadline time.Time) bool {
	for time.Now().Before(deadline) {
		if now, err := count(url); err == nil && now.covers(before) {
			return true
		}
		pause(50 * time.Millisecond)
	}
	return false
}

// settled waits until all SLOs have counted and no longer change.
func settled(t *testing.T, url string, n int) counted {
	t.Helper()
	last := counted{}
	for begun := time.Now(); ; pause(2 * time.Second) {
		now, err := count(url)
		if err != nil {
			t.Fatal(err)
		}
		if len(now.events) == n && now.covers(last) && last.covers(now) {
			return now
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("%d of %d SLOs have counted after a minute", len(now.events), n)
		}
		last = now
	}
}

// counted is what SLOs have counted, those that know it.
type counted struct {
	events   map[string]float64 // by id
	coverage float64            // the least of all
}

// covers reports whether c has at least the events of other, for each SLO.
func (c counted) covers(other counted) bool {
	for id, events := range other.events {
		if got, ok := c.events[id]; !ok || got < events {
			return false
		}
	}
	return true
}

func count(url string) (counted, error) {
	answer, err := asking.Get(url + "/api/v1/slos")
	if err != nil {
		return counted{}, fmt.Errorf("list SLOs: %w", err)
	}
	defer answer.Body.Close()
	var page struct {
		SLOs []struct {
			ID       string   `json:"id"`
			Events   *float64 `json:"total_events"`
			Coverage *float64 `json:"coverage"`
		} `json:"slos"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
		return counted{}, fmt.Errorf("read the list of SLOs: %w", err)
	}
	c := counted{events: map[string]float64{}, coverage: 1}
	for _, s := range page.SLOs {
		if s.Events != nil && s.Coverage != nil {
			c.events[s.ID] = *s.Events
			c.coverage = min(c.coverage, *s.Coverage)
		}
	}
	return c, nil
}
