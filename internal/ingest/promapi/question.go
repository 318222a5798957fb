package promapi

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// question is what is asked for one SLO whose events the server works out.
type question struct {
	*sli.Question
	spec *slo.Spec
}

// questionOf is nil for a program that selects series.
func questionOf(p *sli.Program) *question {
	if asked := p.Question(); asked != nil {
		return &question{asked, p.Spec}
	}
	return nil
}

// questions are polls for the programs that ask.
func questions(programs []*sli.Program) []*poll {
	var list []*poll
	for _, p := range programs {
		if q := questionOf(p); q != nil {
			list = append(list, &poll{question: q, slos: []string{p.Spec.ID()}, handed: map[string]int64{}})
		}
	}
	return list
}

// equals reports whether two ask for the same, for the same SLO.
func (q *question) equals(other *question) bool {
	if q == nil || other == nil {
		return q == other
	}
	return q.spec.ID() == other.spec.ID() && *q.Question == *other.Question &&
		slices.Equal(q.spec.GroupBy, other.spec.GroupBy) && reflect.DeepEqual(q.spec.Budgeting, other.spec.Budgeting)
}

// name is that of the SLO; empty of no question.
func (q *question) name() string {
	if q == nil {
		return ""
	}
	return q.spec.ID()
}

// texts are the expressions.
func (q *question) texts() []string {
	if q == nil {
		return nil
	}
	return slices.DeleteFunc([]string{q.Part.Text, q.Whole.Text}, func(s string) bool { return s == "" })
}

// Steps end at whole multiples of their length since the epoch, so that
// whoever asks again asks for the same.

// down is the newest end of a step at or before t.
func down(t time.Time, step time.Duration) time.Time {
	return time.Unix(0, t.UnixNano()-t.UnixNano()%int64(step))
}

// up is the first end of a step at or after t.
func up(t time.Time, step time.Duration) time.Time {
	if at := down(t, step); at.Before(t) {
		return at.Add(step)
	}
	return t
}

// group is the series that tell of the events of one group.
type group struct {
	name      string
	labels    labels.Labels
	good, bad sli.Series
}

func (q *question) group(ls labels.Labels) *group {
	return &group{ls.String(), ls, sli.ClassifiedSeries(q.spec, ls, false), sli.ClassifiedSeries(q.spec, ls, true)}
}

// seriesOf tell of the events of groups in one step.
func seriesOf(events []events, step time.Duration) []sli.Series {
	list := make([]sli.Series, 0, 2*len(events))
	for _, e := range events {
		tell := func(of sli.Series, value float64) {
			of.Points = []sli.Point{{Start: e.at.Add(-step).UnixNano(), Time: e.at.UnixNano(), Value: value}}
			of.Temporality = sli.Delta
			list = append(list, of)
		}
		tell(e.group.good, e.Total-e.Bad)
		tell(e.group.bad, e.Bad)
	}
	return list
}

// byStep splits events where the step changes, the oldest first.
func byStep(list []events) [][]events {
	slices.SortStableFunc(list, func(a, b events) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.group.name, b.group.name)) })
	var steps [][]events
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].at.Equal(list[0].at) {
			n++
		}
		steps = append(steps, list[:n])
		list = list[n:]
	}
	return steps
}
