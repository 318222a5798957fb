package history

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
)

// fleet is the page of many SLO instances: 21 series each, as /metrics/slo
// writes them.
type fleet struct {
	families []*dto.MetricFamily
	random   *rand.Rand
}

const seriesEach = 21

func newFleet(instances int) *fleet {
	f := &fleet{random: rand.New(rand.NewPCG(1, 2))}
	for i := range instances {
		base := []string{"period", "30d", "route", fmt.Sprintf("/v1/resource/%d", i%50), "service", fmt.Sprintf("service-%03d", i/50),
			"slo", "availability", "slo_id", fmt.Sprintf("service-%03d:availability:%016x", i/50, i)}
		f.add("slo_objective_ratio", base)
		f.add("slo_coverage_ratio", base)
		f.add("slo_error_budget_remaining_ratio", base)
		f.add("slo_error_budget_exhaustion_seconds", base, "window", "6h")
		for _, window := range []string{"30s", "1m", "5m", "30m", "1h", "2h", "6h"} {
			f.add("slo_burn_rate", base, "window", window)
		}
		f.add("slo_burn_rate", base, "window", "3d")
		f.add("slo_events_total", base, "result", "good")
		f.add("slo_events_total", base, "result", "bad")
		for _, tier := range []string{"budget", "heal", "no_data", "page_fast", "page_slow", "ticket_fast", "ticket_slow"} {
			f.add("slo_alert_state", base, "state", "firing", "tier", tier)
		}
	}
	return f
}

func (f *fleet) add(name string, base []string, more ...string) {
	var family *dto.MetricFamily
	for _, known := range f.families {
		if known.GetName() == name {
			family = known
		}
	}
	if family == nil {
		family = &dto.MetricFamily{Name: proto.String(name)}
		f.families = append(f.families, family)
	}
	m := &dto.Metric{Gauge: &dto.Gauge{Value: proto.Float64(0)}}
	all := append(append([]string{}, base...), more...)
	for i := 0; i < len(all); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &all[i], Value: &all[i+1]})
	}
	family.Metric = append(family.Metric, m)
}

// step moves the figures by a minute: counters by about a hundred events,
// ratios at random, the objective and alerts not at all.
func (f *fleet) step() {
	for _, family := range f.families {
		for _, m := range family.Metric {
			v := m.Gauge.Value
			switch family.GetName() {
			case "slo_events_total":
				*v += float64(90 + f.random.IntN(20))
			case "slo_objective_ratio":
				*v = 0.999
			case "slo_coverage_ratio":
				*v = min(1, *v+1.0/43200)
			case "slo_burn_rate", "slo_error_budget_remaining_ratio", "slo_error_budget_exhaustion_seconds":
				*v = f.random.Float64()
			}
		}
	}
}

// One append of 10,000 instances, as once a minute.
func BenchmarkAppend10000(b *testing.B) {
	s, f, at := opened(b, b.TempDir(), Options{}), newFleet(10_000), noon
	before, spent := heap(), 0.0
	b.ReportAllocs()
	for b.Loop() {
		f.step()
		at = at.Add(time.Minute)
		begin := cpu(b)
		if err := s.Append(at, f.families); err != nil {
			b.Fatal(err)
		}
		spent += cpu(b) - begin
	}
	b.StopTimer()
	b.ReportMetric(spent/float64(b.N), "cpu-s/op")
	b.ReportMetric((heap()-before)/(10_000*seriesEach), "heap-B/series")
}

// A view of 10,000 instances, as often as once a second where people ask.
func BenchmarkLive10000(b *testing.B) {
	s, f := opened(b, b.TempDir(), Options{}), newFleet(10_000)
	if err := s.Append(noon, f.families); err != nil {
		b.Fatal(err)
	}
	l := NewLive(s, static(f.families))
	b.ReportAllocs()
	begin := cpu(b)
	for b.Loop() {
		l.look(noon)
	}
	b.ReportMetric((cpu(b)-begin)/float64(b.N), "cpu-s/op")
}

// cpu is the time that the process has computed, in seconds: what a busy
// machine does not change.
func cpu(b *testing.B) float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

type static []*dto.MetricFamily

func (s static) Gather() ([]*dto.MetricFamily, error) { return s, nil }

// What a sample takes on disk, once it is in a block; and how long a history
// takes to open when its head has three hours.
func BenchmarkDisk(b *testing.B) {
	const instances = 1000
	for b.Loop() {
		dir := b.TempDir()
		s, f := opened(b, dir, Options{}), newFleet(instances)
		for m := range 5 * 60 {
			f.step()
			if err := s.Append(noon.Add(time.Duration(m)*time.Minute), f.families); err != nil {
				b.Fatal(err)
			}
		}
		log := size(b, filepath.Join(dir, "wal"))
		if err := s.db.Compact(b.Context()); err != nil {
			b.Fatal(err)
		}
		var samples, bytes float64
		for _, block := range s.db.Blocks() {
			samples += float64(block.Meta().Stats.NumSamples)
			bytes += float64(block.Size())
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		begin := cpu(b)
		again := opened(b, dir, Options{})
		b.ReportMetric(cpu(b)-begin, "open-cpu-s")
		if err := again.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(bytes/samples, "B/sample")
		b.ReportMetric(log/(5*60*instances*seriesEach), "log-B/sample")
	}
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

func size(b *testing.B, dir string) (bytes float64) {
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes += float64(info.Size())
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
