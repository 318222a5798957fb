package engine

import (
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// judged is one instance with the memory that its judgement needs.
type judged struct {
	instance *sli.Instance
	spec     *slo.Spec
	policy   *policy
	state    alerts.State

	// plan is the policy fitted to the sample interval; nil before the first
	// step.
	plan     *plan
	interval time.Duration
	panel    *budget.Panel
	extras   *extras     // nil for nearly all
	due      time.Time   // when to look again, see look
	net      *budget.Net // reads without what is excluded; nil if nothing is

	// What the last step saw, for the status.
	at          time.Time // event time up to which it was judged
	data        alerts.Data
	last        time.Time // the newest sample
	account               // of the SLO window
	observation alerts.Observation
	silence     silence
	forecast    time.Time // when exhaustion is to be computed anew
	events      []alerts.Event
	firing      []alerts.Status
	holding     []alerts.Status // the same, tier by tier
	notices     []sli.Reason

	rest   rest
	status *Instance // what was shown last

	refreshed time.Time // when annotations were last sent
	noticed   int       // how many notices were logged
	noted     uint64    // the state's Changes when it was last said what it is
	recalled  bool      // its state is from before a restart, and nobody was told yet
}

// newJudged is an instance that was never judged.
func newJudged(in *sli.Instance, p *policy) *judged {
	j := &judged{instance: in, policy: p}
	j.follow(p)
	return j
}

// follow makes the instance one of an edited document.
func (j *judged) follow(p *policy) {
	j.policy, j.spec = p, p.spec
	j.window = j.spec.Window
	before := j.extras
	j.extras, j.due = newExtras(j.instance), time.Time{}
	if before != nil || j.extras != nil {
		j.forecast = time.Time{}
	}
	j.rest.proven = false
}

// maybe is a figure that may not be known.
type maybe struct {
	value float64
	known bool
}

// pointer is nil while the figure is not known.
func (m *maybe) pointer() *float64 {
	if !m.known {
		return nil
	}
	return &m.value
}

// forecastEvery is how often exhaustion is computed anew: it reads the whole
// ring.
const forecastEvery = time.Minute

// tick is when instances are judged.
type tick struct {
	now time.Time
	// since is since when the process has been listening: a silence before
	// that says nothing about the senders.
	since  time.Time
	reread time.Duration
	worst  *[]alerts.Windows // room for proofs
}

// step judges an instance at a tick, and reports whether its status is
// another. Instances may be stepped side by side.
func (j *judged) step(t tick) (changed bool) {
	horizon, interval := j.instance.Pulse(t.now)
	if j.rests(t.now, horizon, interval) {
		j.events = nil
		changed = j.reread(t, horizon)
		if j.exhaustion == nil { // or the proof has just ended
			return changed
		}
	}
	j.observe(t, horizon, interval)
	j.notices = j.instance.Notices()
	j.events = nil
	if !j.spec.Alerting.Disabled {
		j.events = j.plan.Step(&j.state, j.observation, t.now)
	}
	j.firing, j.holding = j.state.Firing(), nil
	if len(j.firing) > 0 {
		j.holding = j.state.Holding(j.plan.Tiers)
	}
	j.lieDown(t)
	return true
}

// observe reads the ledger at the time up to which the instance is known.
func (j *judged) observe(t tick, horizon time.Time, interval time.Duration) {
	now := t.now
	j.at, j.last = horizon, j.instance.LastSample()
	if j.last.IsZero() {
		j.at = now // nothing is known, and nothing ended long ago either
	}
	j.fit(interval)
	j.data = dataAt(j.last, now, j.patience()+j.excused(now))
	data, last := j.heard(now, t.since)
	j.listen(now, data, last)
	j.figures()
	j.foresee(now)
	j.observation = alerts.Observation{
		Data: data, LastSample: last, Remaining: j.remaining.pointer(), Exhaustion: j.credibleExhaustion(),
		Burns: j.observation.Burns[:0],
	}
	for _, w := range j.plan.tiers {
		j.observation.Burns = append(j.observation.Burns, alerts.Windows{Long: j.burnOver(w.long), Short: j.burnOver(w.short)})
	}
}

// figures reads the windows at j.at.
func (j *judged) figures() {
	j.panel.Move(j.at, j.data == alerts.Live)
	j.net, j.adjusted = nil, nil
	if j.extras == nil || !j.reckon() {
		j.readPeriod()
		j.remaining = j.left()
	}
	j.pay(&j.account)
}

// reckon reads the accounts of an instance with extras, and reports whether
// that of the SLO window is another than the panel reads.
func (j *judged) reckon() bool {
	e, view := j.extras, j.panel.View()
	net, plain := outside{view.Net(e.spans), e.spans}, outside{view.Net(nil), nil}
	if !net.Plain() {
		j.net = net.Net
	}
	for i := range e.also {
		j.settle(&e.also[i], net, plain)
		j.pay(&e.also[i])
	}
	if len(e.spans)+len(e.earlier) == 0 {
		return false
	}
	j.settle(&j.account, net, plain)
	return true
}

// fit widens the tiers to the observed sample interval.
func (j *judged) fit(interval time.Duration) {
	if j.plan != nil && j.plan.terms == j.policy.terms && interval == j.interval {
		return
	}
	before := j.plan
	j.plan, j.interval = j.policy.fit(interval), interval
	if before == nil || !slices.Equal(before.windows, j.plan.windows) {
		j.panel = budget.NewPanel(j.instance.Ledger, j.plan.windows)
	}
}

// patience is how long a silence may be: three sample intervals, if that is
// more than the SLO says.
func (j *judged) patience() time.Duration { return max(j.policy.silence, 3*j.interval) }

// heard is what may be said of the data: of senders who have been silent since
// before the process began to listen, nothing until they had time to come.
func (j *judged) heard(now, since time.Time) (alerts.Data, time.Time) {
	if j.data != alerts.NoData || !j.last.Before(since) {
		return j.data, j.last
	}
	if dataAt(since, now, j.patience()) == alerts.Live {
		return alerts.Unknown, since
	}
	return alerts.NoData, since
}

func dataAt(last, now time.Time, patience time.Duration) alerts.Data {
	switch {
	case last.IsZero():
		return alerts.Unknown
	case now.Sub(last) > patience:
		return alerts.NoData
	}
	return alerts.Live
}

// burnOver reads one tier window, with what a silence counts as. Excluded time
// counts as time that was not observed: a tier that has fired has seen as much
// of the budget go in the hour after a maintenance as in any other.
func (j *judged) burnOver(i int) alerts.Burn {
	burn := alerts.Burn{Counts: j.panel.Estimate(i), Coverage: j.panel.Coverage(i)}
	if j.net != nil {
		r := j.net.Estimate(j.plan.windows[i])
		burn = alerts.Burn{Counts: r.Counts, Coverage: float64(r.Known) / float64(j.plan.windows[i])}
	}
	if j.ofRatios() {
		burn.Counts = j.proven(burn.Counts, j.plan.windows[i])
	}
	w := j.plan.windows[i]
	return j.silence.mourn(burn, j.silentIn(w), w)
}

// read reads one window for people; burn is where its burn rate is put.
func (j *judged) read(out *Reading, i int, burn *float64) {
	out.Window = j.plan.windows[i]
	if j.net != nil {
		r := j.net.Window(out.Window)
		out.Start, out.End, out.Counts, out.Coverage = r.Start, r.End, r.Counts, r.Coverage()
	} else {
		r := j.panel.Window(i)
		out.Start, out.End, out.Counts, out.Coverage = r.Start, r.End, r.Counts, j.panel.Coverage(i)
	}
	out.rate(j.plan.Budget, burn)
}

// rate puts the burn rate, if there is one, to burn.
func (r *Reading) rate(budget float64, burn *float64) {
	r.Burn = nil
	if rate, ok := r.Counts.BurnRate(budget); ok {
		*burn, r.Burn = rate, burn
	}
}

// readPeriod reads the SLO window. Of a calendar period the future is not
// observed either.
func (j *judged) readPeriod() {
	j.share, j.leastShare = j.plan.Budget, j.plan.Budget
	if j.plan.period >= 0 {
		j.read(&j.period, j.plan.period, &j.burn)
		j.counted = j.period.Window
		return
	}
	start, end := j.calendar.bounds(j.window, j.at)
	j.counted = end.Sub(start)
	elapsed := float64(j.at.Sub(start)) / float64(end.Sub(start))
	coverage := j.instance.Ledger.Coverage(start, j.at, j.data == alerts.Live) * elapsed
	r := j.instance.Ledger.Between(start, j.at)
	j.period = Reading{Window: j.spec.Window.Nominal(), Start: r.Start, End: r.End, Counts: r.Counts, Coverage: coverage}
	j.period.rate(j.plan.Budget, &j.burn)
}

// consumedInAnHour is the share of the budget spent in the last hour, not
// known until an hour, or the SLO window, has been observed.
func (j *judged) consumedInAnHour() (float64, bool) {
	observed := time.Duration(j.period.Coverage * float64(j.counted))
	if observed < min(time.Hour, j.window.Nominal()) {
		return 0, false
	}
	if j.net != nil {
		return j.consumed(j.net.Window(time.Hour).Bad)
	}
	return j.consumed(j.panel.Window(j.plan.hour).Bad)
}

// foresee keeps the forecast of when the budget will be gone.
func (j *judged) foresee(now time.Time) {
	if !now.Before(j.forecast) || j.forecast.Sub(now) > forecastEvery { // due, or the clock was set back
		j.exhaustion = j.runsOut(&j.account)
		if j.extras != nil {
			j.extras.foresee(j)
		}
		if j.forecast.Sub(now).Abs() > 2*forecastEvery { // so that not all instances take their turn together
			j.forecast = now.Add(-time.Duration(xxhash.Sum64String(j.instance.ID) % uint64(forecastEvery)))
		}
		j.forecast = j.forecast.Add(forecastEvery)
	}
	spent := j.remaining.known && j.remaining.value <= 0
	if spent && (j.exhaustion == nil || *j.exhaustion != 0) {
		j.exhaustion = new(time.Duration) // whatever the last forecast said
	}
}

// credibleExhaustion is what the budget alert believes: a forecast from six
// hours that were really observed, with as many bad events as a tier asks for.
func (j *judged) credibleExhaustion() *time.Duration {
	if j.exhaustion == nil {
		return nil
	}
	burn := j.burnOver(j.plan.forecast)
	if j.net != nil { // of the time that counts
		r := j.net.Estimate(j.plan.windows[j.plan.forecast])
		burn.Coverage = r.Coverage()
	}
	if burn.Coverage < 1 || burn.Bad < j.plan.Gate.MinBad {
		return nil
	}
	return j.exhaustion
}
