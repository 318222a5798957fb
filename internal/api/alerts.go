package api

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

func (a *api) listAlerts(r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	list := apitypes.AlertList{Alerts: []apitypes.Alert{}}
	for _, alert := range slices.SortedStableFunc(slices.Values(a.Alerts()), byIdentity) {
		list.Alerts = append(list.Alerts, alertOf(alert))
	}
	return list, nil
}

// byIdentity gives a list the same order each time it is asked for.
func byIdentity(a, b alerts.Alert) int {
	for _, label := range []string{"slo_id", "alertname", "severity"} {
		if c := cmp.Compare(a.Labels[label], b.Labels[label]); c != 0 {
			return c
		}
	}
	return a.StartsAt.Compare(b.StartsAt)
}

func alertOf(a alerts.Alert) apitypes.Alert {
	view := apitypes.Alert{
		Labels: copied(a.Labels), Annotations: copied(a.Annotations),
		State:    "resolved",
		StartsAt: apitypes.Time{Time: a.StartsAt}, ResolvedAt: apitypes.Time{Time: a.ResolvedAt},
		GeneratorURL: a.GeneratorURL,
	}
	if a.Firing() {
		view.State = "firing"
	}
	return view
}
