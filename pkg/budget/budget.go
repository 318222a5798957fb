package budget

import "time"

// Consumed is the share of the error budget that bad events have spent:
//
//	bad / (budget * N),  N = total / coverage
//
// where total and coverage are those of the whole SLO window: traffic of the
// part not yet observed is taken to be like the rest. budget is
// 1 - objective. ok is false when there were no events, or nothing was
// observed. Worked: objective 99.9 %, a million events, 250 of them bad, all
// observed: 250 / (0.001 * 1e6) = 0.25.
func Consumed(bad, total, coverage, budget float64) (share float64, ok bool) {
	if total <= 0 || coverage <= 0 {
		return 0, false
	}
	// Sources that disagree may count less than no bad events.
	return max(bad, 0) * coverage / (budget * total), true
}

// Outlook is the question of when a budget runs out.
type Outlook struct {
	// At is now; Window the SLO window's nominal length.
	At     time.Time
	Window time.Duration
	// Counted is the part of the window that the budget is for: of a calendar
	// period its real length, and no time that is excluded. 0: Window.
	Counted time.Duration
	// Net leaves out what is excluded; may be nil.
	Net *Net
	// PeriodEnd is the end of the calendar period; zero for a rolling window.
	PeriodEnd time.Time
	// Consumed is the share of the budget already spent.
	Consumed float64
	// PerBad is the share of the budget that one bad event costs.
	PerBad float64
	// Burn is the burn rate that is assumed to go on.
	Burn float64
}

// Exhaustion is how long the budget lasts: the smallest d at which consumed,
// minus what will have left the rolling window by then, plus burn*d/W
// (of W what counts), reaches 1. A calendar period forgets nothing until it ends. It is 0 when
// the budget is spent, and ok is false when it lasts.
func (l *Ledger) Exhaustion(o Outlook) (d time.Duration, ok bool) {
	if o.Consumed >= 1 {
		return 0, true
	}
	if o.Burn <= 0 {
		return 0, false
	}
	if o.Counted == 0 {
		o.Counted = o.Window
	}
	perBudget := float64(o.Counted) / o.Burn // time in which burn spends one whole budget
	if !o.PeriodEnd.IsZero() {
		d = time.Duration((1 - o.Consumed) * perBudget)
		return d, o.At.Add(d).Before(o.PeriodEnd)
	}
	r := &l.rings[len(l.rings)-1]
	start := o.At.Add(-o.Window).UnixNano()
	edge := floorDiv(start, r.slot)
	gone := func(edge int64) float64 { return r.at(edge, l.total).Bad - o.Net.badUntil(edge*r.slot) }
	head := gone(edge)
	for {
		left := (gone(edge) - head) * o.PerBad
		need := (1 - o.Consumed + left) * perBudget
		next := time.Duration((edge+1)*r.slot - start)
		if need < float64(next) {
			return time.Duration(need), true
		}
		if next > o.Window {
			return 0, false
		}
		edge++
	}
}
