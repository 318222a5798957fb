package apitypes

// AlertList answers GET /api/v1/alerts.
type AlertList struct {
	Alerts []Alert `json:"alerts"`
}

// Alert is one alert as it is sent to Alertmanagers.
type Alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	// State is firing or resolved; resolved ones are kept for a while.
	State    string `json:"state"`
	StartsAt Time   `json:"starts_at"`
	// ResolvedAt is null while the alert fires.
	ResolvedAt   Time   `json:"resolved_at"`
	GeneratorURL string `json:"generator_url"`
}
