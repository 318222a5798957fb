package api

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// inWords says what an action does, as people say it.
func inWords(a actuator.Action) string {
	status := cmp.Or(a.Status, http.StatusServiceUnavailable)
	switch a.Kind {
	case actuator.Shift:
		return "shift " + percent(a.Share) + " of " + a.From + " to " + cmp.Or(a.To, "all others")
	case actuator.Eject:
		return "eject " + a.Member
	case actuator.Drain:
		return "drain " + a.Member
	case actuator.RateLimit:
		return "limit " + a.Route + " to " + strconv.FormatFloat(a.PerSecond, 'g', -1, 64) + "/s"
	case actuator.CloseRoute:
		return fmt.Sprintf("close %s with %d", a.Route, status)
	case actuator.Breaker:
		return fmt.Sprintf("open the breaker of %s with %d", a.Dependency, status)
	case actuator.Notify:
		return "tell a webhook"
	}
	return string(a.Kind)
}

// remedyInWords says what an action of a playbook does. What only the alert, or
// what is counted, can tell is named so.
func remedyInWords(m slo.Remedy) string {
	named := func(name string) string {
		if m.MemberLabel != "" {
			return "the alert's " + m.MemberLabel
		}
		return name
	}
	a := actuator.Action{
		To: m.To, From: named(m.From), Member: named(m.Member), Route: m.Route, Dependency: m.Dependency,
		Share: m.Share, PerSecond: m.PerSecond, Status: m.Status, Kind: remedyKinds[m.Kind],
	}
	switch {
	case m.Kind == slo.RemedyShift && m.Share == 0:
		return "shift as much as needed of " + a.From + " to " + cmp.Or(a.To, "all others")
	case a.Kind == "":
		return m.Kind
	}
	return inWords(a)
}

// remedyKinds are the words of documents in those of gateways.
var remedyKinds = map[string]actuator.Kind{
	slo.RemedyShift: actuator.Shift, slo.RemedyEject: actuator.Eject, slo.RemedyDrain: actuator.Drain,
	slo.RemedyRateLimit: actuator.RateLimit, slo.RemedyClose: actuator.CloseRoute, slo.RemedyBreaker: actuator.Breaker,
	slo.RemedyWebhook: actuator.Notify,
}

func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*1000)/10, 'f', -1, 64) + "%"
}
