package scenario

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// stream is one series with all its samples, in order.
type stream struct {
	series  sli.Series // without points
	points  []sli.Point
	arrives []int64 // when each arrives; not before its time
	next    int     // the first that was not sent yet
}

func newStream(l labels.Labels) *stream {
	return &stream{series: sli.Series{Labels: l, Target: l.Get("job") + "\xff" + l.Get("instance")}}
}

// add appends a sample that is under way for late.
func (s *stream) add(p sli.Point, late time.Duration) {
	s.points = append(s.points, p)
	s.arrives = append(s.arrives, p.Time+int64(late))
}

// last is when the last sample arrives.
func (s *stream) last(start time.Time) time.Duration {
	if len(s.arrives) == 0 {
		return 0
	}
	return time.Duration(slices.Max(s.arrives) - start.UnixNano())
}

// maxPoints bounds the samples of a scenario: a month of 40 series at 15 s.
const maxPoints = 8_000_000

// spend counts samples against the bound.
func (p *parse) spend(r *reader, n int) bool {
	if p.points += n; p.points > maxPoints {
		r.fail(1, "sample less often, or for a shorter time", "a scenario has at most %d samples", maxPoints)
		return false
	}
	return true
}

// loading is the head of a load block.
type loading struct {
	step, at, late time.Duration
	delta          bool
}

// load takes series in Prometheus's notation, one in each line.
func (p *parse) load(r *reader, s *statement) {
	l := loading{step: r.length("the time between samples")}
	for r.more() {
		switch r.one("at", "late", "delta") {
		case "at":
			l.at = r.duration("the time of the first sample")
		case "late":
			l.late = r.duration("how late samples arrive")
		case "delta":
			l.delta = true
		}
	}
	if r.fault != nil {
		return
	}
	loaded := 0
	for _, row := range s.body {
		if row.empty() {
			continue
		}
		p.series(row, l)
		loaded++
	}
	if loaded == 0 {
		r.fail(r.end, `write a series in each line below, indented: http_requests_total{job="checkout"} 0+100x240`, "nothing is loaded")
	}
}

// repetition is what Prometheus's notation multiplies by.
var repetition = regexp.MustCompile(`x([0-9]+)`)

// series reads one line of a load block.
func (p *parse) series(row line, l loading) {
	r := newReader(row)
	defer p.close(r, row.number)
	defer func() { r.at = len(r.words) }()
	_, length := split(row.text)
	text := strings.TrimSpace(row.text[:length])
	if len(r.words) > 0 {
		for _, m := range repetition.FindAllStringSubmatch(text[len(r.words[0].text):], -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil || !p.spend(r, n) {
				r.fail(1, "sample less often, or for a shorter time", "a scenario has at most %d samples", maxPoints)
				return
			}
		}
	}
	metric, values, err := parser.ParseSeriesDesc(text)
	if err != nil {
		column, message := position(err)
		r.fail(r.peek().column+column, `write a series and its values, such as http_requests_total{job="checkout"} 0+100x240`, "%s", message)
		return
	}
	out := newStream(metric)
	if l.delta {
		out.series.Temporality = sli.Delta
	}
	for i, v := range values {
		at := p.Start.Add(l.at + time.Duration(i)*l.step).UnixNano()
		if point, ok := pointOf(v, at, l); ok {
			out.add(point, l.late)
		}
	}
	p.loaded = append(p.loaded, out)
}

// pointOf makes a sample of a value; a gap makes none.
func pointOf(v parser.SequenceValue, at int64, l loading) (sli.Point, bool) {
	point := sli.Point{Time: at}
	if l.delta {
		point.Start = at - int64(l.step)
	}
	switch {
	case v.Omitted:
		return point, false
	case v.Histogram != nil:
		point.Histogram = v.Histogram
	case value.IsStaleNaN(v.Value):
		point.Stale = true
	default:
		point.Value = v.Value
	}
	return point, true
}

// position finds where in a line Prometheus's parser stopped, counted from 0.
func position(err error) (column int, message string) {
	var list parser.ParseErrors
	if errors.As(err, &list) && len(list) > 0 {
		return int(list[0].PositionRange.Start), list[0].Err.Error()
	}
	return 0, err.Error()
}

// when writes a virtual time.
func when(d time.Duration) string { return slo.FormatDuration(d) }
