package alerts

import (
	"testing"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// TestAlertsSayWhatTheSLOSaysOfThem: names, and labels and annotations of one
// severity, as Sloth and Pyrra users write them.
func TestAlertsSayWhatTheSLOSaysOfThem(t *testing.T) {
	spec := &slo.Spec{Service: "shop", Name: "pay", Alerting: slo.Alerting{
		Name: "PayBurns", AbsentName: "PayGone", Labels: map[string]string{"team": "a", "to": "all"},
		Critical: slo.AlertingOf{Labels: map[string]string{"to": "phone"}, Annotations: map[string]string{"summary": "Wake up"}},
		Warning:  slo.AlertingOf{Disabled: true},
		NoAbsent: true,
	}}
	alert := func(name string, severity Severity) Alert {
		return Render(Subject{ID: "shop:pay", Spec: spec}, Status{Name: name, Severity: severity}, Facts{})
	}
	page := alert(NameBurn, Critical)
	if page.Labels["alertname"] != "PayBurns" || page.Labels["to"] != "phone" || page.Labels["team"] != "a" || page.Annotations["summary"] != "Wake up" {
		t.Errorf("page %v %v", page.Labels, page.Annotations)
	}
	ticket := alert(NameBurn, Warning)
	if ticket.Labels["to"] != "all" || ticket.Annotations["summary"] == "Wake up" {
		t.Errorf("ticket %v %v", ticket.Labels, ticket.Annotations)
	}
	if got := alert(NameNoData, Warning).Labels["alertname"]; got != "PayGone" {
		t.Errorf("no data is called %q", got)
	}
	if got := alert(NameExhausted, Critical).Labels["alertname"]; got != NameExhausted {
		t.Errorf("an exhausted budget is called %q", got)
	}
	for status, want := range map[Status]bool{
		{Name: NameBurn, Severity: Critical}: false, {Name: NameBurn, Severity: Warning}: true,
		{Name: NameNoData, Severity: Critical}: true, {Name: NameExhausted, Severity: Critical}: false,
	} {
		if got := Silenced(spec, status); got != want {
			t.Errorf("%+v is silenced: %v", status, got)
		}
	}
}
