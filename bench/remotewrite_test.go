package bench

import (
	"fmt"
	"testing"

	"github.com/slo-engine/slo-engine/bench/payload"
	"github.com/slo-engine/slo-engine/bench/report"
)

// allocations is the goal of all protocols.
var allocations = report.AtMost(0.01, report.Number)

// lessThanVictoria is the goal beside VictoriaMetrics.
var lessThanVictoria = report.AtLeast(3, report.Times).Named("less")

// remoteWrite1 is the cost of a sample of a known series in remote write 1.0.
func remoteWrite1(t *testing.T, size scale) []report.Row {
	load := payload.New(payload.RemoteWrite1, size.fleet, size.perRequest)
	var floor report.Figure
	c := comparison{size: size, load: load, sides: []side{
		ours(documents(size.fleet.Namespaces, byNamespace), "", toWrite(load)), prometheus(load),
	}}
	if err := haveVictoria(); err != nil {
		t.Logf("without VictoriaMetrics: %v", err)
	} else {
		c.sides = append(c.sides, victoria(load))
	}
	c.beside = func(tb testing.TB, warm, rounds [][][]byte) {
		floor.Add(newBareLoop(size.fleet.Series()).measure(tb, warm, rounds))
	}
	costs := c.run(t)
	engine, prom := costs["slo-engine"], costs["Prometheus"]
	if engine == nil || prom == nil || t.Failed() {
		return nil
	}
	checkDirection(t, engine.cpu, prom.cpu)
	what := "remote write 1.0: CPU of a matched sample" + shape(size.fleet)
	rows := []report.Row{
		report.Compared(what, report.AtLeast(10, report.Times).Named("less"), engine.cpu, "Prometheus", prom.cpu, report.Seconds),
	}
	if vm := costs["VictoriaMetrics"]; vm != nil {
		rows = append(rows, report.Compared("the same", lessThanVictoria, engine.cpu, "VictoriaMetrics", vm.cpu, report.Seconds))
	} else {
		rows = append(rows, report.Unknown("the same, beside VictoriaMetrics", lessThanVictoria, "VictoriaMetrics could not be had here"))
	}
	return append(rows,
		report.Multiple("the same", report.AtMost(3, report.Times).Named("as much"), engine.cpu, "bare decode, hash, look-up", floor, report.Seconds),
		allocated("remote write 1.0", engine, "Prometheus", prom),
		report.Compared("CPU of a new series", report.None, engine.first, "Prometheus", prom.first, report.Seconds),
		report.Compared("peak memory meanwhile", report.None, engine.peak, "Prometheus", prom.peak, report.Bytes),
	)
}

// remoteWrite2 is the same in remote write 2.0, which VictoriaMetrics 1.79
// does not know.
func remoteWrite2(t *testing.T, size scale) []report.Row {
	load := payload.New(payload.RemoteWrite2, size.fleet, size.perRequest)
	costs := comparison{size: size, load: load, sides: []side{
		ours(documents(size.fleet.Namespaces, byNamespace), "", toWrite(load)), prometheus(load),
	}}.run(t)
	engine, prom := costs["slo-engine"], costs["Prometheus"]
	if engine == nil || prom == nil || t.Failed() {
		return nil
	}
	return []report.Row{
		report.Compared("remote write 2.0: CPU of a matched sample", report.AtLeast(6, report.Times).Named("less"), engine.cpu, "Prometheus", prom.cpu, report.Seconds),
		allocated("remote write 2.0", engine, "Prometheus", prom),
	}
}

// allocated is a row about garbage, ticks and scrapes included.
func allocated(protocol string, engine *cost, name string, peer *cost) report.Row {
	row := report.Alone(protocol+": objects allocated for a sample", allocations, engine.mallocs, report.Number)
	if peer.mallocs.Known() {
		row.Peer = name + ": " + peer.mallocs.Text(report.Number)
	}
	return row
}

func shape(f payload.Fleet) string {
	return fmt.Sprintf(" (%s series, 10 labels, 10 SLOs)", report.Number(float64(f.Series())))
}

// sloCount is what ten thousand SLOs cost a sample against ten: the same
// bytes, all matched by both. The engine evaluates every twenty seconds here,
// so that its ticks are not in the figure.
func sloCount(t *testing.T, size scale) []report.Row {
	load := payload.New(payload.RemoteWrite1, size.fleet, size.perRequest)
	few := ours(documents(size.fleet.Namespaces, byNamespace), "evaluation_interval: 20s\n", toWrite(load))
	many := ours(documents(size.manySLOs, byJob), "evaluation_interval: 20s\n", toWrite(load))
	few.name, many.name = "few", "many"
	costs := comparison{size: size, load: load, sides: []side{few, many}}.run(t)
	if costs["few"] == nil || costs["many"] == nil || t.Failed() {
		return nil
	}
	n := report.Number(float64(size.manySLOs))
	return []report.Row{
		report.Multiple("CPU of a sample with "+n+" SLOs", report.AtMost(1.05, report.Times),
			costs["many"].cpu, "with 10 SLOs", costs["few"].cpu, report.Seconds),
		report.Alone("CPU of a new series with "+n+" SLOs", report.AtMost(20e-6, report.Seconds), costs["many"].first, report.Seconds),
	}
}
