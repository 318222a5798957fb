package history

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// page is a view that says what a page in Prometheus's format says. What has the
// same label slo is one subject; its shape is what its series are called.
type page struct {
	at       time.Time
	families []*dto.MetricFamily
	keys     []string
	subjects map[string][]line
}

type line struct {
	metric string
	labels []string
	value  float64
}

func read(t testing.TB, at time.Time, text string) View {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	byName, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	p := &page{at: at, subjects: map[string][]line{}}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		p.families = append(p.families, byName[name])
		for _, m := range byName[name].Metric {
			one, slo := line{metric: name, value: m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()}, "none"
			for _, l := range m.Label {
				if one.labels = append(one.labels, l.GetName(), l.GetValue()); l.GetName() == "slo" {
					slo = l.GetValue()
				}
			}
			p.subjects[slo] = append(p.subjects[slo], one)
		}
	}
	p.keys = slices.Sorted(maps.Keys(p.subjects))
	return p
}

func (p *page) At() time.Time    { return p.at }
func (p *page) Len() int         { return len(p.keys) }
func (p *page) Key(i int) string { return p.keys[i] }

func (p *page) Read(i int, _ any, values []float64) (any, []float64) {
	shape := ""
	for _, one := range p.subjects[p.keys[i]] {
		shape, values = shape+one.metric+fmt.Sprint(one.labels), append(values, one.value)
	}
	return shape, values
}

func (p *page) Series(i int, _ any, tell func(string, []string)) {
	for _, one := range p.subjects[p.keys[i]] {
		tell(one.metric, one.labels)
	}
}

func (p *page) Metrics(tell func(name, kind, help string)) {
	for _, f := range p.families {
		tell(f.GetName(), strings.ToLower(f.GetType().String()), f.GetHelp())
	}
}

// always says the same at all times.
func always(t testing.TB, text string) Source {
	return func() View { return read(t, time.Now(), text) }
}

// opened is a store that the test closes.
func opened(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func appended(t testing.TB, s *Store, at time.Time, text string) {
	t.Helper()
	if err := s.Append(read(t, at, text)); err != nil {
		t.Fatal(err)
	}
}

// samples reads a metric's series, each as labels and "seconds after noon =
// value".
func samples(t testing.TB, q storage.Queryable, name string) map[string][]float64 {
	t.Helper()
	querier, err := q.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer querier.Close()
	found := map[string][]float64{}
	set := querier.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name))
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			at, v := it.At()
			found[set.At().Labels().String()] = append(found[set.At().Labels().String()], float64(at-noon.UnixMilli())/1000, v)
		}
		if it.Err() != nil {
			t.Fatal(it.Err())
		}
	}
	if set.Err() != nil {
		t.Fatal(set.Err())
	}
	return found
}

// logged is a logger and what it said.
func logged() (*slog.Logger, *words) {
	said := &words{}
	return slog.New(slog.NewTextHandler(said, nil)), said
}

// words is a text that may grow while it is read.
type words struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// copied copies a folder as a kill leaves it: files as they are, no close.
func copied(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}
