package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
	"github.com/slo-engine/slo-engine/bench/report"
	"github.com/slo-engine/slo-engine/test/lab"
)

// filled is a process that knows a number of things, and what it keeps.
type filled struct {
	url  string
	pid  int
	heap float64
}

// memory is what a known series and an SLO cost: the slope of the live heap,
// which is what is left after a collection, between few and many of them. All
// processes run at once, as memory does not depend on who else runs, and wait
// for their next collection together.
func memory(t *testing.T, size scale) (rows []report.Row) {
	sizes := append([]int{size.seriesFrom}, size.seriesTo...)
	var engines, peers []*filled
	for i, n := range sizes {
		engines = append(engines, fillEngine(t, size, n))
		if i < 2 { // the largest would be gigabytes of a peer
			peers = append(peers, fillPrometheus(t, size, n))
		}
	}
	few, many := fillSLOs(t, size, 10), fillSLOs(t, size, size.slosTo)
	collect(t, size, append(append([]*filled{few, many}, engines...), peers...))

	for i, n := range size.seriesTo {
		what := fmt.Sprintf("live heap of a known series (slope from %s to %s)", report.Number(float64(sizes[0])), report.Number(float64(n)))
		row := report.Alone(what, report.AtMost(256, report.Bytes), report.Of(slope(engines[0], engines[i+1], n-sizes[0])), report.Bytes)
		if i == 0 {
			row.Peer = "Prometheus: " + report.Bytes(slope(peers[0], peers[1], n-sizes[0]))
		}
		rows = append(rows, row, report.Alone(
			fmt.Sprintf("resident memory with %s series", report.Number(float64(n))), report.None, report.Of(residentMemory(t, engines[i+1].pid)), report.Bytes))
	}
	return append(rows, report.Alone(
		fmt.Sprintf("live heap of an SLO (slope from 10 to %s, %s)", report.Number(float64(size.slosTo)), pastOf(size)),
		report.AtMost(100e3, report.Bytes), report.Of(slope(few, many, size.slosTo-10)), report.Bytes))
}

func slope(few, many *filled, more int) float64 { return (many.heap - few.heap) / float64(more) }

func fillEngine(t *testing.T, size scale, series int) *filled {
	fleet := payload.Fleet{Jobs: series / 10, PerJob: 10, Namespaces: 10}
	e := startEngine(t, settings{slos: documents(fleet.Namespaces, byNamespace), config: "limits: {max_series: 10000000}\n"})
	fill(t, size, fleet, e.url)
	lab.Eventually(t, time.Minute, func() error { // it counts them at its ticks, in each shard that has them
		if got := scrape(t, e.url).sum("slo_engine_series"); got < float64(series) {
			return fmt.Errorf("sent %d series, the engine knows %.0f", series, got)
		}
		return nil
	})
	return &filled{url: e.url, pid: e.PID()}
}

func fillPrometheus(t *testing.T, size scale, series int) *filled {
	p := lab.StartPrometheus(t, lab.PrometheusOptions{})
	fill(t, size, payload.Fleet{Jobs: series / 10, PerJob: 10, Namespaces: 10}, p.URL)
	return &filled{url: p.URL, pid: p.PID()}
}

// fill sends a few rounds and keeps nothing of them here.
func fill(t *testing.T, size scale, fleet payload.Fleet, url string) {
	load := payload.New(payload.RemoteWrite1, fleet, size.perRequest)
	send := post(t, url+"/api/v1/write", load.Header())
	now := time.Now()
	for round := range size.warm {
		at := now.Add(time.Duration(round-size.warm) * time.Second)
		sendAll(t, send, [][][]byte{load.Round(at, round+1, fleet.Steady)})
	}
}

// fillSLOs gives the same series a past, with more or fewer SLOs over them.
func fillSLOs(t *testing.T, size scale, slos int) *filled {
	fleet := payload.Fleet{Jobs: size.slosTo, PerJob: 2, Namespaces: 10}
	text := documents(slos, byJob)
	if slos == fleet.Namespaces {
		text = documents(slos, byNamespace)
	}
	e := startEngine(t, settings{slos: text})
	history(t, payload.New(payload.RemoteWrite1, fleet, size.perRequest), e.url, size.past, size.pastEvery)
	t.Logf("%d SLOs, coverage %s", slos, report.Percent(settled(t, e.url, slos).coverage))
	return &filled{url: e.url, pid: e.PID()}
}

func pastOf(size scale) string {
	return fmt.Sprintf("after %.0f days with a sample every %.0f min", size.past.Hours()/24, size.pastEvery.Minutes())
}

// collect reads each process's heap right after a collection of garbage, of
// which the Go runtime makes one at least every two minutes.
func collect(t *testing.T, size scale, all []*filled) {
	t.Helper()
	begun := float64(time.Now().Unix())
	for deadline := time.Now().Add(size.collectedWithin); ; pause(time.Second) {
		waiting := 0
		for _, f := range all {
			page := scrape(t, f.url)
			heap := page.sum("go_memstats_heap_alloc_bytes")
			if f.heap == 0 || heap < f.heap {
				f.heap = heap
			}
			if page.sum("go_memstats_last_gc_time_seconds") <= begun {
				waiting++
			}
		}
		if waiting == 0 || time.Now().After(deadline) {
			t.Logf("%d of %d processes were not seen right after a collection", waiting, len(all))
			return
		}
	}
}
