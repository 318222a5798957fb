package bench

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
	"github.com/slo-engine/slo-engine/bench/report"
	"github.com/slo-engine/slo-engine/test/lab"
)

// The engine's metrics about its ticks.
const (
	tickMetric   = "slo_engine_tick_seconds"
	missedMetric = "slo_engine_missed_ticks_total"
)

// seriesOfSLO is how many series an SLO is made of here: two good, two bad.
const seriesOfSLO = 4

// judging is what n SLOs took of an engine that ticks each second and takes a
// sample of each series every interval.
type judging struct {
	slos   int
	share  report.Figure // of a core, all that the process does
	taken  time.Duration // of a processor, in all windows
	took   time.Duration // all windows
	tick   report.Figure // upper bound of the 99th percentile, in seconds
	missed float64       // ticks that should have been and were not
	peak   float64       // bytes
	// recorded is how many series have a history.
	recorded float64
}

// seldom makes an engine evaluate so seldom that what it takes is the samples.
const seldom = "evaluation_interval: 1m\n"

// beyond is what ticking each second takes of a core beyond a twin that takes
// the same samples at the same time: a machine that is slow for a while is slow
// for both.
func (j judging) beyond(twin judging) (share, of report.Figure) {
	alone := (j.taken - twin.taken).Seconds() / j.took.Seconds()
	return report.Of(alone), report.Of(alone / float64(j.slos))
}

// evaluation compares the engine's ticks with the rules of its peers.
func evaluation(t *testing.T, size scale) (rows []report.Row) {
	var ours report.Figure
	n := 0
	for _, n = range size.evaluated {
		t.Run(fmt.Sprintf("slo-engine/%d", n), func(t *testing.T) {
			fleet, slos := payload.Fleet{Jobs: n, PerJob: seriesOfSLO}, documents(n, byJob)
			both := judge(t, size, fleet, settings{slos: slos}, settings{slos: slos, config: seldom})
			j, twin := both[0], both[1]
			var share report.Figure
			share, ours = j.beyond(twin)
			rows = append(rows, j.rows(share, n == 10_000)...)
		})
	}
	for _, p := range ruledPeers(t) {
		for _, ruled := range size.ruled[:min(len(size.ruled), p.sizes)] {
			t.Run(fmt.Sprintf("%s/%d", p.name, ruled), func(t *testing.T) {
				of := p.run(t, size, ruled)
				rows = append(rows, evaluations(ours, n, p.name, ruled, of))
				if !*fullFlag && !(ours.Least() < of.Least()) {
					t.Errorf("the engine needs %s to evaluate an SLO, %s %s", ours.Text(report.Seconds), p.name, of.Text(report.Seconds))
				}
			})
		}
	}
	return rows
}

// evaluations is the row for which evaluating one of many SLOs is held against a
// peer's rules. Of both the samples' cost is taken off.
func evaluations(ours report.Figure, many int, name string, n int, theirs report.Figure) report.Row {
	goal := report.None
	if name == "Prometheus" {
		goal = report.AtLeast(5000, report.Times).Named("less")
	}
	return report.Compared(fmt.Sprintf("CPU to evaluate an SLO once (of %s)", report.Number(float64(many))), goal,
		ours, fmt.Sprintf("%s, 17 rules for each of %d SLOs", name, n), theirs, report.Seconds)
}

// judged is an engine that is being watched.
type judged struct {
	engine
	judging
	first, last families
	since       time.Time
}

// judge runs engines beside each other, each with an SLO instance for each job,
// on the same samples.
func judge(t *testing.T, size scale, fleet payload.Fleet, all ...settings) (out []judging) {
	load := payload.New(payload.RemoteWrite1, fleet, size.perRequest)
	var engines []*judged
	var senders []sender
	for _, s := range all {
		e := &judged{engine: startEngine(t, s), judging: judging{slos: fleet.Jobs}}
		engines, senders = append(engines, e), append(senders, post(t, e.url+"/api/v1/write", load.Header()))
	}
	feed(t, load, size.interval, senders...)
	pause(size.warmUp)
	for _, e := range engines {
		e.first, e.since = scrape(t, e.url), time.Now()
	}
	for range size.windows {
		watch(t, size.window, engines)
	}
	for i, e := range engines {
		e.last = scrape(t, e.url)
		e.sum(t, all[i])
		out = append(out, e.judging)
	}
	return out
}

