package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
	"github.com/slo-engine/slo-engine/bench/report"
	"github.com/slo-engine/slo-engine/test/lab"
)

// The metrics by which each process says how many samples it took.
const (
	takenByEngine     = "slo_engine_ingested_points_total"
	takenByPrometheus = "prometheus_tsdb_head_samples_appended_total"
	takenByVictoria   = "vm_rows_inserted_total"
)

// side is one process that takes samples.
type side struct {
	name string
	// start starts a fresh one.
	start func(*testing.T) subject
}

// subject is a started one.
type subject struct {
	pid  int
	send sender
	// metrics is where its /metrics is; empty: nowhere.
	metrics string
	// taken is the metric that counts the samples it took.
	taken string
}

// cost is what a sample costs one side.
type cost struct {
	cpu     report.Figure // seconds of processor time
	first   report.Figure // the same for a series' first sample
	mallocs report.Figure // objects allocated
	peak    report.Figure // bytes resident
}

// comparison measures sides in turns with the same bytes.
type comparison struct {
	size  scale
	load  *payload.Load
	sides []side
	// beside is measured in each turn too; nil: nothing is.
	beside func(tb testing.TB, warm, rounds [][][]byte)
}

// run returns the costs by the sides' names.
func (c comparison) run(t *testing.T) map[string]*cost {
	costs := map[string]*cost{}
	for cycle := range c.size.cycles {
		rounds := c.rounds(time.Now())
		warm, measured := rounds[:c.size.warm], rounds[c.size.warm:]
		for _, s := range c.sides {
			if costs[s.name] == nil {
				costs[s.name] = &cost{}
			}
			t.Run(fmt.Sprintf("%s/%d", s.name, cycle+1), func(t *testing.T) {
				c.measure(t, s.start(t), costs[s.name], warm, measured)
			})
		}
		if c.beside != nil {
			c.beside(t, warm, measured)
		}
	}
	return costs
}

// rounds are the requests of one turn. Their samples are a second apart, and
// the last are of now.
func (c comparison) rounds(now time.Time) (all [][][]byte) {
	n := c.size.warm + c.size.rounds
	for i := range n {
		all = append(all, c.load.Round(now.Add(time.Duration(i-n)*time.Second), i+1, c.load.Fleet.Steady))
	}
	return all
}

// measure lets a process get to know the series, and then watches it.
func (c comparison) measure(t *testing.T, s subject, into *cost, warm, rounds [][][]byte) {
	used := cpu(t, s.pid)
	sendAll(t, s.send, warm[:1])
	into.first.Add((cpu(t, s.pid) - used).Seconds() / float64(c.load.Fleet.Series()))
	sendAll(t, s.send, warm[1:])
	s.checkTaken(t, nil, float64(len(warm)*c.load.Fleet.Series()))
	pause(c.size.settle)
	before := s.scrape(t)
	used = cpu(t, s.pid)
	sendAll(t, s.send, rounds)
	pause(c.size.settle) // what it does behind its answer is part of the cost
	points := float64(len(rounds) * c.load.Fleet.Series())
	perPoint := (cpu(t, s.pid) - used).Seconds() / points
	into.cpu.Add(perPoint)
	into.peak.Add(peakMemory(t, s.pid))
	t.Logf("processor time of a sample: %s, of the first: %s; peak memory %s", report.Seconds(perPoint), into.first.Text(report.Seconds), report.Bytes(peakMemory(t, s.pid)))
	after := s.scrape(t)
	if m := "go_memstats_mallocs_total"; after[m] != nil {
		into.mallocs.Add((after.sum(m) - before.sum(m)) / points)
	}
	s.checkTaken(t, before, points)
}

// checkTaken fails the test if the process does not say that it took all. A
// page of metrics may be a second old.
func (s subject) checkTaken(t *testing.T, before families, points float64) {
	t.Helper()
	if s.taken == "" {
		return
	}
	lab.Eventually(t, 10*time.Second, func() error {
		if took := s.scrape(t).sum(s.taken) - before.sum(s.taken); took != points {
			return fmt.Errorf("sent %.0f samples, %s counts %.0f", points, s.taken, took)
		}
		return nil
	})
}

func (s subject) scrape(tb testing.TB) families {
	if s.metrics == "" {
		return nil
	}
	return scrape(tb, s.metrics)
}

// ours is the engine with SLOs that select every series of the load.
func ours(slos, config string, send func(*testing.T, engine) sender) side {
	return side{"slo-engine", func(t *testing.T) subject {
		e := startEngine(t, settings{slos: slos, config: config})
		return subject{pid: e.PID(), send: send(t, e), metrics: e.url, taken: takenByEngine}
	}}
}

// toWrite sends to an engine's remote-write receiver.
func toWrite(load *payload.Load) func(*testing.T, engine) sender {
	return func(t *testing.T, e engine) sender { return post(t, e.url+"/api/v1/write", load.Header()) }
}

func prometheus(load *payload.Load) side {
	return side{"Prometheus", func(t *testing.T) subject {
		p := lab.StartPrometheus(t, lab.PrometheusOptions{})
		return subject{pid: p.PID(), send: post(t, p.URL+"/api/v1/write", load.Header()), metrics: p.URL, taken: takenByPrometheus}
	}}
}

func victoria(load *payload.Load) side {
	return side{"VictoriaMetrics", func(t *testing.T) subject {
		p := startVictoria(t)
		return subject{pid: p.PID(), send: post(t, p.url+"/api/v1/write", load.Header()), metrics: p.url, taken: takenByVictoria}
	}}
}

// checkDirection fails a tiny run in which the engine is not even ahead.
func checkDirection(t *testing.T, ours, peer report.Figure) {
	t.Helper()
	if !*fullFlag && !(ours.Least() < peer.Least()) {
		t.Errorf("the engine needs %s for a sample, the peer %s", ours.Text(report.Seconds), peer.Text(report.Seconds))
	}
}
