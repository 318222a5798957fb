package audit

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

const path = "/data/" + FileName

// record is the nth one.
func record(n int) Record {
	return Record{
		Time: time.Date(2026, 3, 1, 2, 0, n, 0, time.UTC), Kind: []string{"adjustment_applied", "adjustment_removed", "gate_denied"}[n%3],
		Subject: fmt.Sprintf("s%d", n%5), By: "file: a.yaml:1", After: strings.Repeat("x", n), SLOs: []string{"a:b"},
	}
}

func records(from, to int) (list []Record) {
	for n := from; n < to; n++ {
		list = append(list, record(n))
	}
	return list
}

func folder(t *testing.T) *faulty.FS {
	t.Helper()
	f := faulty.New()
	if err := f.MkdirAll("/data"); err != nil {
		t.Fatal(err)
	}
	return f
}

func on(f *faulty.FS) *Log { return Open(Options{Dir: "/data", FS: f}) }

// oldestFirst is everything that is known.
func oldestFirst(l *Log) []Record {
	found := l.Find(Query{})
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found
}

func same(t *testing.T, what string, want, got []Record) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestRecordsStay(t *testing.T) {
	dir := t.TempDir()
	for start := range 3 {
		l := Open(Options{Dir: dir})
		same(t, "found at the start", append([]Record{}, records(0, 4*start)...), oldestFirst(l))
		if err := errors.Join(l.Append(), l.Append(record(4*start)), l.Append(records(4*start+1, 4*start+4)...)); err != nil {
			t.Fatal(err)
		}
		same(t, "found at the end", records(0, 4*start+4), oldestFirst(l))
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(filepath.Join(dir, FileName))
	first, _, _ := strings.Cut(string(text), "\n")
	want := `{"time":"2026-03-01T02:00:00Z","kind":"adjustment_applied","subject":"s0","by":"file: a.yaml:1","slos":["a:b"]}`
	if first != want || bytes.Count(text, []byte("\n")) != 12 || err != nil {
		t.Errorf("%d lines, the first %s: %v", bytes.Count(text, []byte("\n")), first, err)
	}
}

func TestNoRecordsNoFile(t *testing.T) {
	f := folder(t)
	if err := errors.Join(on(f).Append(), on(f).Close()); err != nil || len(f.Names()) > 0 {
		t.Errorf("%v, %v", err, f.Names())
	}
}

func TestFindAndLatest(t *testing.T) {
	l := on(folder(t))
	if err := l.Append(records(0, 12)...); err != nil {
		t.Fatal(err)
	}
	same(t, "limit", []Record{record(11), record(10)}, l.Find(Query{Limit: 2}))
	same(t, "since", []Record{record(11), record(10)}, l.Find(Query{Since: record(10).Time}))
	same(t, "kind", []Record{record(11), record(8), record(5), record(2)}, l.Find(Query{Kind: "gate_denied"}))
	same(t, "family and subject", []Record{record(6), record(1)}, l.Find(Query{Kind: "adjustment", Subject: "s1"}))
	same(t, "none", []Record{}, l.Find(Query{Subject: "s"}))
	latest := l.Latest("adjustment")
	if diff := cmp.Diff(map[string]Record{"s0": record(10), "s1": record(6), "s2": record(7), "s3": record(3), "s4": record(9)}, latest); diff != "" {
		t.Errorf("latest (-want +got):\n%s", diff)
	}
}

// What lies beyond the newest is in the file, and still what last happened.
func TestManyRecords(t *testing.T) {
	f := folder(t)
	l := on(f)
	once := record(0)
	once.Subject = "once"
	if err := l.Append(once); err != nil {
		t.Fatal(err)
	}
	for range 25 {
		if err := l.Append(records(0, 1000)[:999]...); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range []*Log{l, on(f)} {
		if n := len(l.Find(Query{})); n != Kept {
			t.Errorf("%d records", n)
		}
		if diff := cmp.Diff(once, l.Latest("adjustment")["once"]); diff != "" {
			t.Error(diff)
		}
	}
}

// A line that was torn off is cut off; one in the middle stays.
func TestDamage(t *testing.T) {
	f := folder(t)
	l := on(f)
	if err := l.Append(records(0, 3)...); err != nil {
		t.Fatal(err)
	}
	f = f.Kill()
	f.Edit(path, func(b []byte) []byte {
		b = bytes.Replace(b, []byte(`{"time":"2026-03-01T02:00:01Z"`), []byte(`{"time":"2026-03#01T02:00:01Z"`), 1)
		return append(b, `{"time":"2026-03-01T02:0`...)
	})
	l = on(f)
	same(t, "found", []Record{record(0), record(2)}, oldestFirst(l))
	if err := l.Append(record(3)); err != nil {
		t.Fatal(err)
	}
	text := string(f.Content(path))
	if strings.Count(text, "\n") != 4 || !strings.Contains(text, "#01T") || strings.Contains(text, "02:0{") {
		t.Errorf("the file:\n%s", text)
	}
	same(t, "found again", []Record{record(0), record(2), record(3)}, oldestFirst(on(f.Kill())))
}

// Whatever call fails, and however: nothing that was acknowledged is lost, and
// nothing counts that was refused.
func TestFailures(t *testing.T) {
	for _, kind := range []faulty.Kind{faulty.Create, faulty.Write, faulty.Sync, faulty.Open, faulty.Read, faulty.Rename, faulty.SyncDir} {
		for n := 1; n < 40; n++ {
			for _, part := range []float64{0, 0.5, 1} {
				f := folder(t)
				f.Inject(faulty.Fault{From: n, Kinds: []faulty.Kind{kind}, Err: syscall.EIO, Part: part})
				registry := prometheus.NewRegistry()
				var want []Record
				for start := range 3 {
					l := Open(Options{Dir: "/data", FS: f, Registerer: registry})
					for i := range 3 {
						r := record(3*start + i)
						if err := l.Append(r); err == nil {
							want = append(want, r)
						} else if !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), path) {
							t.Fatalf("refused: %v", err)
						}
					}
					same(t, fmt.Sprintf("%s %d, part %v", kind, n, part), want, oldestFirst(l))
					f, registry = f.Kill(), prometheus.NewRegistry()
				}
				if t.Failed() {
					t.FailNow()
				}
			}
		}
	}
}

