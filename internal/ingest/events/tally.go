package events

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// tally gathers what a request adds to each series.
type tally struct {
	// counts are by slot and values, in the order in which they came up.
	counts map[string]*count
	order  []*count
	key    []byte
}

// count is what a request adds to one series.
type count struct {
	slot    int
	values  []string // of the slot's names
	seconds []second // in the order of time
	traces  []sli.Trace
	sampled bool
}

// second is what happened within one second. No slot of a ledger has an edge
// within it.
type second struct {
	number int64 // of the second, rounded up
	newest int64 // when the last event of it happened
	n      float64
}

// mostTraces is how many traces of a series are told at once.
const mostTraces = 3

func (t *tally) begin() {
	if t.counts == nil || len(t.counts) > 1000 { // memory of a large request is not kept
		t.counts, t.order = map[string]*count{}, nil
	}
	clear(t.counts)
	clear(t.order)
	t.order = t.order[:0]
}

// count finds or makes the count of a slot's series. Where is the places of its
// values among the cells.
func (t *tally) count(slot int, cells []cell, places []int) *count {
	t.key = binary.AppendUvarint(t.key[:0], uint64(slot))
	for _, place := range places {
		t.key = append(append(t.key, cells[place].value...), 0xff) // no UTF-8 holds it
	}
	c := t.counts[string(t.key)]
	if c == nil {
		c = &count{slot: slot}
		for _, place := range places {
			c.values = append(c.values, cells[place].value)
		}
		t.counts[string(t.key)] = c
		t.order = append(t.order, c)
	}
	return c
}

// add counts n events for what happened.
func (c *count) add(e *event, n float64) {
	s := c.second((e.at + int64(time.Second) - 1) / int64(time.Second))
	s.n += n
	s.newest = max(s.newest, e.at)
	c.sampled = c.sampled || e.sampled
}

// second finds or makes one, nearly always the last.
func (c *count) second(number int64) *second {
	if last := len(c.seconds) - 1; last >= 0 && c.seconds[last].number == number {
		return &c.seconds[last]
	}
	i, found := slices.BinarySearchFunc(c.seconds, number, func(s second, n int64) int { return cmp.Compare(s.number, n) })
	if !found {
		c.seconds = slices.Insert(c.seconds, i, second{number: number})
	}
	return &c.seconds[i]
}

// keep notes the trace of a bad event.
func (c *count) keep(t sli.Trace) {
	if t.ID == ([16]byte{}) || len(c.traces) >= mostTraces {
		return
	}
	if !slices.ContainsFunc(c.traces, func(other sli.Trace) bool { return other.ID == t.ID }) {
		c.traces = append(c.traces, t)
	}
}

// fill completes a series with what was counted.
func (c *count) fill(s sli.Series) sli.Series {
	s.Temporality, s.Traces, s.Sampled = sli.Events, c.traces, c.sampled
	s.Points = make([]sli.Point, 0, len(c.seconds))
	for _, second := range c.seconds {
		p := sli.Point{Time: second.newest, Value: second.n}
		if second.n == math.Trunc(second.n) && second.n < 1<<53 {
			p = sli.Point{Time: second.newest, Int: int64(second.n), IsInt: true}
		}
		s.Points = append(s.Points, p)
	}
	return s
}
