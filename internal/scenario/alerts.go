package scenario

import (
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// now is the embedded part of expectations that need no more time.
type now struct{}

func (now) until() time.Duration { return 0 }

// firing wants an alert to fire, or not to.
type firing struct {
	now
	what string // tier or severity
	not  bool
}

func readAlert(r *reader) expectation {
	r.at++
	e := firing{what: r.alert(false)}
	e.not = r.takes("not")
	r.one("firing")
	return e
}

func (e firing) holds(v view) (string, bool) {
	fires := slices.ContainsFunc(v.Alerts, func(a engine.AlertStatus) bool { return a.Tier == e.what || a.Severity == e.what })
	return v.firing(), fires != e.not
}

// none wants nothing to be there.
type none struct {
	now
	what string
}

func readNone(r *reader) expectation {
	r.at++
	return none{what: r.one("alerts", "notices")}
}

func (e none) holds(v view) (string, bool) {
	if e.what == "notices" {
		return v.notices(), len(v.Notices) == 0
	}
	wakes := func(a engine.AlertStatus) bool { return a.Severity != string(alerts.None) }
	return v.firing(), !slices.ContainsFunc(v.Alerts, wakes)
}

// firing says which alerts fire.
func (v view) firing() string {
	var list []string
	for _, a := range v.Alerts {
		text := a.Tier
		if a.Severity != "" {
			text += " (" + a.Severity + ")"
		}
		if a.Frozen {
			text += ", frozen"
		}
		list = append(list, text+" since "+when(a.Since.Sub(v.start)))
	}
	if len(list) == 0 {
		return "no alerts"
	}
	return "firing: " + strings.Join(list, "; ")
}

// pending wants a tier to burn with too little evidence.
type pending struct {
	now
	tier string
}

func readPending(r *reader) expectation {
	r.at++
	return pending{tier: r.alert(true)}
}

func (e pending) holds(v view) (string, bool) {
	found := "no tier pending"
	if len(v.Pending) > 0 {
		found = "pending: " + strings.Join(v.Pending, ", ")
	}
	return found, slices.Contains(v.Pending, e.tier)
}

// states are what an SLO's state can be.
var states = []string{
	string(engine.StateUnknown), string(engine.StateOK), string(engine.StateBurning), string(engine.StateExhausted),
	string(engine.StateIdle), string(engine.StateNoData),
}

// state wants the SLO to be in one.
type state struct {
	now
	want string
}

func readState(r *reader) expectation {
	r.at++
	return state{want: r.one(states...)}
}

func (e state) holds(v view) (string, bool) {
	return "state " + string(v.State), string(v.State) == e.want
}

// notice wants a named condition to be shown.
type notice struct {
	now
	name string
}

func readNotice(r *reader) expectation {
	r.at++
	return notice{name: r.next("a notice", "multiple_writers").text}
}

func (e notice) holds(v view) (string, bool) { return v.notices(), slices.Contains(v.Notices, e.name) }

func (v view) notices() string {
	if len(v.Notices) == 0 {
		return "no notices"
	}
	return "notices: " + strings.Join(v.Notices, ", ")
}
