package promapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// events are those of one group in one step.
type events struct {
	at    time.Time // the end of the step
	group *group
	budget.Counts
}

// faults are what is wrong with single values of an answer.
type faults struct {
	number int
	first  error
}

// errFaulty says that some steps of an answer were left out. They show as not
// observed.
var errFaulty = errors.New("left out")

func (f *faults) add(at time.Time, g *group, what string) {
	if f.number++; f.first == nil {
		f.first = fmt.Errorf("the step to %s is %w: %s", at.UTC().Format(time.RFC3339), errFaulty, what)
		if !g.labels.IsEmpty() {
			f.first = fmt.Errorf("%w, of %s", f.first, g.name)
		}
	}
}

func (f *faults) err() error {
	if f.number > 1 {
		return fmt.Errorf("%w; and %d more", f.first, f.number-1)
	}
	return f.first
}

// ask asks for the events of the steps in (from, to]. What cannot be used of
// single values is a fault; an error means that nothing could be.
func (b *Backend) ask(ctx context.Context, l lane, q *question, from, to time.Time, step time.Duration) ([]events, *faults, error) {
	r := &reply{question: q, from: from, step: step, n: int(to.Sub(from) / step), groups: map[string]*columns{}}
	for i, e := range []sli.Expression{q.Part, q.Whole} {
		if e.Text == "" {
			continue
		}
		answer, err := b.client.steps(ctx, l, e.At(step), from.Add(step), to, step)
		if err == nil {
			err = r.read(i, answer)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("ask for %s: %w", e.Text, err)
		}
	}
	list, wrong := r.events(b.client.metrics)
	return list, wrong, nil
}

// reply is what a server answers to both parts of a question, in steps.
type reply struct {
	*question
	from   time.Time
	step   time.Duration
	n      int // how many steps
	groups map[string]*columns
}

// columns are the values of a group, by expression and step; not a number
// where known says that there is none.
type columns struct {
	*group
	values [2][]float64
	known  [2][]bool
	series [2]int
}

// Why an answer as a whole cannot be used.
var (
	errUngrouped = errors.New("no series of the answer has a label of groupBy")
	errSeveral   = errors.New("a share of bad events must be one series")
	errNoNumbers = errors.New("the answer has histograms, not numbers")
	errTimes     = errors.New("the answer has other times than were asked for")
)

// read takes the answer to one of the two.
func (r *reply) read(which int, answer model.Matrix) error {
	labelled := len(r.spec.GroupBy) == 0 || len(answer) == 0
	for _, s := range answer {
		if len(s.Histograms) > 0 {
			return errNoNumbers
		}
		c := r.columns(s.Metric)
		labelled = labelled || !c.labels.IsEmpty()
		if c.series[which]++; r.Share() && c.series[which] > 1 {
			return fmt.Errorf("%w in each group: write avg(…) around it", errSeveral)
		}
		for _, v := range s.Values {
			after := v.Timestamp.Time().Sub(r.from)
			i := int(after/r.step) - 1
			if after%r.step != 0 || i < 0 || i >= r.n {
				return errTimes
			}
			c.values[which][i] += float64(v.Value)
			c.known[which][i] = true
		}
	}
	if !labelled {
		return errUngrouped
	}
	return nil
}

// columns are those of the group that a series belongs to.
func (r *reply) columns(m model.Metric) *columns {
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, name := range r.spec.GroupBy {
		b.Set(name, string(m[model.LabelName(name)]))
	}
	ls := b.Labels()
	c := r.groups[ls.String()]
	if c == nil {
		c = &columns{group: r.group(ls)}
		for i := range c.values {
			c.values[i], c.known[i] = make([]float64, r.n), make([]bool, r.n)
		}
		r.groups[c.name] = c
	}
	return c
}

// events are those that the values tell of.
func (r *reply) events(m *metrics) (list []events, wrong *faults) {
	wrong = &faults{}
	for _, c := range r.groups {
		for i := range r.n {
			e := events{at: r.from.Add(time.Duration(i+1) * r.step), group: c.group}
			counts, known, fault := r.counts(c, i)
			switch {
			case fault != nil:
				m.refused.WithLabelValues(fault.reason).Inc()
				wrong.add(e.at, c.group, fault.what)
			case known:
				e.Counts = counts
				list = append(list, e)
			}
		}
	}
	return list, wrong
}

// fault is why a value cannot be used.
type fault struct{ reason, what string }

// counts are the events of a group in a step; not known where there are no
// values, which is no fault.
func (r *reply) counts(c *columns, i int) (_ budget.Counts, known bool, _ *fault) {
	part, whole := c.values[0][i], c.values[1][i]
	if r.Share() {
		return share(part, c.known[0][i], float64(r.step)/float64(r.Step))
	}
	switch {
	case !c.known[1][i] && part == 0:
		return budget.Counts{}, false, nil
	case !c.known[1][i]:
		return budget.Counts{}, false, &fault{"no_total", fmt.Sprintf("there is no total, and %g of it", part)}
	}
	for _, v := range []float64{part, whole} {
		if f := odd(v); f != nil {
			return budget.Counts{}, false, f
		}
	}
	part, whole = r.Part.Number(part, r.step), r.Whole.Number(whole, r.step)
	if part > whole*(1+dust)+dust {
		return budget.Counts{}, false, &fault{"more_than_total", fmt.Sprintf("%g of a total of %g", part, whole)}
	}
	part = min(part, whole)
	if r.Good {
		part = whole - part
	}
	return budget.Counts{Bad: part, Total: whole}, true, nil
}

// dust is by how much, of all, a part may exceed the whole because floats are
// not exact.
const dust = 1e-6

// share counts a share of bad events as so many events. No share of anything,
// 0/0, is a step without events.
func share(ratio float64, known bool, weight float64) (budget.Counts, bool, *fault) {
	switch {
	case !known || math.IsNaN(ratio):
		return budget.Counts{}, known, nil
	case ratio > 1+dust:
		return budget.Counts{}, false, &fault{"more_than_total", fmt.Sprintf("a share of %g", ratio)}
	}
	if f := odd(ratio); f != nil {
		return budget.Counts{}, false, f
	}
	return budget.Counts{Bad: min(ratio, 1) * weight, Total: weight}, true, nil
}

// odd says why a value is no number of events.
func odd(v float64) *fault {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return &fault{string(sli.ReasonNotANumber), fmt.Sprintf("the value is %g", v)}
	case v < 0:
		return &fault{string(sli.ReasonNegative), fmt.Sprintf("the value is %g", v)}
	}
	return nil
}
