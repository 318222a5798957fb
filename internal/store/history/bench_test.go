package history

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// fleet is many SLO instances of 21 series each.
type fleet struct {
	at     time.Time
	keys   []string
	values []float64 // seriesEach of each
	random *rand.Rand
}

const seriesEach = 21

// kinds are the series of an instance, and the labels that tell them apart.
var kinds = func() (list [][]string) {
	list = append(list, []string{"slo_objective_ratio"}, []string{"slo_coverage_ratio"},
		[]string{"slo_error_budget_remaining_ratio"}, []string{"slo_error_budget_exhaustion_seconds", "window", "6h"})
	for _, window := range []string{"30s", "1m", "5m", "30m", "1h", "2h", "6h", "3d"} {
		list = append(list, []string{"slo_burn_rate", "window", window})
	}
	for _, result := range []string{"good", "bad"} {
		list = append(list, []string{"slo_events_total", "result", result})
	}
	for _, tier := range []string{"budget", "heal", "no_data", "page_fast", "page_slow", "ticket_fast", "ticket_slow"} {
		list = append(list, []string{"slo_alert_state", "state", "firing", "tier", tier})
	}
	return list
}()

func newFleet(instances int) *fleet {
	f := &fleet{at: noon, random: rand.New(rand.NewPCG(1, 2)), values: make([]float64, instances*seriesEach)}
	for i := range instances {
		f.keys = append(f.keys, fmt.Sprintf("service-%05d:availability:%016x", i/50, i))
	}
	return f
}

// next is a minute later: counters grow by about a hundred events, ratios are
// random, the objective and alerts stay.
func (f *fleet) next() View {
	f.at = f.at.Add(time.Minute)
	for i := range f.values {
		switch v := &f.values[i]; kinds[i%seriesEach][0] {
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
	return f
}

func (f *fleet) At() time.Time    { return f.at }
func (f *fleet) Len() int         { return len(f.keys) }
func (f *fleet) Key(i int) string { return f.keys[i] }

func (f *fleet) Read(i int, _ any, values []float64) (any, []float64) {
	return seriesEach, append(values, f.values[i*seriesEach:(i+1)*seriesEach]...)
}

func (f *fleet) Series(i int, _ any, tell func(string, []string)) {
	base := []string{"period", "30d", "route", fmt.Sprintf("/v1/resource/%d", i%50), "service", fmt.Sprintf("service-%05d", i/50),
		"slo", "availability", "slo_id", f.keys[i]}
	for _, one := range kinds {
		tell(one[0], slices.Concat(base, one[1:]))
	}
}

func (f *fleet) Metrics(func(name, kind, help string)) {}

// The samples of 10,000 instances, as many as there are in an interval, in one
// append for each of its seconds.
func BenchmarkAppend10000(b *testing.B) {
	s, f, w := opened(b, b.TempDir(), Options{}), newFleet(10_000), newSweep(time.Minute)
	before, spent := heap(), 0.0
	b.ReportAllocs()
	for b.Loop() {
		view := f.next()
		begin := cpu(b)
		for second := range 60 {
			if err := s.append(view, w.due(view, f.at.Add(time.Duration(second)*time.Second))...); err != nil {
				b.Fatal(err)
			}
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
	if err := s.Append(f); err != nil {
		b.Fatal(err)
	}
	l := NewLive(s, func() View { return f })
	b.ReportAllocs()
	begin := cpu(b)
	for b.Loop() {
		l.look()
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

// What a sample takes on disk, once it is in a block; and how long a history
// takes to open when its head has three hours.
func BenchmarkDisk(b *testing.B) {
	const instances = 1000
	for b.Loop() {
		dir := b.TempDir()
		s, f := opened(b, dir, Options{}), newFleet(instances)
		for range 5 * 60 {
			if err := s.Append(f.next()); err != nil {
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
