package sli

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// FuzzCompile gives any text to every kind of SLI: it becomes a program or
// problems that say where and what, never both and never neither.
func FuzzCompile(f *testing.F) {
	for _, text := range []string{
		``, `x`, `{}`, `sum(rate(x_total{job="a"}[{{.window}}])) or vector(0)`, `a - (b + c)`, `avg(x)`, `x offset 5m @ end()`,
		`{"http.requests", "http.code"=~"5.."}`, `rt_bucket{le="0.3"}`, `rate(x[5m:1m])`, "\xff", `x{a="` + "\x00" + `"}`, `((((`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, sli := range []slo.SLI{
			badOf(text, `z_total`), badOf(`z_total`, text), goodOf(text, text),
			{Latency: &slo.Latency{Histogram: text, Errors: text, Below: time.Second}},
			{Threshold: &slo.Threshold{Metric: text}},
		} {
			p, problems := Compile(spec("a", sli))
			if (p == nil) == (len(problems) == 0) {
				t.Fatalf("program %v and problems %v", p, problems)
			}
			for _, problem := range problems {
				if problem.Field == "" || problem.Message == "" {
					t.Errorf("a problem without a place or a message: %q", problem)
				}
			}
			if p != nil && (len(p.Served()) == 0 || !selectiveAll(p)) {
				t.Errorf("%q selects everything, or nothing: %v", text, p.Served())
			}
		}
	})
}

// selectiveAll reports whether each selector refuses some series: one whose
// matchers all take the empty value would select anything.
func selectiveAll(p *Program) bool {
	for _, t := range p.terms {
		if !slices.ContainsFunc(t.matchers, func(m *labels.Matcher) bool { return !m.Matches("") }) {
			return false
		}
	}
	return true
}

// points reads bytes as points of some series that two SLOs select: the same
// counters, once whole and once by group.
type points struct {
	data []byte
	now  int64
}

func (p *points) byte() byte {
	if len(p.data) == 0 {
		return 0
	}
	b := p.data[0]
	p.data = p.data[1:]
	return b
}

// next is one sample: mostly a sane one a little later than the last, but its
// time, start, value and kind may be anything.
func (p *points) next() Series {
	kind, which := p.byte(), p.byte()
	s := Series{Target: fmt.Sprint("t", which>>2&1), Labels: labels.FromStrings(
		"__name__", "requests_total", "code", []string{"200", "404", "500", "503"}[which&3], "route", fmt.Sprint(which>>3&3))}
	if kind&1 != 0 {
		s.Temporality = Delta
	}
	for range 1 + kind>>1&3 {
		s.Points = append(s.Points, p.point())
	}
	return s
}

func (p *points) point() Point {
	kind := p.byte()
	p.now += int64(p.byte()) * int64(time.Second)
	point := Point{Time: p.now, Value: float64(p.byte()), Stale: kind&15 == 15}
	if kind&16 != 0 { // another time: late, early, absurd
		point.Time += p.number() >> (p.byte() & 63)
	}
	if kind&32 != 0 {
		point.Start = p.now - int64(p.byte())*int64(time.Second)
	}
	if kind&64 != 0 {
		point.IsInt, point.Int = true, p.number()>>(p.byte()&63)
	}
	if kind&128 != 0 { // whole, or no number at all
		point.Value = []float64{0, 1e9, 1 << 40, math.NaN(), math.Inf(1), -1, 7, 1e3}[p.byte()&7]
	}
	point.Int %= 1 << 40 // sums stay within what a float holds exactly
	return point
}

func (p *points) number() int64 {
	var b [8]byte
	for i := range b {
		b[i] = p.byte()
	}
	return int64(binary.LittleEndian.Uint64(b[:]))
}

// FuzzTracker feeds any points in any order. Nothing panics, and since bad
// selects a part of what total does, 0 <= bad <= total holds in the ledgers
// and in each window of them, and the groups add up to the whole.
func FuzzTracker(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x0a\x05\x00\x00\x00\x0a\x09\x00\x02\x00\x00\x03"))
	f.Add([]byte("\x01\x02\x20\x0a\x05\x0a\x01\x02\x20\x0a\x05\x0a\x01\x02\x30\x0a\x05\x01\x02\x03\x04\x05\x06\x07\x08\x20\x0a"))
	f.Add([]byte("\x06\x00\x20\x0a\xff\x0a\x60\x0a\x05\x05\x01\x02\x03\x04\x05\x06\x07\x08\x10\x0f\xff\x00\x80\xff\x00\x03"))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, grouped := spec("whole", errorsOf), spec("grouped", errorsOf, "route")
		grouped.MaxGroups = 2
		tracker := NewTracker(Options{MaxSeries: 20})
		tracker.Replace(compileAll(t, whole, grouped), began)
		p := &points{data: data, now: began.UnixNano()}
		for len(p.data) > 0 {
			s := p.next()
			var receipt Receipt
			now := time.Unix(0, p.now)
			tracker.Ingest(&Batch{Series: []Series{s}, Whole: p.now%2 == 0}, now, &receipt)
			switch p.now % 7 {
			case 0:
				tracker.Sweep(now)
			case 1:
				tracker.Replace(compileAll(t, whole, grouped), now)
			}
			sane(t, tracker, now)
		}
	})
}

func sane(t *testing.T, tracker *Tracker, now time.Time) {
	t.Helper()
	var whole, groups budget.Counts
	for _, in := range tracker.Instances() {
		since := in.Ledger.Since()
		if in.Group == nil {
			whole = whole.Add(since)
		} else {
			groups = groups.Add(since)
		}
		horizon := in.Horizon(now)
		for _, c := range []budget.Counts{since, in.Ledger.Window(horizon, time.Minute).Counts, in.Ledger.Window(horizon, time.Hour).Counts, in.Ledger.Window(horizon, 720*time.Hour).Counts} {
			if !(c.Bad >= 0 && c.Bad <= c.Total) {
				t.Errorf("%s: %v bad of %v", in.ID, c.Bad, c.Total)
			}
		}
		if coverage := in.Ledger.Coverage(horizon.Add(-time.Hour), horizon, true); !(coverage >= 0 && coverage <= 1) {
			t.Errorf("%s: coverage %v", in.ID, coverage)
		}
	}
	if whole != groups {
		t.Errorf("the groups add up to %+v, all events are %+v", groups, whole)
	}
}
