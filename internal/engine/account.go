package engine

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// account is the error budget of one window of an instance.
type account struct {
	window   slo.Window
	calendar calendar

	period Reading
	burn   float64 // period's
	// counted is the window's time that counts: of a calendar period all of it,
	// the future too, and without what is excluded.
	counted time.Duration
	// share is the share of all events of the window that may be bad: 1 -
	// objective, or the mean of those that held within it; leastShare the least
	// of them.
	share, leastShare float64
	remaining         maybe
	exhaustion        *time.Duration // never changed, only replaced
	adjusted          *Adjusted      // the same
}

// left is the share of the budget that remains.
func (a *account) left() maybe {
	consumed, ok := a.consumed(a.period.Counts.Bad)
	return maybe{1 - consumed, ok}
}

// consumed is the share of the whole window's budget that bad events cost.
func (a *account) consumed(bad float64) (float64, bool) {
	return budget.Consumed(bad, a.period.Counts.Total, a.period.Coverage, a.share)
}

// calendar remembers a period's bounds: to find them takes longer than all else.
type calendar struct {
	window     slo.Window
	start, end time.Time
}

// bounds are those of the period that a time lies in.
func (c *calendar) bounds(w slo.Window, at time.Time) (start, end time.Time) {
	if c.window != w || at.Before(c.start) || !at.Before(c.end) {
		c.window = w
		c.start, c.end = w.Bounds(at)
	}
	return c.start, c.end
}

// runsOut is when an account's budget runs out; nil when it does not, or is not
// known to. The present burn goes on, and the budget stays what it is: that an
// older objective leaves the window, or that time will be excluded, is not
// foreseen.
func (j *judged) runsOut(a *account) *time.Duration {
	rate, burns := j.recently().BurnRate(a.share)
	perBad, known := a.consumed(1)
	if !a.remaining.known || !burns || !known {
		return nil
	}
	outlook := budget.Outlook{
		At: j.at, Window: a.window.Nominal(), Counted: a.counted, Net: j.net,
		Consumed: 1 - a.remaining.value, PerBad: perBad, Burn: rate,
	}
	if a.window.Calendar() {
		_, outlook.PeriodEnd = a.calendar.bounds(a.window, j.at)
	}
	d, ok := j.instance.Ledger.Exhaustion(outlook)
	if !ok {
		return nil
	}
	return &d
}

// foresee keeps the forecasts of the further windows.
func (e *extras) foresee(j *judged) {
	for i := range e.also {
		e.also[i].exhaustion = j.runsOut(&e.also[i])
	}
}

// recently is what a forecast extrapolates.
func (j *judged) recently() budget.Counts {
	if j.net != nil {
		return j.net.Window(j.plan.windows[j.plan.forecast]).Counts
	}
	return j.panel.Window(j.plan.forecast).Counts
}