// watch reads what the engines take of a processor in a window.
func watch(t *testing.T, window time.Duration, engines []*judged) {
	used, begun := make([]time.Duration, len(engines)), time.Now()
	for i, e := range engines {
		used[i] = cpu(t, e.PID())
	}
	pause(window)
	took := time.Since(begun)
	for i, e := range engines {
		taken := cpu(t, e.PID()) - used[i]
		e.share.Add(taken.Seconds() / took.Seconds())
		e.taken, e.took = e.taken+taken, e.took+took
	}
}

// sum is what an engine says of itself in the end.
func (e *judged) sum(t *testing.T, s settings) {
	e.tick.Add(e.last.quantileSince(e.first, tickMetric, 0.99))
	// A tick that is still running is counted by nobody but the clock; one may
	// lie on the edge.
	absent := math.Floor(time.Since(e.since).Seconds()) - 1 - e.last.countSince(e.first, tickMetric)
	e.missed = max(absent, e.last.sum(missedMetric)-e.first.sum(missedMetric))
	e.peak, e.recorded = peakMemory(t, e.PID()), e.last.sum("slo_engine_history_series")
	if got := e.last.sum("slo_engine_slo_instances"); got != float64(e.slos) && s.config != seldom {
		t.Fatalf("wanted %d SLO instances, got %.0f", e.slos, got)
	}
}

// rows judge only the number of SLOs that the targets speak of. evaluating is
// the share that is no sample's.
func (j judging) rows(evaluating report.Figure, judged bool) []report.Row {
	share, missed := report.None, report.None
	if judged {
		share, missed = report.AtMost(0.01, report.Percent).Named("of a core"), report.AtMost(0, report.Number)
	}
	n := report.Number(float64(j.slos))
	return []report.Row{
		report.Alone(n+" SLOs, evaluated each second: share of a core beyond a twin that evaluates once a minute", share, evaluating, report.Percent),
		report.Alone(n+" SLOs, evaluated each second, with a sample of each of 4 series every 15 s: share of a core", report.None, j.share, report.Percent),
		report.Alone(n+" SLOs: 99th percentile of a tick, upper bound", report.None, j.tick, bound),
		report.Alone(n+" SLOs: ticks missed", missed, report.Of(j.missed), report.Number),
	}
}

// bound writes a time that may be beyond what was counted.
func bound(v float64) string {
	if math.IsInf(v, 1) {
		return "beyond the histogram"
	}
	return report.Seconds(v)
}

// hundredThousand runs as many SLO instances, if asked to, each with a history.
func hundredThousand(t *testing.T, size scale) []report.Row {
	const namespaces = 100
	if !*longFlag {
		return nil
	}
	fleet := payload.Fleet{Jobs: size.crowd, PerJob: 2, Namespaces: namespaces}
	slos := documents(namespaces, func(i int) spec {
		s := byNamespace(i)
		s.more = "  groupBy: [job]\n  maxGroups: 1000\n"
		return s
	})
	config := fmt.Sprintf("storage: {history_interval: %s}\n", size.recordEvery)
	j := judge(t, size, fleet, settings{slos: slos, config: config})[0]
	if j.recorded < float64(4*size.crowd) {
		t.Errorf("%.0f series have a history, want at least 4 of each instance", j.recorded)
	}
	n := report.Number(float64(size.crowd)) + " SLO instances"
	return []report.Row{
		report.Alone(n+": peak memory after minutes", report.AtMost(12e9, report.Bytes), report.Of(j.peak), report.Bytes),
		report.Alone(n+": 99th percentile of a tick, upper bound", report.AtMost(0.2, report.Seconds), j.tick, bound),
		report.Alone(n+": ticks missed", report.AtMost(0, report.Number), report.Of(j.missed), report.Number),
		report.Alone(n+": share of a core", report.None, j.share, report.Percent),
		report.Alone(n+": series with a history", report.None, report.Of(j.recorded), report.Number),
	}
}

