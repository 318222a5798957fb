package engine

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// sheets is where the instances of one snapshot are written: in large pieces,
// for there are many and they live and die together.
type sheets struct {
	instances []Instance
	readings  []Reading
	figures   []float64
}

// Pieces of some 30 kB, the largest that the runtime takes from its caches.
const (
	instancesPiece = 64
	readingsPiece  = 340
	figuresPiece   = 4000
)

// take cuts n values off a piece, and begins a new one where it is used up.
func take[T any](piece *[]T, n, size int) []T {
	if len(*piece) < n {
		*piece = make([]T, max(n, size))
	}
	out := (*piece)[:n:n]
	*piece = (*piece)[n:]
	return out
}

// figure writes a number that may not be known.
func (s *sheets) figure(value float64, known bool) *float64 {
	if !known {
		return nil
	}
	out := &take(&s.figures, 1, figuresPiece)[0]
	*out = value
	return out
}

// write makes an immutable value of what the last step saw.
func (j *judged) write(s *sheets) *Instance {
	in := j.instance
	out := &take(&s.instances, 1, instancesPiece)[0]
	out.ID, out.Spec, out.Group = in.ID, j.spec, in.Group
	out.State = j.condition()
	out.Since = in.Ledger.Since()
	out.Past = in.Ledger.All().Sub(out.Since)
	out.Period = j.period
	out.Adjusted = j.adjusted
	out.Also = j.further()
	out.Period.Burn = s.figure(j.burn, j.period.Burn != nil)
	out.Remaining = s.figure(j.remaining.value, j.remaining.known)
	out.Consumed1h = s.figure(j.consumedInAnHour())
	out.Exhaustion = j.exhaustion
	out.Pending = j.state.Pending(&j.plan.Policy)
	out.LastSample = j.last
	out.LastEvent = in.Ledger.Newest()
	out.Interval = j.interval
	if in.Uncertain != nil {
		out.Uncertain = in.Uncertain.Since().Bad
		out.UncertainInPeriod = j.uncertain()
	}
	out.Windows = take(&s.readings, len(j.plan.shown), readingsPiece)
	burns := take(&s.figures, len(j.plan.shown), figuresPiece)
	for i, w := range j.plan.shown {
		j.read(&out.Windows[i], w, &burns[i])
	}
	out.Alerts, out.Tiers = alertsOf(j.firing), alertsOf(j.holding)
	out.Notices = j.remarks()
	out.Traces = j.traces()
	return out
}

// Trace is the trace of a bad event, by its id in hex, and when that happened.
type Trace struct {
	ID string
	At time.Time
}

func (j *judged) traces() (list []Trace) {
	for _, t := range j.instance.Traces() {
		list = append(list, Trace{t.String(), time.Unix(0, t.Time).UTC()})
	}
	return list
}

// further are the readings of the further windows.
func (j *judged) further() []Period {
	if j.extras == nil || len(j.extras.also) == 0 {
		return nil
	}
	list := make([]Period, len(j.extras.also))
	for i := range list {
		a := j.extras.also[i] // a copy: what is shown does not change
		list[i] = Period{Window: a.window, Reading: a.period, Exhaustion: a.exhaustion, Adjusted: a.adjusted}
		if a.period.Burn != nil {
			list[i].Burn = &a.burn
		}
		if a.remaining.known {
			list[i].Remaining = &a.remaining.value
		}
	}
	return list
}

// uncertain counts the events of the SLO window that a bucket leaves undecided.
func (j *judged) uncertain() float64 {
	l := j.instance.Uncertain
	if j.net != nil {
		return l.At(j.at, false).Net(j.extras.spans).Since(j.period.Start).Bad
	}
	return l.Between(j.period.Start, j.period.End).Bad
}

func alertsOf(firing []alerts.Status) []AlertStatus {
	var list []AlertStatus
	for _, st := range firing {
		list = append(list, AlertStatus{
			Name: st.Name, Severity: string(st.Severity), Tier: st.Tier, Since: st.Since, Frozen: st.Frozen,
		})
	}
	return list
}

// Notices about sources that disagree over the SLO window. Rates read such
// counts as nothing, or all, being bad.
const (
	NoticeGoodExceedsTotal = "good_exceeds_total"
	NoticeBadExceedsTotal  = "bad_exceeds_total"
)

// remarks are the instance's notices and those about its counts.
func (j *judged) remarks() []string {
	var list []string
	for _, notice := range j.notices {
		list = append(list, string(notice))
	}
	if c := j.period.Counts; c.Bad < 0 {
		list = append(list, NoticeGoodExceedsTotal)
	} else if c.Bad > c.Total {
		list = append(list, NoticeBadExceedsTotal)
	}
	return list
}

// condition names the state, the gravest that holds.
func (j *judged) condition() State {
	switch {
	case j.data == alerts.Unknown:
		return StateUnknown
	case j.data == alerts.NoData:
		return StateNoData
	case j.remaining.known && j.remaining.value <= 0:
		return StateExhausted
	}
	for _, st := range j.firing {
		if st.Name == alerts.NameBurn && st.Severity != alerts.None {
			return StateBurning
		}
	}
	if j.period.Counts.Total == 0 {
		return StateIdle
	}
	return StateOK
}
