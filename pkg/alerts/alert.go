package alerts

import "time"

// Names of the alerts that the engine raises.
const (
	NameBurn      = "ErrorBudgetBurn"
	NameExhausted = "ErrorBudgetExhausted"
	NameNoData    = "SLINoData"
)

// Alert is one alert as Alertmanager knows it: the labels are its identity,
// everything else may change while it fires.
type Alert struct {
	// Labels identify the alert; alertname, service, slo, slo_id and severity
	// are always among them.
	Labels map[string]string
	// Annotations explain it to people and may differ from one send to the next.
	Annotations map[string]string
	// StartsAt is when it began to fire.
	StartsAt time.Time
	// ResolvedAt is when it ended; zero while it fires.
	ResolvedAt time.Time
	// GeneratorURL leads to the page of the SLO; may be empty.
	GeneratorURL string
}

// Firing reports whether the alert has not been resolved.
func (a Alert) Firing() bool { return a.ResolvedAt.IsZero() }