// ruledPeer evaluates the rules of n SLOs.
type ruledPeer struct {
	name string
	// sizes is of how many of the numbers of SLOs it is measured.
	sizes int
	// run returns the processor time of one evaluation of one SLO.
	run func(t *testing.T, size scale, n int) report.Figure
}

func ruledPeers(t *testing.T) []ruledPeer {
	peers := []ruledPeer{{"Prometheus", 2, prometheusRules}}
	if err := haveVictoria(); err != nil {
		t.Logf("without vmalert: %v", err)
		return peers
	}
	return append(peers, ruledPeer{"VictoriaMetrics and vmalert", 1, victoriaRules})
}

func prometheusRules(t *testing.T, size scale, n int) report.Figure {
	ruled := lab.StartPrometheus(t, lab.PrometheusOptions{
		Config: fmt.Sprintf("global: {evaluation_interval: %s}\nrule_files: [rules.yml]\n", size.ruleEvery),
		Files:  map[string]string{"rules.yml": ruleFile(n)},
	})
	plain := lab.StartPrometheus(t, lab.PrometheusOptions{})
	w := watched{ruled: []int{ruled.PID()}, plain: plain.PID(), writes: []string{ruled.URL, plain.URL}}
	return w.run(t, size, n, func() float64 {
		page := scrape(t, ruled.URL)
		if failed := page.sum("prometheus_rule_evaluation_failures_total") + page.sum("prometheus_rule_group_iterations_missed_total"); failed > 0 {
			t.Fatalf("Prometheus failed or missed %.0f evaluations", failed)
		}
		return page.sum("prometheus_rule_evaluations_total")
	})
}

func victoriaRules(t *testing.T, size scale, n int) report.Figure {
	ruled, plain := startVictoria(t), startVictoria(t)
	alert := startVMAlert(t, ruleFile(n), ruled.url, size.ruleEvery.String())
	w := watched{ruled: []int{ruled.PID(), alert.PID()}, plain: plain.PID(), writes: []string{ruled.url, plain.url}}
	return w.run(t, size, n, func() float64 {
		page := scrape(t, alert.url)
		if failed := page.sum("vmalert_execution_errors_total"); failed > 0 {
			t.Fatalf("vmalert failed %.0f evaluations", failed)
		}
		return page.sum("vmalert_execution_total")
	})
}

// watched are processes that run rules, and one that takes the same samples
// without them.
type watched struct {
	ruled  []int
	plain  int
	writes []string
}

// run feeds both and returns what one SLO's evaluation takes, the samples'
// cost taken off. evaluated is how many rules were evaluated so far.
func (w watched) run(t *testing.T, size scale, n int, evaluated func() float64) (of report.Figure) {
	fleet := payload.Fleet{Jobs: n, PerJob: seriesOfSLO}
	load := payload.New(payload.RemoteWrite1, fleet, size.perRequest)
	var senders []sender
	for _, url := range w.writes {
		senders = append(senders, post(t, url+"/api/v1/write", load.Header()))
	}
	feed(t, load, size.interval, senders...)
	pause(size.warmUp)
	for range size.windows {
		rules, used, idle := evaluated(), cpu(t, w.ruled...), cpu(t, w.plain)
		pause(size.window)
		took := cpu(t, w.ruled...) - used - (cpu(t, w.plain) - idle)
		slos := (evaluated() - rules) / rulesOfSLO
		if slos == 0 {
			t.Fatal("no rule was evaluated")
		}
		of.Add(took.Seconds() / slos)
		t.Logf("%.0f SLOs evaluated, %s each", slos, report.Seconds(took.Seconds()/slos))
	}
	return of
}
