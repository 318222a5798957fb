package engine

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// outside reads what does not lie in spans.
type outside struct {
	*budget.Net
	spans []budget.Span // those to come too
}

// within is how much of a stretch of time to come counts.
func (o outside) within(from, to time.Time) time.Duration {
	return to.Sub(from) - excludedIn(o.spans, from, to)
}

// settle reads an account with and without what is excluded.
func (j *judged) settle(a *account, net, plain outside) {
	got := j.measure(a, net)
	a.adjusted = nil
	if got.Out <= 0 {
		return
	}
	without := account{window: a.window, calendar: a.calendar}
	j.measure(&without, plain)
	a.adjusted = &Adjusted{
		Names: j.extras.names(got.Start, j.at), Excluded: got.Excluded, ExcludedTime: got.Out,
		Without: Unadjusted{Counts: without.period.Counts, Coverage: without.period.Coverage},
	}
	if left := without.remaining; left.known {
		a.adjusted.Without.Remaining = &left.value
	}
}

// measure reads the window of an account where time is excluded in it or the
// objective changes. Excluded events are neither good nor bad, and excluded
// time is neither observed nor expected to bring events:
//
//	coverage = known time outside / time outside
//
// so that a month with a day of maintenance has the budget of 29 days.
func (j *judged) measure(a *account, net outside) budget.NetReading {
	var got budget.NetReading
	if a.window.Calendar() {
		start, end := a.calendar.bounds(a.window, j.at)
		got = net.Since(start)
		a.counted = got.Length + net.within(j.at, end)
	} else {
		got = net.Window(a.window.Rolling)
		a.counted = got.Length
	}
	a.period = Reading{Window: a.window.Nominal(), Start: got.Start, End: got.End, Counts: got.Counts}
	if a.counted > 0 {
		a.period.Coverage = float64(got.Known) / float64(a.counted)
	}
	a.share, a.leastShare = j.meanShare(a, net, got)
	a.period.rate(j.plan.Budget, &a.burn)
	a.remaining = a.left()
	return got
}

// meanShare is the share of the window's events that may be bad, where each
// part of it has the objective that held then:
//
//	sum of (1 - objective) * events / sum of events
//
// Time that was not observed, or is to come, brings events at the rate of the
// time that was.
func (j *judged) meanShare(a *account, net outside, got budget.NetReading) (mean, least float64) {
	spec := j.instance.Spec
	mean, least = j.plan.Budget, j.plan.Budget
	if len(spec.Earlier) == 0 || got.Known <= 0 || got.Total <= 0 {
		return mean, least
	}
	start, end := a.window.Bounds(j.at)
	m := mix{perTime: got.Total / float64(got.Known), least: 1}
	rest, from := got, j.at
	for _, e := range spec.Earlier {
		switch {
		case !e.Until.After(start):
		case e.Until.Before(j.at):
			after := net.Since(e.Until)
			m.add(e.Objective, rest.Total-after.Total, rest.Length-rest.Known-(after.Length-after.Known))
			rest = after
		case e.Until.Before(end):
			m.add(e.Objective, rest.Total, rest.Length-rest.Known+net.within(from, e.Until))
			rest, from = budget.NetReading{}, e.Until
		}
	}
	last := spec.ObjectiveAt(end)
	m.add(last, rest.Total, rest.Length-rest.Known+net.within(from, end))
	if m.events <= 0 {
		return mean, least
	}
	if m.least == m.most {
		return m.least, m.least // to the bit
	}
	return m.budget / m.events, m.least
}

// mix adds up budgets of stretches of time.
type mix struct {
	perTime        float64 // events in a nanosecond
	budget, events float64
	least, most    float64
}

func (m *mix) add(o slo.Objective, seen float64, unseen time.Duration) {
	events := seen + max(0, float64(unseen))*m.perTime
	m.events += events
	m.budget += o.Budget() * events
	m.least, m.most = min(m.least, o.Budget()), max(m.most, o.Budget())
}
