package engine

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// status writes what the last step saw as an immutable value.
func (j *judged) status(now time.Time) *Instance {
	in := j.instance
	out := &Instance{
		ID: in.ID, Spec: j.spec, Group: in.Group,
		State:      j.condition(),
		Since:      in.Ledger.Since(),
		Period:     j.period,
		Remaining:  j.remaining,
		Consumed1h: j.consumedIn(time.Hour),
		Exhaustion: j.exhaustion,
		Pending:    j.state.Pending(j.fitted),
		LastSample: in.LastSample(),
		LastEvent:  in.Ledger.Newest(),
		Interval:   in.Interval(now),
	}
	if in.Uncertain != nil {
		out.Uncertain = in.Uncertain.Since().Bad
		out.UncertainInPeriod = in.Uncertain.Between(j.period.Start, j.period.End).Bad
	}
	out.Windows = make([]Reading, len(j.policy.windows))
	burns := make([]float64, len(j.policy.windows)) // one piece for all
	for i, w := range j.policy.windows {
		out.Windows[i] = j.read(w, &burns[i])
	}
	for _, st := range j.state.Firing() {
		out.Alerts = append(out.Alerts, AlertStatus{
			Name: st.Name, Severity: string(st.Severity), Tier: st.Tier, Since: st.Since, Frozen: st.Frozen,
		})
	}
	for _, notice := range in.Notices() {
		out.Notices = append(out.Notices, string(notice))
	}
	if c := j.period.Counts; c.Bad < 0 {
		out.Notices = append(out.Notices, NoticeGoodExceedsTotal)
	} else if c.Bad > c.Total {
		out.Notices = append(out.Notices, NoticeBadExceedsTotal)
	}
	return out
}

// Notices about sources that disagree over the SLO window. Rates read such
// counts as nothing, or all, being bad.
const (
	NoticeGoodExceedsTotal = "good_exceeds_total"
	NoticeBadExceedsTotal  = "bad_exceeds_total"
)

// condition names the state, the gravest that holds.
func (j *judged) condition() State {
	switch {
	case j.data == alerts.Unknown:
		return StateUnknown
	case j.data == alerts.NoData:
		return StateNoData
	case j.remaining != nil && *j.remaining <= 0:
		return StateExhausted
	}
	for _, st := range j.state.Firing() {
		if st.Name == alerts.NameBurn && st.Severity != alerts.None {
			return StateBurning
		}
	}
	if j.period.Counts.Total == 0 {
		return StateIdle
	}
	return StateOK
}