// The power fails at each call.
func TestPowerFailures(t *testing.T) {
	for n := 1; n < 40; n++ {
		for seed := range uint64(20) {
			f := folder(t)
			rng := rand.New(rand.NewPCG(seed, uint64(n)))
			f.StopAt(n, rng.Float64())
			var acknowledged int
			for i, l := 0, on(f); i < 12; i++ {
				if i%4 == 3 {
					l = on(f)
				}
				if err := l.Append(record(i)); err != nil {
					break
				}
				acknowledged = i + 1
			}
			found := oldestFirst(on(f.Crash(rng)))
			if len(found) < acknowledged || len(found) > acknowledged+1 {
				t.Fatalf("call %d, seed %d: %d acknowledged, %d found", n, seed, acknowledged, len(found))
			}
			same(t, "found", append([]Record{}, records(0, len(found))...), found)
		}
	}
}

func TestMetrics(t *testing.T) {
	f, registry := folder(t), prometheus.NewRegistry()
	l := Open(Options{Dir: "/data", FS: f, Registerer: registry})
	f.Inject(faulty.Fault{Kinds: []faulty.Kind{faulty.Sync}})
	if l.Append(record(0)) == nil || l.Append(record(0), record(1), record(3)) != nil {
		t.Error("what fails, and what does not")
	}
	want := `# HELP slo_engine_audit_failures_total Times that the audit file could not be read or written; what cannot be audited does not apply.
# TYPE slo_engine_audit_failures_total counter
slo_engine_audit_failures_total 1
# HELP slo_engine_audit_records_total Changes that were written to the audit file, by kind.
# TYPE slo_engine_audit_records_total counter
slo_engine_audit_records_total{kind="adjustment_applied"} 2
slo_engine_audit_records_total{kind="adjustment_removed"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
